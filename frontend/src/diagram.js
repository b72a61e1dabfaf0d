// <keliu-diagram data-xml="URL" data-state="URL" [data-names="URL"]>: a process diagram with its tokens.
//
// data-state answers {"tokens": [{"node", "state"}], "passed": [node id, …]}, data-names {element id: name}.
// The mark of bpmn.io stays visible: the licence of bpmn-js asks for it.
import NavigatedViewer from "bpmn-js/lib/NavigatedViewer";
import { word } from "./words.js";

async function json(url) {
  const answer = await fetch(url, { headers: { Accept: "application/json" }, credentials: "same-origin" });
  if (!answer.ok) {
    throw new Error(`${url}: ${answer.status}`);
  }
  return answer.json();
}

async function text(url) {
  const answer = await fetch(url, { credentials: "same-origin" });
  if (!answer.ok) {
    throw new Error(`${url}: ${answer.status}`);
  }
  return answer.text();
}

class KeliuDiagram extends HTMLElement {
  connectedCallback() {
    if (this.viewer) {
      return;
    }
    this.setAttribute("role", "group");
    this.setAttribute("tabindex", "0");
    this.setAttribute("aria-label", word("diagram"));
    this.title = word("zoom");
    this.replaceChildren();
    this.viewer = new NavigatedViewer({ container: this });
    this.addEventListener("keydown", (event) => this.moveBy(event));
    this.shown = this.show().catch((error) => this.fail(error));
    this.resized = new ResizeObserver(() => this.fit());
    this.resized.observe(this);
  }

  disconnectedCallback() {
    this.resized?.disconnect();
    this.viewer?.destroy();
    this.viewer = undefined;
  }

  async show() {
    const [xml, state, names] = await Promise.all([
      text(this.dataset.xml),
      this.dataset.state ? json(this.dataset.state) : { tokens: [], passed: [] },
      this.dataset.names ? json(this.dataset.names) : {},
    ]);
    if (!this.viewer) {
      return; // taken off the page meanwhile
    }
    await this.viewer.importXML(xml);
    this.rename(names);
    this.mark(state);
    this.fit();
    this.setAttribute("data-ready", "yes");
  }

  fail(error) {
    console.error(error);
    const line = document.createElement("p");
    line.className = "text-secondary p-3";
    line.textContent = word("diagramFailed");
    this.append(line);
    this.setAttribute("data-ready", "failed");
  }

  rename(names) {
    const registry = this.viewer.get("elementRegistry");
    const events = this.viewer.get("eventBus");
    for (const [id, name] of Object.entries(names)) {
      const element = registry.get(id);
      if (!element || typeof name !== "string") {
        continue;
      }
      element.businessObject.name = name;
      const shapes = [element, registry.get(`${id}_label`)].filter(Boolean);
      for (const shape of shapes) {
        const type = shape.waypoints ? "connection.changed" : "shape.changed";
        events.fire(type, { element: shape, gfx: registry.getGraphics(shape) });
      }
    }
  }

  mark({ tokens = [], passed = [] }) {
    const canvas = this.viewer.get("canvas");
    const registry = this.viewer.get("elementRegistry");
    const overlays = this.viewer.get("overlays");
    for (const id of passed) {
      if (registry.get(id)) {
        canvas.addMarker(id, "is-passed");
      }
    }
    const here = [];
    for (const { node, state } of tokens) {
      const element = registry.get(node);
      if (!element) {
        continue;
      }
      canvas.addMarker(node, "is-token");
      canvas.addMarker(node, `is-token-${String(state).replace(/[^a-z_]/g, "")}`);
      const dot = document.createElement("span"); // an element, never a string: names are not trusted as HTML
      dot.className = "token-dot";
      overlays.add(node, { position: { top: -7, right: 7 }, html: dot });
      here.push(element.businessObject.name || node);
    }
    if (here.length) {
      this.setAttribute("aria-label", `${word("diagram")}: ${word("here")}: ${here.join(", ")}`);
    }
  }

  fit() {
    if (this.viewer?.getDefinitions() && this.clientWidth > 0) {
      const canvas = this.viewer.get("canvas");
      canvas.resized();
      canvas.zoom("fit-viewport", "auto");
    }
  }

  moveBy(event) {
    const steps = { ArrowLeft: [60, 0], ArrowRight: [-60, 0], ArrowUp: [0, 60], ArrowDown: [0, -60] };
    const canvas = this.viewer?.get("canvas");
    if (steps[event.key]) {
      canvas.scroll({ dx: steps[event.key][0], dy: steps[event.key][1] });
    } else if (event.key === "+" || event.key === "=") {
      canvas.zoom(canvas.zoom() * 1.2, "auto");
    } else if (event.key === "-") {
      canvas.zoom(canvas.zoom() / 1.2, "auto");
    } else if (event.key === "0") {
      this.fit();
    } else {
      return;
    }
    event.preventDefault();
  }
}

if (!customElements.get("keliu-diagram")) {
  customElements.define("keliu-diagram", KeliuDiagram);
}
