// Two versions of a process side by side, moved and zoomed together, with what was added, removed, changed or moved.
//
// [data-differ data-marks="URL"] holds figures [data-side="old|new" data-diagram="URL" data-names="URL"] with a .differ-canvas.
// data-marks answers {"added": [id], "removed": [id], "changed": [id], "moved": [id]}, data-names {element id: name}.
import NavigatedViewer from "bpmn-js/lib/NavigatedViewer";
import { showNames } from "../names.js";
import { word } from "../words.js";

const ON = { old: ["removed", "changed", "moved"], new: ["added", "changed", "moved"] };

async function fetched(url, kind) {
  const answer = await fetch(url, { credentials: "same-origin" });
  if (!answer.ok) {
    throw new Error(`${url}: ${answer.status}`);
  }
  return answer[kind]();
}

class Side {
  constructor(figure) {
    this.figure = figure;
    this.canvas = figure.querySelector(".differ-canvas");
    this.canvas.setAttribute("role", "group"); // people pan, zoom and follow the link of bpmn.io inside
    this.viewer = new NavigatedViewer({ container: this.canvas });
    this.canvas.addEventListener("keydown", (event) => this.moveBy(event));
  }

  async show(marks) {
    const [xml, names] = await Promise.all([
      fetched(this.figure.dataset.diagram, "text"),
      this.figure.dataset.names ? fetched(this.figure.dataset.names, "json") : {},
    ]);
    await this.viewer.importXML(xml);
    showNames(this.viewer, names);
    const spoken = ON[this.figure.dataset.side].map((kind) => this.mark(kind, marks[kind] ?? [])).filter(Boolean);
    this.canvas.setAttribute("aria-label", [this.canvas.getAttribute("aria-label"), ...spoken].join(". "));
  }

  /** Mark elements; answers the sentence that says so. */
  mark(kind, ids) {
    const registry = this.viewer.get("elementRegistry");
    const here = ids.filter((id) => registry.get(id));
    for (const id of here) {
      this.viewer.get("canvas").addMarker(id, `is-${kind}`);
      if (registry.get(`${id}_label`)) {
        this.viewer.get("canvas").addMarker(`${id}_label`, `is-${kind}`);
      }
    }
    return here.length ? `${word(kind)}: ${here.map((id) => registry.get(id).businessObject.name || id).join(", ")}` : "";
  }

  moveBy(event) {
    if (event.target !== this.canvas) {
      return;
    }
    const canvas = this.viewer.get("canvas");
    const steps = { ArrowLeft: [60, 0], ArrowRight: [-60, 0], ArrowUp: [0, 60], ArrowDown: [0, -60] };
    const zooms = { "+": 1.25, "=": 1.25, "-": 0.8 };
    if (steps[event.key]) {
      canvas.scroll({ dx: steps[event.key][0], dy: steps[event.key][1] });
    } else if (zooms[event.key]) {
      canvas.zoom(canvas.zoom() * zooms[event.key], "auto");
    } else if (event.key === "0") {
      canvas.zoom("fit-viewport", "auto");
    } else {
      return;
    }
    event.preventDefault();
  }
}

/** What one side shows, the other shows as well. */
function together(sides) {
  let leading = null;
  for (const side of sides) {
    side.viewer.get("eventBus").on("canvas.viewbox.changed", ({ viewbox }) => {
      if (leading && leading !== side) {
        return;
      }
      leading = side;
      for (const other of sides.filter((one) => one !== side)) {
        const { outer } = other.viewer.get("canvas").viewbox();
        const { x, y, scale } = viewbox;
        other.viewer.get("canvas").viewbox({ x, y, width: outer.width / scale, height: outer.height / scale });
      }
      leading = null;
    });
  }
}

async function start(place) {
  const sides = [...place.querySelectorAll("[data-side]")].map((figure) => new Side(figure));
  try {
    const marks = await fetched(place.dataset.marks, "json");
    await Promise.all(sides.map((side) => side.show(marks)));
    together(sides);
    sides.at(-1)?.viewer.get("canvas").zoom("fit-viewport", "auto");
    place.dataset.ready = "yes";
  } catch (error) {
    console.error(error);
    const line = document.createElement("p");
    line.className = "text-secondary";
    line.textContent = word("diagramFailed");
    place.append(line);
    place.dataset.ready = "failed";
  }
}

for (const place of document.querySelectorAll("[data-differ]")) {
  start(place);
}
