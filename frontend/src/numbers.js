// Numbers of activities beside them on a diagram, read from the rows of a table of the same page: a row with
// data-node says data-running, data-overdue, data-incidents (short texts, empty for none), data-time (the median as
// text) and data-shade (1 to 5). Everything is shown as text; colour only repeats it.
import { word } from "./words.js";

const PLACES = {
  running: { top: -10, right: 16 },
  overdue: { bottom: 8, left: -8 },
  incidents: { top: -10, left: -8 },
};
const SCALE = { min: 0.75 }; // of a whole diagram that is wide, the numbers can still be read
const TIME = { bottom: 8, right: 52 };

function badge(kind, text) {
  const element = document.createElement("span");
  element.className = `diagram-number diagram-number-${kind}`;
  element.textContent = text;
  return element;
}

/** What the rows of the table with this id say, by node. */
function read(id) {
  return [...document.querySelectorAll(`#${CSS.escape(id)} tr[data-node]`)].map((row) => row.dataset);
}

/** Puts the numbers on the diagram; answers a function that shows or hides the working times. */
export function showNumbers(viewer, id) {
  const registry = viewer.get("elementRegistry");
  const overlays = viewer.get("overlays");
  const canvas = viewer.get("canvas");
  const rows = read(id).filter(({ node }) => registry.get(node));
  for (const row of rows) {
    for (const [kind, position] of Object.entries(PLACES)) {
      if (row[kind]) {
        overlays.add(row.node, "number", { position, scale: SCALE, html: badge(kind, row[kind]) });
      }
    }
  }
  return (shown) => {
    overlays.remove({ type: "time" });
    for (const { node, shade, time } of rows) {
      if (!shade) {
        continue;
      }
      const marker = `is-shade-${Number(shade)}`;
      if (shown) {
        canvas.addMarker(node, marker);
        overlays.add(node, "time", { position: TIME, html: badge("time", time) });
      } else {
        canvas.removeMarker(node, marker);
      }
    }
  };
}

/** A switch for the working times. */
export function timesSwitch(show) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "btn btn-sm";
  button.textContent = word("times");
  button.setAttribute("aria-pressed", "false");
  button.addEventListener("click", () => {
    const pressed = button.getAttribute("aria-pressed") !== "true";
    button.setAttribute("aria-pressed", String(pressed));
    button.classList.toggle("active", pressed);
    show(pressed);
  });
  return button;
}
