// What the pages of all editors have in common: the element of the page, buttons by data-do, files in and out.
import { translate } from "./language.js";
import { keepWorded } from "./wording.js";

/** The editor's element with everything it says about its files. */
export function editorOfPage(kind) {
  const editor = document.querySelector(`[data-editor="${kind}"]`);
  if (editor) {
    keepWorded(editor);
  }
  return editor;
}

/** Buttons with data-do="name" call actions[name]. */
export function bindActions(editor, actions) {
  editor.addEventListener("click", (event) => {
    const name = event.target.closest?.("[data-do]")?.dataset.do;
    if (name && actions[name]) {
      event.preventDefault();
      actions[name](event);
    }
  });
}

/** Ask for a local file; `use(text, name)` gets it. */
export function bindOpening(editor, use) {
  const input = editor.querySelector("[data-open]");
  input?.addEventListener("change", async () => {
    const [file] = input.files;
    input.value = "";
    if (file) {
      await use(await file.text(), file.name);
    }
  });
}

/** A message above the canvas; an empty one goes away. */
export function say(editor, text, tone = "warning") {
  const place = editor.querySelector("[data-message]");
  place.hidden = !text;
  place.className = `alert alert-${tone} mb-2`;
  place.textContent = text;
}

/** Nothing works: say so where the canvas would be. */
export function fail(editor, error) {
  console.error(error);
  say(editor, translate("The file cannot be shown: {reason}", { reason: error.message }), "danger");
  editor.dataset.ready = "failed";
}

/** Palettes are lists of things to click: one stop of the keyboard, arrows inside, Enter and Space press. */
export function reachPalette(root) {
  const entries = () => [...root.querySelectorAll(".djs-palette .entry")].filter((entry) => entry.offsetParent);
  const container = root.querySelector(".djs-palette-entries");
  if (!container) {
    return;
  }
  container.setAttribute("role", "toolbar");
  container.setAttribute("aria-orientation", "vertical");
  container.setAttribute("aria-label", translate("Tools and elements"));
  const prepare = () => entries().forEach((entry, index) => entry.setAttribute("tabindex", index ? "-1" : "0"));
  prepare();
  container.addEventListener("keydown", (event) => {
    const all = entries();
    const now = all.indexOf(event.target);
    const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
    if (now < 0) {
      return;
    }
    if (step) {
      const next = all[(now + step + all.length) % all.length];
      all.forEach((entry) => entry.setAttribute("tabindex", entry === next ? "0" : "-1"));
      next.focus();
    } else if (event.key === "Enter" || event.key === " ") {
      event.target.click();
    } else {
      return;
    }
    event.preventDefault();
  });
  new MutationObserver(prepare).observe(container, { childList: true });
}

/** Boxes that scroll and hold nothing to focus are scrolled by keyboard, too. They may appear at any time. */
export function reachBoxes(root, selector, label) {
  const prepare = () => {
    for (const box of root.querySelectorAll(`${selector}:not([tabindex])`)) {
      box.tabIndex = 0;
      box.setAttribute("role", "region");
      box.setAttribute("aria-label", translate(label));
    }
  };
  prepare();
  new MutationObserver(prepare).observe(root, { childList: true, subtree: true });
}
