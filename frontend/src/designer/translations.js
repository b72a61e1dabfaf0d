// English names of what is drawn: <key>.en.json beside the process, saved together with it.
import { RENAME } from "./panel/facts.js";

export class Translations {
  constructor() {
    this.read(null);
  }

  /** Take over what the file says; no file says nothing. */
  read(text) {
    const given = text ? JSON.parse(text) : {};
    this.exists = text !== null;
    this.data = { ...given, elements: { ...given.elements } };
  }

  get(section, key) {
    return this.data[section]?.[key] ?? "";
  }

  set(section, key, value) {
    const names = { ...this.data[section] };
    if (value) {
      names[key] = value;
    } else {
      delete names[key];
    }
    this.data[section] = names;
  }

  /** The file, without names of elements that are gone; null when there never was one and nothing to say. */
  write(ids) {
    const elements = Object.fromEntries(Object.entries(this.data.elements).filter(([id]) => ids.has(id)));
    const content = { ...this.data, elements };
    const empty = Object.values(content).every((names) => !Object.keys(names ?? {}).length);
    return empty && !this.exists ? null : `${JSON.stringify(content, null, 2)}\n`;
  }
}

/** Ids of everything in a file, also of what has no shape. */
export function idsOf(definitions) {
  const found = new Set();
  const seen = new Set();
  const stack = [definitions];
  while (stack.length) {
    const one = stack.pop();
    if (!one?.$type || seen.has(one) || one.$type.startsWith("bpmndi:")) {
      continue;
    }
    seen.add(one);
    if (one.id) {
      found.add(one.id);
    }
    for (const { name, isReference } of one.$descriptor.properties) {
      if (!isReference && name in one) {
        stack.push(...[one[name]].flat());
      }
    }
  }
  return found;
}

/** Naming in English is a command like every other, so that it can be undone. */
function RenameHandler(translations) {
  this.translations = translations;
}
RenameHandler.$inject = ["translations"];
RenameHandler.prototype.execute = function execute(context) {
  const { section, key, value, element } = context;
  context.before = this.translations.get(section, key);
  this.translations.set(section, key, value);
  return [element];
};
RenameHandler.prototype.revert = function revert({ section, key, before, element }) {
  this.translations.set(section, key, before);
  return [element];
};

/** A name goes with its element when that gets another id. */
function FollowIds(eventBus, commandStack, translations) {
  commandStack.registerHandler(RENAME, RenameHandler);
  eventBus.on("commandStack.element.updateProperties.preExecute", ({ context }) => {
    const { element, properties } = context;
    const before = element.businessObject?.id;
    const name = translations.get("elements", before);
    if (properties.id && properties.id !== before && name) {
      commandStack.execute(RENAME, { element, section: "elements", key: before, value: "" });
      commandStack.execute(RENAME, { element, section: "elements", key: properties.id, value: name });
    }
  });
}
FollowIds.$inject = ["eventBus", "commandStack", "translations"];

/** The module for a modeler; `translations` are shared with whoever saves. */
export function translationsModule(translations) {
  return { __init__: ["followIds"], followIds: ["type", FollowIds], translations: ["value", translations] };
}
