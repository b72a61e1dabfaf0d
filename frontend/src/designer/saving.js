// A draft is saved while somebody works on it. Every file has a revision; a save that started from an older one is refused
// by the server (412), and then nothing is thrown away here.
import { csrfToken } from "../csrf.js";
import { translate } from "./language.js";

const QUIET_MS = 1200;
const RETRY_MS = 5000;

/** The refusal of a save: somebody else was faster. `facts` has a message that says who and when, and the revision. */
class Conflict extends Error {
  constructor(facts) {
    super("conflict");
    this.facts = facts;
  }
}

/** The server does not take what was sent, and says why. */
class Refused extends Error {}

async function facts(answer) {
  try {
    return await answer.json();
  } catch {
    return {}; // an error page: its status says enough
  }
}

/** One file of the draft. Its content may be missing (a translation file that nobody began). */
export class DraftFile {
  constructor(url, type) {
    this.url = url;
    this.type = type;
    this.revision = "0";
  }

  /** Its text, or null when the draft has no such file yet. */
  async load() {
    const answer = await fetch(this.url, { credentials: "same-origin", cache: "no-store" });
    if (answer.status === 404) {
      return null;
    }
    if (!answer.ok) {
      throw new Error(`${this.url}: ${answer.status}`);
    }
    this.revision = (answer.headers.get("ETag") ?? this.revision).replace(/^W\/|"/g, "");
    return answer.text();
  }

  async save(content) {
    const answer = await fetch(this.url, {
      method: "PUT",
      credentials: "same-origin",
      headers: {
        "Content-Type": this.type,
        "If-Match": this.revision,
        "X-CSRFToken": csrfToken(),
        Accept: "application/json",
      },
      body: content,
    });
    if (answer.ok) {
      this.revision = String((await facts(answer)).revision);
    } else if (answer.status === 412) {
      throw new Conflict(await facts(answer));
    } else if (answer.status < 500 && answer.status !== 401) {
      throw new Refused((await facts(answer)).message ?? String(answer.status));
    } else {
      throw new Error(String(answer.status)); // signed out elsewhere, or the server rests: it is tried again
    }
  }
}

/** Keeps files saved and says so in `place`. `onSaved` is called after each save. */
export class Saving {
  constructor(place, onSaved = () => {}) {
    this.place = place;
    this.onSaved = onSaved;
    this.parts = new Map(); // name → {file, content}
    this.dirty = new Set();
    this.stopped = false;
    addEventListener("beforeunload", (event) => {
      if (this.dirty.size) {
        event.preventDefault(); // the browser asks whether to leave
      }
    });
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "hidden") {
        this.flush();
      }
    });
  }

  /** `content()` answers the text to save, or null when there is nothing to write; `saved` is what it answered at first. */
  add(name, file, content, saved = null) {
    this.parts.set(name, { file, content, saved });
  }

  touched(name) {
    this.dirty.add(name);
    if (!this.stopped) {
      this.say("changed", translate("Not saved yet"));
      this.wait(QUIET_MS);
    }
  }

  wait(time) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.flush(), time);
  }

  /** Save now what is not saved. */
  async flush() {
    clearTimeout(this.timer);
    this.running = (this.running ?? Promise.resolve()).then(() => this.write());
    await this.running;
  }

  async write() {
    if (!this.dirty.size || this.stopped) {
      return;
    }
    this.say("saving", translate("Saving…"));
    for (const name of [...this.dirty]) {
      this.dirty.delete(name);
      try {
        const part = this.parts.get(name);
        const text = await part.content();
        if (text !== part.saved) {
          await part.file.save(text);
          part.saved = text;
        }
      } catch (error) {
        this.dirty.add(name);
        this.failed(error);
        return;
      }
    }
    if (!this.dirty.size) {
      this.saved();
    }
  }

  saved(at = new Date()) {
    const time = at.toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
    this.say("saved", translate("Saved {time}", { time }));
    this.onSaved();
  }

  failed(error) {
    if (error instanceof Conflict) {
      this.stopped = true;
      const { message } = error.facts;
      this.say("conflict", translate("Conflict: {message} Nothing you did is lost.", { message: message ?? "" }));
    } else if (error instanceof Refused) {
      this.say("refused", translate("Not saved: {reason}", { reason: error.message }));
    } else {
      this.say("waiting", translate("Not saved: the server cannot be reached. Trying again…"));
      this.wait(RETRY_MS);
    }
  }

  say(state, text) {
    this.place.dataset.saveState = state;
    this.place.textContent = text;
    this.place.dispatchEvent(new CustomEvent("keliu:save-state", { bubbles: true, detail: state }));
  }
}

/** After a conflict: drop what is not saved, if the person means it, and show what the other one saved. */
export function loadTheirs(saving, event) {
  if (confirm(event.target.closest("[data-confirm-text]").dataset.confirmText)) {
    saving.dirty.clear();
    location.reload();
  }
}

/** Hand a text to the person as a file. */
export function download(name, text, type) {
  const address = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), 1000);
}
