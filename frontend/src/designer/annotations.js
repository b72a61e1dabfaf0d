// Annotation columns of a decision table (DMN 1.3): why a row says what it says, in every language. dmn-js itself knows one
// column, the description of a rule; it stays visible where a file uses it.
import EditableComponent from "dmn-js-shared/lib/components/EditableComponent";
import { Component, createComponentVNode, createVNode } from "inferno";
import { Cell, inject } from "table-js/lib/components";
import { translate } from "./language.js";

const ELEMENT = 1; // flags of inferno
const FUNCTION_OR_CLASS = 2;
const UNKNOWN = 0;
const LANGUAGES = ["zh", "en"];
const HEADINGS = { zh: "Reason in Chinese", en: "Reason in English" };
const DESCRIPTION = null;

/** The columns of a table: those of the file, then the languages it lacks; null is the description of dmn-js. */
export function columnsOf(table) {
  const names = (table.get("annotation") ?? []).map((clause) => clause.name ?? "");
  const described = (table.get("rule") ?? []).some((rule) => rule.description);
  return [...names, ...LANGUAGES.filter((one) => !names.includes(one)), ...(described ? [DESCRIPTION] : [])];
}

function heading(name) {
  if (name === DESCRIPTION) {
    return translate("Remarks");
  }
  return HEADINGS[name] ? translate(HEADINGS[name]) : name;
}

/** What a rule says in a column. */
export function annotationOf(rule, index, name) {
  return name === DESCRIPTION ? (rule.description ?? "") : (rule.get("annotationEntry")?.[index]?.text ?? "");
}

/** The heading of one column. */
function header(index) {
  class Header extends Component {
    constructor(props, context) {
      super(props, context);
      inject(this);
      this.again = () => this.forceUpdate();
    }

    componentDidMount() {
      this.changeSupport.onElementsChanged(this.sheet.getRoot().id, this.again);
    }

    componentWillUnmount() {
      this.changeSupport.offElementsChanged(this.sheet.getRoot().id, this.again);
    }

    render() {
      const name = columnsOf(this.sheet.getRoot().businessObject)[index];
      return createVNode(ELEMENT, "th", "annotation header", heading(name), UNKNOWN, { style: { width: "280px" } });
    }
  }
  Header.$inject = ["changeSupport", "sheet"];
  return Header;
}

class Editor extends EditableComponent {
  render() {
    return createVNode(ELEMENT, "div", this.getClassName(), this.getEditor(), 0);
  }
}

/** The cells of one column. */
function cell(index) {
  class Annotation extends Component {
    constructor(props, context) {
      super(props, context);
      inject(this);
      this.again = () => this.forceUpdate();
    }

    componentDidMount() {
      this.changeSupport.onElementsChanged(this.props.row.id, this.again);
    }

    componentWillUnmount() {
      this.changeSupport.offElementsChanged(this.props.row.id, this.again);
    }

    render() {
      const { row, rowIndex } = this.props;
      const rule = row.businessObject;
      const table = this.sheet.getRoot().businessObject;
      const columns = columnsOf(table);
      const value = annotationOf(rule, index, columns[index]);
      const inside = this.injector.get("modeling", false)
        ? createComponentVNode(FUNCTION_OR_CLASS, Editor, {
            label: heading(columns[index]),
            ctrlForNewline: true,
            className: "annotation-editor",
            onChange: (text) => write(this.injector, table, rule, columns, index, text),
            value,
          })
        : value || "-";
      return createComponentVNode(FUNCTION_OR_CLASS, Cell, {
        className: "annotation",
        elementId: `${rule.id}__annotation${index}`,
        coords: `${rowIndex}:annotation-${index}`,
        "data-row-id": row.id,
        children: inside,
      });
    }
  }
  Annotation.$inject = ["changeSupport", "sheet", "injector"];
  return Annotation;
}

/** Write a cell; the columns a file lacks are added to it with the first text. */
function write(injector, table, rule, columns, index, text) {
  const modeling = injector.get("modeling");
  const factory = injector.get("dmnFactory");
  if (columns[index] === DESCRIPTION) {
    modeling.updateProperties(rule, { description: text });
    return;
  }
  const made = (type, properties, parent) => Object.assign(factory.create(type, properties), { $parent: parent });
  const names = columns.filter((name) => name !== DESCRIPTION);
  if ((table.get("annotation") ?? []).length < names.length) {
    const clauses = names.map((name) => made("dmn:RuleAnnotationClause", { name }, table));
    modeling.updateProperties(table, { annotation: clauses });
  }
  const texts = names.map((name, other) => (other === index ? text : annotationOf(rule, other, name)));
  const entries = texts.map((one) => made("dmn:RuleAnnotation", { text: one }, rule));
  modeling.updateProperties(rule, { annotationEntry: entries });
}

const MOST = 8; // columns; a file with more keeps the others, unseen
const COLUMNS = Array.from({ length: MOST }, (_, index) => ({ header: header(index), cell: cell(index) }));

function Annotations(components, sheet) {
  COLUMNS.forEach((column, index) => {
    components.onGetComponent("cell", ({ cellType }) => {
      const kind = { "after-label-cells": "header", "after-rule-cells": "cell" }[cellType];
      const table = kind && sheet.getRoot()?.businessObject;
      return table && index < columnsOf(table).length ? column[kind] : undefined;
    });
  });
}
Annotations.$inject = ["components", "sheet"];

export default { __init__: ["annotationsProvider"], annotationsProvider: ["type", Annotations] };
