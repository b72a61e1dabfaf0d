// <keliu-diagram data-xml="URL" data-state="URL" [data-names="URL"] [data-every="SECONDS"]>: a diagram with its tokens.
//
// data-state answers {"tokens": [{"node", "state"}], "passed": [node id, …], "badges": [{"node", "text"}, …]} and is asked
// again every data-every seconds; data-names answers {element id: name}. A badge is a short text below its element.
// data-table="ID" shows the numbers of a table of the page at its activities, see numbers.js.
// The mark of bpmn.io stays visible: the licence of bpmn-js asks for it.
import NavigatedViewer from "bpmn-js/lib/NavigatedViewer";
import { showNames } from "./names.js";
import { showNumbers, timesSwitch } from "./numbers.js";
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

const READABLE = 0.7; // below this scale, names cannot be read

class KeliuDiagram extends HTMLElement {
  connectedCallback() {
    if (this.viewer) {
      return;
    }
    this.setAttribute("role", "group");
    this.setAttribute("tabindex", "0");
    this.setAttribute("aria-label", word("diagram"));
    this.replaceChildren();
    this.tokens = [];
    this.viewer = new NavigatedViewer({ container: this });
    this.addEventListener("keydown", (event) => this.moveBy(event));
    this.shown = this.show().catch((error) => this.fail(error));
    this.resized = new ResizeObserver(() => this.frame());
    this.resized.observe(this);
    this.bar = this.toolbar();
    this.append(this.bar);
  }

  disconnectedCallback() {
    this.resized?.disconnect();
    clearInterval(this.timer);
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
    showNames(this.viewer, names);
    this.mark(state);
    if (this.dataset.table) {
      this.bar.append(timesSwitch(showNumbers(this.viewer, this.dataset.table)));
    }
    this.frame();
    this.setAttribute("data-ready", "yes");
    if (this.dataset.every) {
      this.timer = setInterval(() => this.refresh(), Number(this.dataset.every) * 1000);
    }
  }

  /** What has changed since; the part that is shown stays. */
  async refresh() {
    if (document.hidden || !this.viewer) {
      return;
    }
    try {
      const state = await json(this.dataset.state);
      if (this.viewer && JSON.stringify(state) !== this.known) {
        this.unmark();
        this.mark(state);
      }
    } catch (error) {
      console.warn(error); // the next time it may answer again
    }
  }

  fail(error) {
    console.error(error);
    const line = document.createElement("p");
    line.className = "text-secondary p-3";
    line.textContent = word(/no diagram to display/.test(error.message) ? "diagramMissing" : "diagramFailed");
    this.viewer?.destroy();
    this.viewer = undefined; // an empty canvas would cover the words
    this.replaceChildren(line);
    this.setAttribute("data-ready", "failed");
  }

  unmark() {
    const canvas = this.viewer.get("canvas");
    for (const [id, marker] of this.marked) {
      canvas.removeMarker(id, marker);
    }
    this.viewer.get("overlays").remove({ type: "state" });
  }

  addMarker(id, marker) {
    this.viewer.get("canvas").addMarker(id, marker);
    this.marked.push([id, marker]);
  }

  mark(state) {
    const { tokens = [], passed = [], badges = [] } = state;
    this.known = JSON.stringify(state);
    this.tokens = [];
    this.marked = [];
    const registry = this.viewer.get("elementRegistry");
    const overlays = this.viewer.get("overlays");
    for (const id of passed) {
      if (registry.get(id)) {
        this.addMarker(id, "is-passed");
      }
    }
    const here = [];
    for (const { node, state } of tokens) {
      const element = registry.get(node);
      if (!element) {
        continue;
      }
      this.addMarker(node, "is-token");
      this.addMarker(node, `is-token-${String(state).replace(/[^a-z_]/g, "")}`);
      const dot = document.createElement("span"); // an element, never a string: names are not trusted as HTML
      dot.className = "token-dot";
      overlays.add(node, "state", { position: { top: -7, right: 7 }, html: dot });
      this.tokens.push(element);
      here.push(element.businessObject.name || node);
    }
    for (const { node, text: words } of badges) {
      if (registry.get(node) && words) {
        const badge = document.createElement("span");
        badge.className = "diagram-badge";
        badge.textContent = words;
        overlays.add(node, "state", { position: { bottom: -3, left: 0 }, html: badge });
      }
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

  /** The whole diagram when its names can be read that way, else the place where the case stands. */
  frame() {
    this.fit();
    if (this.viewer?.getDefinitions() && this.tokens.length && this.viewer.get("canvas").zoom() < READABLE) {
      this.showToken();
    }
  }

  showToken() {
    const canvas = this.viewer?.get("canvas");
    const [token] = this.tokens ?? [];
    if (!token || !(this.clientWidth > 0)) {
      return;
    }
    canvas.zoom(1);
    const view = canvas.viewbox();
    const middle = { x: token.x + (token.width ?? 0) / 2, y: token.y + (token.height ?? 0) / 2 };
    const scale = 0.85;
    const width = view.outer.width / scale;
    const height = view.outer.height / scale;
    canvas.viewbox({ x: middle.x - width / 2, y: middle.y - height / 2, width, height });
  }

  zoomBy(factor) {
    const canvas = this.viewer?.get("canvas");
    canvas?.zoom(canvas.zoom() * factor, "auto");
  }

  toolbar() {
    const bar = document.createElement("div");
    bar.className = "diagram-toolbar btn-group";
    const actions = [
      ["whole", "⤢", () => this.fit()],
      ...(this.dataset.state ? [["token", "◉", () => this.showToken()]] : []),
      ["larger", "+", () => this.zoomBy(1.25)],
      ["smaller", "−", () => this.zoomBy(0.8)],
    ];
    for (const [name, sign, action] of actions) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "btn btn-sm";
      button.textContent = sign;
      button.title = word(name);
      button.setAttribute("aria-label", word(name));
      button.addEventListener("click", action);
      bar.append(button);
    }
    return bar;
  }

  moveBy(event) {
    if (event.target !== this) {
      return; // a button of the toolbar has the focus
    }
    const steps = { ArrowLeft: [60, 0], ArrowRight: [-60, 0], ArrowUp: [0, 60], ArrowDown: [0, -60] };
    const canvas = this.viewer?.get("canvas");
    if (steps[event.key]) {
      canvas.scroll({ dx: steps[event.key][0], dy: steps[event.key][1] });
    } else if (event.key === "+" || event.key === "=") {
      this.zoomBy(1.25);
    } else if (event.key === "-") {
      this.zoomBy(0.8);
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
