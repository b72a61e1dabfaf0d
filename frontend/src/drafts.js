// Nothing typed is lost: a form with data-draft-url sends what it holds a moment after every change.
import { csrfToken } from "./csrf.js";
import { notice } from "./notice.js";
import { word } from "./words.js";

const QUIET_MS = 800;
const waiting = new Map(); // form → timer
const busy = new Map(); // form → the request under way, so that an older state never lands after a newer one

function say(form, text, state) {
  for (const place of form.querySelectorAll("[data-draft-state]")) {
    place.textContent = text;
    place.dataset.draftState = state;
  }
}

function content(form) {
  const body = new URLSearchParams();
  for (const [name, value] of new FormData(form)) {
    if (typeof value === "string") {
      body.append(name, value); // files are uploaded on their own and held by id
    }
  }
  return body;
}

async function send(form, { keepalive = false } = {}) {
  waiting.delete(form);
  await busy.get(form);
  const request = fetch(form.dataset.draftUrl, {
    method: form.dataset.draftMethod || "PUT",
    headers: { "X-CSRFToken": csrfToken(), "X-Requested-With": "XMLHttpRequest" },
    body: content(form),
    keepalive,
  }).then(
    (answer) => {
      if (answer.ok) {
        say(form, word("saved"), "saved");
        return;
      }
      // 404, 409, 410: somebody else has finished the task; completing the form says so with the name.
      say(form, word("notSaved"), "failed");
      if (form.dataset.draftWarned !== "yes") {
        form.dataset.draftWarned = "yes";
        notice(word("notSaved"), "warning");
      }
    },
    () => say(form, word("notSaved"), "failed"),
  );
  busy.set(form, request);
  await request;
}

function touched(event) {
  const form = event.target.form ?? event.target.closest?.("form");
  if (!form?.dataset.draftUrl) {
    return;
  }
  clearTimeout(waiting.get(form));
  waiting.set(form, setTimeout(() => send(form), QUIET_MS));
}

export function setUpDrafts() {
  document.addEventListener("input", touched);
  document.addEventListener("change", touched);
  document.addEventListener("submit", (event) => {
    clearTimeout(waiting.get(event.target)); // the form itself is on its way
    waiting.delete(event.target);
  });
  addEventListener("pagehide", () => {
    for (const [form, timer] of waiting) {
      clearTimeout(timer);
      send(form, { keepalive: true });
    }
  });
}
