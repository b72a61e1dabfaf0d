// Small things without which pages still work: menus, confirmations, forms that send themselves, the diagram on demand.

/** Where this bundle came from, read while the script still runs. */
const SOURCE = document.currentScript?.src ?? location.href;

function loadDiagram() {
  if (!document.querySelector("keliu-diagram") || document.querySelector("script[data-diagram]")) {
    return;
  }
  const script = document.createElement("script");
  script.src = new URL(DIAGRAM_SCRIPT, SOURCE).href; // DIAGRAM_SCRIPT is put in by build.mjs
  script.dataset.diagram = "yes";
  document.head.append(script);
}

function toggle(button) {
  const target = document.querySelector(button.dataset.toggle);
  const open = target?.classList.toggle("is-open") ?? false;
  button.setAttribute("aria-expanded", String(open));
}

function closeMenus(except) {
  for (const menu of document.querySelectorAll("details[data-menu][open]")) {
    if (menu !== except) {
      menu.open = false;
    }
  }
}

function clicked(event) {
  const target = event.target;
  closeMenus(target.closest?.("details[data-menu]"));
  const button = target.closest?.("[data-toggle]");
  if (button) {
    toggle(button);
  }
  const copy = target.closest?.("[data-copy]");
  if (copy) {
    const words = document.querySelector(copy.dataset.copy);
    getSelection()?.selectAllChildren(words); // shows what is copied, and helps where the clipboard is refused
    navigator.clipboard?.writeText(words?.textContent?.trim() ?? "");
  }
  if (target.closest?.("[data-print]")) {
    print();
  }
  const opener = target.closest?.("[data-dialog]");
  if (opener) {
    document.querySelector(opener.dataset.dialog)?.showModal?.();
  }
  target.closest?.("[data-dialog-close]")?.closest("dialog")?.close();
}

function submitted(event) {
  const question = event.submitter?.dataset.confirm ?? event.target.dataset.confirm;
  if (question && !confirm(question)) {
    event.preventDefault();
    event.stopImmediatePropagation();
  }
}

/** A table that is wider than its box must be reachable by keyboard, to scroll it. */
function reachTables() {
  for (const box of document.querySelectorAll(".table-responsive")) {
    box.toggleAttribute("tabindex", box.scrollWidth > box.clientWidth);
    if (box.hasAttribute("tabindex")) {
      box.tabIndex = 0;
    }
  }
}

export function setUpPage() {
  document.addEventListener("click", clicked);
  document.addEventListener("submit", submitted, true);
  document.addEventListener("change", (event) => {
    if (event.target.closest?.("[data-auto-submit]")) {
      event.target.form?.requestSubmit();
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      document.activeElement?.closest("details[data-menu][open]")?.querySelector("summary")?.focus();
      closeMenus(null);
    }
  });
  document.addEventListener("DOMContentLoaded", loadDiagram);
  document.addEventListener("htmx:afterSettle", loadDiagram);
  document.addEventListener("htmx:afterSettle", reachTables);
  window.addEventListener("load", reachTables);
  window.addEventListener("resize", reachTables);
  loadDiagram();
}
