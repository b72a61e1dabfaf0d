// Nothing typed is lost: a form with data-draft-url sends what it holds a moment after every change, and again and again
// while the server cannot be reached.
import { csrfToken } from "./csrf.js";
import { notice } from "./notice.js";
import { word } from "./words.js";

const QUIET_MS = 800;
const AGAIN_MS = 5000;
const waiting = new Map(); // form → timer
const unreached = new Set(); // forms whose last state did not reach the server
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
  if (form.dataset.draftSending === "yes") {
    return; // the form itself went off while an older state was under way
  }
  const request = fetch(form.dataset.draftUrl, {
    method: form.dataset.draftMethod || "PUT",
    headers: { "X-CSRFToken": csrfToken(), "X-Requested-With": "XMLHttpRequest" },
    body: content(form),
    keepalive,
  }).then(
    (answer) => {
      unreached.delete(form);
      if (form.dataset.draftSending === "yes") {
        return;
      }
      if (answer.ok) {
        form.dataset.drafted = "yes";
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
    () => {
      unreached.add(form);
      say(form, word("notSaved"), "failed");
      if (!waiting.has(form)) {
        later(form, AGAIN_MS);
      }
    },
  );
  busy.set(form, request);
  await request;
}

function later(form, milliseconds) {
  clearTimeout(waiting.get(form));
  waiting.set(
    form,
    setTimeout(() => send(form), milliseconds),
  );
}

function formOf(event) {
  const form = event.target.form ?? event.target.closest?.("form");
  return form?.dataset.draftUrl && form.dataset.draftSending !== "yes" ? form : null;
}

function touched(event) {
  const form = formOf(event);
  if (form) {
    later(form, QUIET_MS);
  }
}

/** A part of a form with a draft came anew from the server (another caller was chosen): that belongs to the draft. */
function swapped(event) {
  const form = formOf(event);
  if (form && "drafted" in form.dataset) {
    later(form, QUIET_MS);
  }
}

export function setUpDrafts() {
  document.addEventListener("input", touched);
  document.addEventListener("change", touched);
  document.addEventListener("htmx:afterSettle", swapped);
  document.addEventListener("submit", (event) => {
    if (event.defaultPrevented || !event.target.dataset.draftUrl) {
      return;
    }
    clearTimeout(waiting.get(event.target)); // the form itself is on its way
    waiting.delete(event.target);
    unreached.delete(event.target);
    event.target.dataset.draftSending = "yes";
  });
  addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("[data-draft-sending]")) {
      delete form.dataset.draftSending; // back from where it went: typing goes on
    }
  });
  addEventListener("online", () => {
    for (const form of unreached) {
      later(form, 0);
    }
  });
  addEventListener("beforeunload", (event) => {
    if (unreached.size > 0) {
      event.preventDefault(); // the browser asks whether to leave
    }
  });
  addEventListener("pagehide", () => {
    for (const [form, timer] of waiting) {
      clearTimeout(timer);
      send(form, { keepalive: true });
    }
  });
}
