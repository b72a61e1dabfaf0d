// What one element says in BPMN and in camunda: attributes, read and written through commands, so that everything can be undone.
import { getBusinessObject, is } from "bpmn-js/lib/util/ModelUtil";

export const RENAME = "keliu.english-name";

export class Facts {
  /** `services`: modeling, bpmnFactory, commandStack, canvas, translations, choices of the editor. */
  constructor(element, services) {
    this.element = element;
    this.services = services;
    this.bo = getBusinessObject(element);
  }

  is(...types) {
    return types.some((type) => is(this.bo, `bpmn:${type}`));
  }

  /** An attribute as text. */
  get(name, target = this.bo) {
    const value = target?.get(name);
    return value === undefined || value === null ? "" : value;
  }

  set(name, value, target = this.bo) {
    this.update(target, { [name]: value === "" ? undefined : value });
  }

  update(target, properties) {
    this.services.modeling.updateModdleProperties(this.element, target, properties);
  }

  create(type, properties, parent) {
    const made = this.services.bpmnFactory.create(type, properties);
    made.$parent = parent;
    for (const value of Object.values(properties).flat()) {
      if (value?.$type) {
        value.$parent = made;
      }
    }
    return made;
  }

  /** The text inside a child such as conditionExpression, timeDuration or loopCardinality. */
  body(name, target = this.bo) {
    return target?.get(name)?.get("body") ?? "";
  }

  setBody(name, value, target = this.bo, type = "bpmn:FormalExpression") {
    const made = value === "" ? undefined : this.create(type, { body: value }, target);
    this.update(target, { [name]: made });
  }

  documentation(target = this.bo) {
    return target.get("documentation")?.[0]?.text ?? "";
  }

  setDocumentation(value, target = this.bo) {
    const made = value === "" ? [] : [this.create("bpmn:Documentation", { text: value }, target)];
    this.update(target, { documentation: made });
  }

  // extension elements
  extension(type, target = this.bo) {
    return target?.get("extensionElements")?.get("values")?.find((value) => is(value, type));
  }

  extensions(type, target = this.bo) {
    return (target?.get("extensionElements")?.get("values") ?? []).filter((value) => is(value, type));
  }

  /** Put the extension elements of `target` to what `change(values)` answers. */
  changeExtensions(change, target = this.bo) {
    const container = target.get("extensionElements");
    const values = change([...(container?.get("values") ?? [])]);
    if (!values.length) {
      this.update(target, { extensionElements: undefined });
    } else if (container) {
      values.forEach((value) => (value.$parent = container));
      this.update(container, { values });
    } else {
      this.update(target, { extensionElements: this.create("bpmn:ExtensionElements", { values }, target) });
    }
  }

  // camunda:properties
  properties(target = this.bo) {
    return this.extension("camunda:Properties", target)?.get("values") ?? [];
  }

  property(name, target = this.bo) {
    return this.properties(target).find((one) => one.name === name)?.value ?? "";
  }

  setProperty(name, value, target = this.bo) {
    const before = this.properties(target);
    const made = () => this.create("camunda:Property", { name, value });
    const found = before.some((one) => one.name === name);
    const after = found
      ? before.flatMap((one) => (one.name !== name ? [one] : value === "" ? [] : [made()]))
      : [...before, ...(value === "" ? [] : [made()])];
    this.setProperties(after, target);
  }

  setProperties(list, target = this.bo) {
    this.changeExtensions((values) => {
      const rest = values.filter((value) => !is(value, "camunda:Properties"));
      return list.length ? [...rest, this.create("camunda:Properties", { values: list })] : rest;
    }, target);
  }

  // events
  definition(kind) {
    return this.bo.get("eventDefinitions")?.find((one) => !kind || is(one, `bpmn:${kind}EventDefinition`));
  }

  get definitions() {
    let root = this.bo;
    while (root.$parent) {
      root = root.$parent;
    }
    return root;
  }

  /** Messages, signals, errors or escalations of the file. */
  roots(type) {
    return this.definitions.get("rootElements").filter((one) => is(one, `bpmn:${type}`));
  }

  addRoot(type, properties) {
    const made = this.services.bpmnFactory.create(`bpmn:${type}`, properties);
    made.$parent = this.definitions;
    this.update(this.definitions, { rootElements: [...this.definitions.get("rootElements"), made] });
    return made;
  }

  // English names
  english(section, key) {
    return this.services.translations.get(section, key);
  }

  setEnglish(section, key, value) {
    this.services.commandStack.execute(RENAME, { element: this.element, section, key, value });
  }
}
