// Token simulation by hand, in our words: the library has no hook for translations. It builds its messages as HTML and
// escapes the names in them.
import TokenSimulationModule from "bpmn-js-token-simulation";
import ElementNotifications from "bpmn-js-token-simulation/lib/features/element-notifications/ElementNotifications";
import Log from "bpmn-js-token-simulation/lib/features/log/Log";
import Notifications from "bpmn-js-token-simulation/lib/features/notifications/Notifications";
import { known } from "./language.js";

/** A default of the library in our words, with "started" and the like; a name stays what it is: escaped already. */
function worded(text) {
  const [, subject, what] = String(text).match(/^(.*) (started|finished|canceled)$/s) ?? [];
  return what ? `${known(subject) ?? subject} ${known(what) ?? what}` : (known(text) ?? text);
}

class WordedNotifications extends Notifications {
  /** A message names what just happened. */
  showNotification(options) {
    super.showNotification({ ...options, text: worded(options.text) });
  }
}

class WordedLog extends Log {
  /** An entry names what just happened. */
  log(options) {
    super.log({ ...options, text: worded(options.text) });
  }
}

class WordedElementNotifications extends ElementNotifications {
  /** A message at an element. */
  addElementNotification(element, options) {
    super.addElementNotification(element, { ...options, text: worded(options.text ?? "") });
  }
}

export default {
  __depends__: [TokenSimulationModule],
  notifications: ["type", WordedNotifications],
  log: ["type", WordedLog],
  elementNotifications: ["type", WordedElementNotifications],
};
