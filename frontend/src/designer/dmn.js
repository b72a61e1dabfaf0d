// The editor of decision tables, with the map of a file's decisions; saved while somebody works.
import DrdModeler from "dmn-js-drd/lib/Modeler";
import DrdViewer from "dmn-js-drd/lib/NavigatedViewer";
import TableEditor from "dmn-js-decision-table/lib/Editor";
import TableViewer from "dmn-js-decision-table/lib/Viewer";
import ExpressionEditor from "dmn-js-literal-expression/lib/Editor";
import ExpressionViewer from "dmn-js-literal-expression/lib/Viewer";
import EditingManager from "dmn-js-shared/lib/base/EditingManager";
import { is } from "dmn-js-shared/lib/util/ModelUtil";
import annotations from "./annotations.js";
import { Findings } from "./findings.js";
import { learn, translate, translateModule } from "./language.js";
import { bindActions, bindOpening, editorOfPage, fail, reachBoxes, reachPalette, say } from "./page.js";
import { download, DraftFile, loadTheirs, Saving } from "./saving.js";
import { DMN } from "./zh/dmn.js";
import { OWN } from "./zh/own.js";

const NARROW = matchMedia("(max-width: 767.98px)");
const XML = "application/xml; charset=utf-8";
const KINDS = { drd: "Map of decisions", decisionTable: "Table", literalExpression: "Expression" };

/** The views we have: what the engine can run. */
class Decisions extends EditingManager {
  _getViewProviders() {
    const reading = this._options.reading;
    const logic = (type) => (element) => is(element, "dmn:Decision") && is(element.decisionLogic, type);
    return [
      { id: "drd", constructor: reading ? DrdViewer : DrdModeler, opens: "dmn:Definitions" },
      { id: "decisionTable", constructor: reading ? TableViewer : TableEditor, opens: logic("dmn:DecisionTable") },
      {
        id: "literalExpression",
        constructor: reading ? ExpressionViewer : ExpressionEditor,
        opens: logic("dmn:LiteralExpression"),
      },
    ];
  }

  _init(options) {
    this._options = options;
    super._init(options);
  }

  /** A table first: it is what people come for. */
  _getInitialView(views, preferred) {
    return preferred ?? views.find(({ type }) => type !== "drd") ?? views[0];
  }
}

class DecisionEditor {
  constructor(editor) {
    this.editor = editor;
    this.name = editor.dataset.name;
    this.canvas = editor.querySelector("[data-canvas]");
    this.readOnly = NARROW.matches || editor.dataset.readonly === "yes";
    this.file = new DraftFile(editor.dataset.fileUrl, XML);
  }

  async start() {
    this.findings = new Findings(this.editor, { show: (id) => this.show(id), nameOf: (id) => this.nameOf(id) });
    this.decisions = new Decisions({
      container: this.canvas,
      reading: this.readOnly,
      keyboard: { bindTo: this.canvas },
      common: { additionalModules: [translateModule] },
      drd: { additionalModules: [translateModule] },
      decisionTable: { additionalModules: [translateModule, annotations] },
      literalExpression: { additionalModules: [translateModule] },
    });
    reachBoxes(this.canvas, ".tjs-table-container", "Decision table");
    this.decisions.on("views.changed", () => this.tabs());
    this.decisions.on("viewer.created", ({ viewer }) => {
      viewer.get("eventBus").on("commandStack.changed", () => this.changed());
    });
    await this.import(await this.file.load());
    this.bind();
    this.findings.check();
    this.editor.dataset.ready = "yes";
  }

  async import(xml) {
    const { warnings } = await this.decisions.importXML(xml);
    if (warnings.length) {
      const first = warnings.slice(0, 3).map((one) => one.message).join("; ");
      say(this.editor, translate("Some of the file is not understood by the editor and would be lost by saving: {first}", { first }));
    } else {
      say(this.editor, "");
    }
  }

  async xml() {
    return (await this.decisions.saveXML({ format: true })).xml;
  }

  async open(xml) {
    if (!confirm(translate("Replace what is drawn here by the file?"))) {
      return;
    }
    const before = await this.xml();
    try {
      await this.import(xml);
      this.saving.touched("decisions");
    } catch (error) {
      await this.import(before);
      say(this.editor, translate("The file cannot be shown: {reason}", { reason: error.message }), "danger");
    }
  }

  /** A table that is only read shows its types as the file spells them. */
  types() {
    for (const cell of this.canvas.querySelectorAll(".input-variable, .output-variable")) {
      cell.textContent = translate(cell.textContent);
    }
  }

  // the views of the file
  tabs() {
    const place = this.editor.querySelector("[data-views]");
    const active = this.decisions.getActiveView();
    if (this.readOnly) {
      requestAnimationFrame(() => this.types());
    }
    place.replaceChildren(
      ...this.decisions.getViews().map((view) => {
        const line = document.createElement("li");
        line.className = "nav-item";
        const button = document.createElement("button");
        button.type = "button";
        button.className = `nav-link${view === active ? " active" : ""}`;
        if (view === active) {
          button.setAttribute("aria-current", "page");
        }
        const name = view.type === "drd" ? "" : view.element.name || view.element.id;
        button.textContent = [name, translate(KINDS[view.type])].filter(Boolean).join(" · ");
        button.addEventListener("click", () => this.decisions.open(view));
        line.append(button);
        return line;
      }),
    );
    reachPalette(this.canvas);
    this.reachable();
  }

  nameOf(id) {
    const found = this.decisions.getViews().find(({ element }) => element.id === id);
    return found?.element.name || id;
  }

  show(id) {
    const views = this.decisions.getViews().filter(({ type }) => type !== "drd");
    const holds = ({ element }) => element.id === id || JSON.stringify(element.decisionLogic ?? {}).includes(`"${id}"`);
    const view = views.find(holds);
    if (view && view !== this.decisions.getActiveView()) {
      this.decisions.open(view);
    }
  }

  // saving
  get stack() {
    return this.decisions.getActiveViewer()?.get("commandStack", false);
  }

  changed() {
    this.saving?.touched("decisions");
    this.reachable();
  }

  reachable() {
    const state = { undo: this.stack?.canUndo(), redo: this.stack?.canRedo() };
    for (const [name, possible] of Object.entries(state)) {
      this.editor.querySelector(`[data-do="${name}"]`)?.toggleAttribute("disabled", !possible);
    }
  }

  bind() {
    bindActions(this.editor, this.actions());
    NARROW.addEventListener("change", async () => {
      await this.saving?.flush();
      location.reload();
    });
    if (this.readOnly) {
      return;
    }
    const place = this.editor.querySelector("[data-save-state]");
    this.saving = new Saving(place, () => this.findings.check());
    this.saving.add("decisions", this.file, () => this.xml());
    place.addEventListener("keliu:save-state", ({ detail }) => {
      this.editor.querySelector("[data-conflict]").hidden = detail !== "conflict";
    });
    bindOpening(this.editor, (xml) => this.open(xml));
    this.reachable();
  }

  actions() {
    return {
      undo: () => this.stack?.undo(),
      redo: () => this.stack?.redo(),
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

learn(DMN, OWN);
const editor = editorOfPage("dmn");
if (editor) {
  new DecisionEditor(editor).start().catch((error) => fail(editor, error));
}
