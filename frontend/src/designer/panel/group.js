import { Group, ListGroup } from "@bpmn-io/properties-panel";
import { translate } from "../language.js";

/** A section of the panel; null when there is nothing in it. */
export function group(id, label, entries, open = false) {
  const shown = entries.filter(Boolean);
  return shown.length ? { id, label: translate(label), component: Group, entries: shown, shouldOpen: open } : null;
}

/** A section with a list: `items` ({id, label, entries, remove}) and `add(event)`. */
export function listGroup(id, label, items, add) {
  return { id, label: translate(label), component: ListGroup, items, add };
}
