// Libraries that have no hook for translations write English into the page: it is put into our words there.
import { known } from "./language.js";

const ATTRIBUTES = ["title", "aria-label", "placeholder"];
const TEXTS = ".bts-toggle-mode, .bts-header, .bts-entry.placeholder, .djs-search-container, .djs-popup-header, .djs-popup-no-results";

function translated(text) {
  const plain = text.trim();
  if (!plain) {
    return null;
  }
  const instance = plain.match(/^Focus process instance (\S+)$/);
  if (instance) {
    return known("Focus process instance {id}")?.replace("{id}", instance[1]) ?? null;
  }
  const found = known(plain);
  return found && found !== plain ? text.replace(plain, () => found) : null;
}

function attributes(element) {
  for (const name of ATTRIBUTES) {
    const found = translated(element.getAttribute?.(name) ?? "");
    if (found !== null) {
      element.setAttribute(name, found);
    }
  }
}

function texts(element) {
  const parts = [...(element.querySelectorAll?.(TEXTS) ?? [])];
  const around = element.closest?.(TEXTS);
  for (const part of around ? [around, ...parts] : parts) {
    const walker = document.createTreeWalker(part, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const found = translated(node.data);
      if (found !== null) {
        node.data = found;
      }
    }
  }
}

function reword(element) {
  attributes(element);
  for (const inner of element.querySelectorAll?.("[title], [aria-label], [placeholder]") ?? []) {
    attributes(inner);
  }
  texts(element);
}

/** Whatever libraries write below `root`, now and later, is in our words. */
export function keepWorded(root) {
  reword(root);
  new MutationObserver((changes) => {
    for (const change of changes) {
      if (change.type === "attributes") {
        attributes(change.target);
      }
      for (const node of change.addedNodes) {
        reword(node.nodeType === Node.ELEMENT_NODE ? node : change.target);
      }
    }
  }).observe(root, { subtree: true, childList: true, attributes: true, attributeFilter: ATTRIBUTES });
}
