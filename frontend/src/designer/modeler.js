// The editor of processes: canvas, properties, findings, simulation; saved while somebody works.
import { BpmnPropertiesPanelModule } from "bpmn-js-properties-panel";
import { CreateAppendAnythingModule } from "bpmn-js-create-append-anything";
import NavigatedViewer from "bpmn-js/lib/NavigatedViewer";
import Modeler from "bpmn-js/lib/Modeler";
import { layoutProcess } from "bpmn-auto-layout";
import ColorPickerModule from "bpmn-js-color-picker";
import camunda from "camunda-bpmn-moddle/resources/camunda.json";
import MinimapModule from "diagram-js-minimap";
import CommandModule from "diagram-js/lib/command";
import { showNames } from "../names.js";
import { loadChoices } from "./choices.js";
import { drawingHints } from "./drawing_rules.js";
import { Findings } from "./findings.js";
import { isChinese, learn, translate, translateModule } from "./language.js";
import { bindActions, bindOpening, editorOfPage, fail, reachPalette, say } from "./page.js";
import PropertiesProvider from "./panel/provider.js";
import { download, DraftFile, loadTheirs, Saving } from "./saving.js";
import SimulationModule from "./simulation.js";
import { idsOf, Translations, translationsModule } from "./translations.js";
import { BPMN } from "./zh/bpmn.js";
import { OWN } from "./zh/own.js";
import { PANEL } from "./zh/panel.js";
import { SIMULATION } from "./zh/simulation.js";

const NARROW = matchMedia("(max-width: 767.98px)");
const XML = "application/xml; charset=utf-8";
const READABLE = 0.7; // below this scale, names cannot be read
const MARGIN = 20;
const PALETTE = 110; // room for the palette
const SETTLED_MS = 100; // the panel begins to listen after it was painted
const NOT_DRAWN = /not yet drawn/; // nothing of it is lost: the list of findings names what has no shape

/** The camunda attributes without defaults: what a file says stays in it, also where it says what holds anyway. */
const ATTRIBUTES = {
  ...camunda,
  types: camunda.types.map((type) => ({
    ...type,
    properties: type.properties?.map(({ default: _implied, ...property }) => property),
  })),
};

/** The file as XML with shapes: a file without any gets a layout. */
async function withShapes(xml) {
  return /<(\w+:)?BPMNShape\b/.test(xml) ? { xml, laidOut: false } : { xml: await layoutProcess(xml), laidOut: true };
}

class ProcessEditor {
  constructor(editor) {
    this.editor = editor;
    this.name = editor.dataset.name;
    this.canvas = editor.querySelector("[data-canvas]");
    this.readOnly = NARROW.matches || editor.dataset.readonly === "yes";
    this.translations = new Translations();
    this.file = new DraftFile(editor.dataset.fileUrl, XML);
    this.english = new DraftFile(editor.dataset.englishUrl, "application/json; charset=utf-8");
  }

  async start() {
    this.choices = await loadChoices(this.editor);
    const [xml, english] = await Promise.all([this.file.load(), this.english.load()]);
    this.translations.read(english);
    this.findings = new Findings(this.editor, {
      show: (id) => this.show(id),
      nameOf: (id) => this.nameOf(id),
      hints: () => drawingHints(this.modeler.getDefinitions(), this.name),
    });
    this.modeler = this.readOnly ? this.viewer() : this.editing();
    this.findings.told = () => this.mark();
    await this.import(xml);
    this.bind();
    await this.showWanted();
    this.findings.check();
    this.editor.dataset.ready = "yes";
  }

  modules() {
    return [
      translateModule,
      translationsModule(this.translations),
      { choices: ["value", this.choices], findings: ["value", this.findings] },
      BpmnPropertiesPanelModule,
      PropertiesProvider,
    ];
  }

  options(more) {
    return {
      container: this.canvas,
      propertiesPanel: { parent: this.editor.querySelector("[data-properties]") },
      moddleExtensions: { camunda: ATTRIBUTES },
      ...more,
    };
  }

  viewer() {
    this.editor.querySelector("[data-properties-fields]").disabled = true;
    return new NavigatedViewer(this.options({ additionalModules: [CommandModule, ...this.modules()] }));
  }

  editing() {
    const more = [CreateAppendAnythingModule, ColorPickerModule, MinimapModule, SimulationModule];
    return new Modeler(this.options({ additionalModules: [...more, ...this.modules()] }));
  }

  get(service) {
    return this.modeler.get(service);
  }

  // files
  async import(xml) {
    const shaped = await withShapes(xml);
    const { warnings } = await this.modeler.importXML(shaped.xml);
    const lost = warnings.filter((one) => !NOT_DRAWN.test(one.message));
    if (lost.length) {
      const first = lost.slice(0, 3).map((one) => one.message).join("; ");
      say(this.editor, translate("Some of the file is not understood by the editor and would be lost by saving: {first}", { first }));
    } else {
      say(this.editor, shaped.laidOut ? translate("The file had no drawing: it was laid out.") : "", "info");
    }
    if (this.readOnly && !isChinese()) {
      showNames(this.modeler, this.translations.data.elements);
    }
    this.begin();
    this.canvas.querySelector("svg").setAttribute("aria-label", translate("Process diagram"));
  }

  async xml() {
    return (await this.modeler.saveXML({ format: true })).xml;
  }

  async open(xml) {
    if (!confirm(translate("Replace what is drawn here by the file?"))) {
      return;
    }
    const before = await this.xml();
    try {
      await this.import(xml);
      this.saving.touched("process");
    } catch (error) {
      await this.import(before);
      say(this.editor, translate("The file cannot be shown: {reason}", { reason: error.message }), "danger");
    }
  }

