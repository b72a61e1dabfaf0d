// Names of elements in the language of the reader: the file itself speaks one language only.
const LABEL_WIDTH = 110; // enough for two words a line

/** Put `names` ({element id: name}) on a diagram that is shown. They are drawn as text. */
export function showNames(viewer, names) {
  const registry = viewer.get("elementRegistry");
  const events = viewer.get("eventBus");
  for (const [id, name] of Object.entries(names)) {
    const element = registry.get(id);
    if (!element || typeof name !== "string") {
      continue;
    }
    element.businessObject.name = name;
    const label = registry.get(`${id}_label`);
    if (label && label.width < LABEL_WIDTH) {
      label.x -= (LABEL_WIDTH - label.width) / 2; // the file leaves room for its own language only
      label.width = LABEL_WIDTH;
    }
    for (const shape of [element, label].filter(Boolean)) {
      const type = shape.waypoints ? "connection.changed" : "shape.changed";
      events.fire(type, { element: shape, gfx: registry.getGraphics(shape) });
    }
  }
}
