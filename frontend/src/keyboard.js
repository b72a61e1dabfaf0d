// Lists by keyboard: j and k move, enter opens, c claims, / searches, ? shows what there is.
//
//   rows:   [data-list-row] with a link [data-open] and perhaps a button [data-claim], or tables with [data-row-link]
//   search: [data-search]      help: a <dialog id="keyboard-help">

function typing(target) {
  return target.closest?.("input, textarea, select, [contenteditable], dialog[open], keliu-diagram") != null;
}

const LINK = "[data-open], [data-row-link]";

function rows() {
  return [...document.querySelectorAll("[data-list-row], tr:has([data-row-link])")];
}

function current() {
  return document.querySelector(".is-current:is([data-list-row], tr)");
}

function move(step) {
  const all = rows();
  if (!all.length) {
    return;
  }
  const at = all.indexOf(current());
  const next = all[Math.min(Math.max(at + step, 0), all.length - 1)];
  current()?.classList.remove("is-current");
  next.classList.add("is-current");
  next.querySelector(LINK)?.focus({ preventScroll: true });
  next.scrollIntoView({ block: "nearest" });
}

const ACTIONS = {
  j: () => move(1),
  k: () => move(-1),
  Enter: () => current()?.querySelector(LINK)?.click(),
  c: () => current()?.querySelector("[data-claim]")?.click(),
  "/": () => document.querySelector("[data-search]")?.focus(),
  "?": () => document.getElementById("keyboard-help")?.showModal?.(),
};

/** A list that refreshes itself keeps the row one stands on, and the focus in it. */
function keepPlace() {
  let address = null;
  let focused = false;
  document.addEventListener("htmx:beforeSwap", () => {
    address = current()?.querySelector(LINK)?.href ?? null;
    focused = current()?.contains(document.activeElement) ?? false;
  });
  document.addEventListener("htmx:afterSettle", () => {
    if (!address || current()) {
      return;
    }
    const row = rows().find((candidate) => candidate.querySelector(LINK)?.href === address);
    row?.classList.add("is-current");
    if (focused) {
      row?.querySelector(LINK)?.focus({ preventScroll: true });
    }
  });
}

export function setUpKeyboard() {
  keepPlace();
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || typing(event.target)) {
      return;
    }
    // A focused link or button keeps its own Enter.
    if (event.key === "Enter" && event.target.closest?.("a, button, summary")) {
      return;
    }
    const action = ACTIONS[event.key];
    if (action) {
      event.preventDefault();
      action();
    }
  });
}