  // selection and marks
  nameOf(id) {
    const english = isChinese() ? "" : this.translations.get("elements", id);
    return english || this.get("elementRegistry").get(id)?.businessObject.name || id;
  }

  show(id) {
    const canvas = this.get("canvas");
    const element = this.get("elementRegistry").get(id) ?? canvas.getRootElement();
    if (element !== canvas.getRootElement()) {
      canvas.setRootElement(canvas.findRoot(element));
      canvas.scrollToElement(element, 80);
    }
    this.get("selection").select(element === canvas.getRootElement() ? [] : element);
  }

  mark() {
    const overlays = this.get("overlays");
    const registry = this.get("elementRegistry");
    overlays.remove({ type: "keliu-finding" });
    for (const id of this.findings.marked) {
      const element = registry.get(id);
      if (element && element !== this.get("canvas").getRootElement()) {
        overlays.add(id, "keliu-finding", { position: { top: -10, left: -10 }, html: this.findings.sign(id) });
      }
    }
    this.get("eventBus").fire("keliu.told");
  }

  // saving
  bind() {
    const place = this.editor.querySelector("[data-save-state]");
    bindActions(this.editor, this.actions());
    NARROW.addEventListener("change", async () => {
      await this.saving?.flush();
      location.reload();
    });
    if (this.readOnly) {
      return;
    }
    this.saving = new Saving(place, () => this.findings.check());
    this.saving.add("process", this.file, () => this.xml());
    const english = () => this.translations.write(idsOf(this.modeler.getDefinitions()));
    this.saving.add("english", this.english, english, english());
    this.get("eventBus").on("commandStack.changed", () => {
      this.saving.touched("process");
      this.saving.touched("english");
      this.reachable();
    });
    this.get("eventBus").on("tokenSimulation.toggleMode", ({ active }) => this.simulating(active));
    place.addEventListener("keliu:save-state", ({ detail }) => {
      this.editor.querySelector("[data-conflict]").hidden = detail !== "conflict";
    });
    bindOpening(this.editor, (xml) => this.open(xml));
    reachPalette(this.canvas);
    this.reachable();
    addEventListener("keydown", (event) => this.key(event));
  }

  key(event) {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "s") {
      event.preventDefault(); // the habit of saving by hand is honoured
      this.saving.flush();
    }
  }

  /** Buttons that can do nothing say so. */
  reachable() {
    const stack = this.get("commandStack");
    const state = { undo: stack.canUndo(), redo: stack.canRedo() };
    for (const [name, possible] of Object.entries(state)) {
      this.editor.querySelector(`[data-do="${name}"]`)?.toggleAttribute("disabled", !possible);
    }
  }

  simulating(active) {
    this.editor.querySelector("[data-properties-fields]").disabled = active;
    this.editor.querySelector('[data-do="simulate"]').setAttribute("aria-pressed", String(active));
    this.editor.querySelector("[data-simulation-help]").hidden = !active;
  }

  /** The whole diagram, beside the palette. */
  fit() {
    const { inner, outer } = this.get("canvas").viewbox();
    const left = this.readOnly ? MARGIN : PALETTE;
    const scale = Math.min((outer.width - left - MARGIN) / inner.width, (outer.height - 2 * MARGIN) / inner.height, 1);
    this.look(inner.x - left / scale, inner.y - (outer.height / scale - inner.height) / 2, scale);
  }

  /** Show the part of the diagram that begins at x and y, in the size given by `scale`. */
  look(x, y, scale) {
    const { outer } = this.get("canvas").viewbox();
    this.get("canvas").viewbox({ x, y, width: outer.width / scale, height: outer.height / scale });
  }

  /** The whole diagram if its names can be read that way, else where it begins. */
  begin() {
    this.fit();
    const { inner, scale } = this.get("canvas").viewbox();
    if (scale < READABLE) {
      this.look(inner.x - (this.readOnly ? MARGIN : PALETTE) / READABLE, inner.y - MARGIN / READABLE, READABLE);
    }
  }

  /** The element an address asks for, once the panel listens. */
  async showWanted() {
    await new Promise((done) => setTimeout(done, SETTLED_MS));
    const wanted = new URLSearchParams(location.search).get("element");
    if (wanted && this.get("elementRegistry").get(wanted)) {
      this.show(wanted);
    }
  }

  zoomBy(factor) {
    const canvas = this.get("canvas");
    canvas.zoom(canvas.zoom() * factor, "auto");
  }

  actions() {
    const trigger = (name, options) => () => this.get("editorActions").trigger(name, options);
    return {
      undo: trigger("undo"),
      redo: trigger("redo"),
      copy: trigger("copy"),
      paste: trigger("paste"),
      find: () => this.get("searchPad").toggle(),
      fit: () => this.fit(),
      larger: () => this.zoomBy(1.25),
      smaller: () => this.zoomBy(0.8),
      minimap: () => this.get("minimap").toggle(),
      simulate: () => this.get("toggleMode").toggleMode(),
      open: () => this.editor.querySelector("[data-open]").click(),
      download: async () => download(this.name, await this.xml(), XML),
      check: async () => {
        await this.saving?.flush();
        await this.findings.check();
      },
      "load-theirs": (event) => loadTheirs(this.saving, event),
    };
  }
}

learn(BPMN, PANEL, SIMULATION, OWN);
const editor = editorOfPage("bpmn");
if (editor) {
  new ProcessEditor(editor).start().catch((error) => fail(editor, error));
}
