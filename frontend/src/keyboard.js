// Lists by keyboard: j and k move, enter opens, c claims, / searches, ? shows what there is.
//
//   rows:   [data-list] > … [data-list-row] with a link [data-open] and perhaps a button [data-claim]
//   search: [data-search]      help: a <dialog id="keyboard-help">

function typing(target) {
  return target.closest?.("input, textarea, select, [contenteditable], dialog[open], keliu-diagram") != null;
}

function rows() {
  return [...document.querySelectorAll("[data-list] [data-list-row]")];
}

function current() {
  return document.querySelector("[data-list-row].is-current");
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
  next.querySelector("[data-open]")?.focus({ preventScroll: true });
  next.scrollIntoView({ block: "nearest" });
}

const ACTIONS = {
  j: () => move(1),
  k: () => move(-1),
  Enter: () => current()?.querySelector("[data-open]")?.click(),
  c: () => current()?.querySelector("[data-claim]")?.click(),
  "/": () => document.querySelector("[data-search]")?.focus(),
  "?": () => document.getElementById("keyboard-help")?.showModal?.(),
};

export function setUpKeyboard() {
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
