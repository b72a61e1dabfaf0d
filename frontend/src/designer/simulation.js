// Token simulation by hand, in our words and with names as text: the library writes names into HTML as they are.
import TokenSimulationModule from "bpmn-js-token-simulation";
import ElementNotifications from "bpmn-js-token-simulation/lib/features/element-notifications/ElementNotifications";
import Log from "bpmn-js-token-simulation/lib/features/log/Log";
import Notifications from "bpmn-js-token-simulation/lib/features/notifications/Notifications";
import { known } from "./language.js";

const SIGNS = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

function escaped(text) {
  return String(text).replace(/[&<>"']/g, (sign) => SIGNS[sign]);
}

/** A default of the library in our words, with "started" and the like; a name stays what it is. */
function worded(text) {
  const [, subject, what] = String(text).match(/^(.*) (started|finished|canceled)$/s) ?? [];
  if (what) {
    return escaped(`${known(subject) ?? subject} ${known(what) ?? what}`);
  }
  return escaped(known(text) ?? text);
}

class SafeNotifications extends Notifications {
  /** A message names what just happened. */
  showNotification(options) {
    super.showNotification({ ...options, text: worded(options.text) });
  }
}

/** The log hands its entries to the notifications while it is hidden: they must not be worded twice. */
function SafeLog(...services) {
  const [, notifications] = services;
  const plain = { showNotification: (options) => Notifications.prototype.showNotification.call(notifications, options) };
  Log.call(this, services[0], plain, ...services.slice(2));
}
SafeLog.prototype = Object.create(Log.prototype);
SafeLog.prototype.log = function log(options) {
  Log.prototype.log.call(this, { ...options, text: worded(options.text) });
};
SafeLog.$inject = Log.$inject;

class SafeElementNotifications extends ElementNotifications {
  /** A message at an element. */
  addElementNotification(element, options) {
    super.addElementNotification(element, { ...options, text: worded(options.text ?? "") });
  }
}

export default {
  __depends__: [TokenSimulationModule],
  notifications: ["type", SafeNotifications],
  log: ["type", SafeLog],
  elementNotifications: ["type", SafeElementNotifications],
};
