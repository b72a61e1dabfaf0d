// The fields of the properties panel. Each function answers an entry as the panel wants it: id, component and facts.
import {
  CheckboxEntry,
  SelectEntry,
  TextAreaEntry,
  TextFieldEntry,
  isCheckboxEntryEdited,
  isSelectEntryEdited,
  isTextAreaEntryEdited,
  isTextFieldEntryEdited,
} from "@bpmn-io/properties-panel";
import { h } from "@bpmn-io/properties-panel/preact";
import { useState } from "@bpmn-io/properties-panel/preact/hooks";
import { useService } from "bpmn-js-properties-panel";
import { translate } from "../language.js";

function Text({ element, id, label, get, set, hint, validate, area, code }) {
  const debounce = useService("debounceInput");
  const shared = {
    element,
    id,
    label: translate(label),
    description: typeof hint === "function" ? hint() : hint && translate(hint),
    getValue: get,
    setValue: (value, error) => !error && set((value ?? "").trim() === "" ? "" : value),
    debounce,
    validate,
  };
  return area
    ? h(TextAreaEntry, { ...shared, autoResize: true, monospace: code, rows: code ? 4 : 2 })
    : h(TextFieldEntry, shared);
}

/** One line of text. `hint` is an English key or a function that answers a text. */
export function text(id, label, get, set, more = {}) {
  return { id, component: Text, isEdited: isTextFieldEntryEdited, label, get, set, ...more };
}

/** Several lines of text. */
export function area(id, label, get, set, more = {}) {
  return { ...text(id, label, get, set, more), area: true, isEdited: isTextAreaEntryEdited };
}

function Check({ element, id, label, get, set, hint }) {
  return h(CheckboxEntry, {
    element,
    id,
    label: translate(label),
    description: hint && translate(hint),
    getValue: get,
    setValue: set,
  });
}

/** Yes or no. */
export function check(id, label, get, set, more = {}) {
  return { id, component: Check, isEdited: isCheckboxEntryEdited, label, get, set, ...more };
}

const OTHER = "\u0000other";

function Choice({ element, id, label, get, set, hint, options, empty, other }) {
  const debounce = useService("debounceInput");
  const [writing, setWriting] = useState(false);
  const value = get() ?? "";
  const listed = options.some((option) => option.value === value);
  const free = other && (writing || (value !== "" && !listed));
  const shown = [
    ...(empty === false ? [] : [{ value: "", label: empty ? translate(empty) : translate("(none)") }]),
    ...options,
    ...(!listed && value !== "" && !other ? [{ value, label: translate("{value} (not in the list)", { value }) }] : []),
    ...(other ? [{ value: OTHER, label: translate(other) }] : []),
  ];
  const pick = (chosen) => {
    setWriting(chosen === OTHER);
    if (chosen !== OTHER) {
      set(chosen ?? "");
    }
  };
  const fields = [
    h(SelectEntry, {
      element,
      id,
      key: "choice",
      label: translate(label),
      description: hint && translate(hint),
      getValue: () => (free ? OTHER : value),
      setValue: pick,
      getOptions: () => shown,
    }),
  ];
  if (free) {
    fields.push(
      h(TextFieldEntry, {
        element,
        id: `${id}-other`,
        key: "other",
        label: translate("{label}: name or expression", { label: translate(label) }),
        getValue: () => value,
        setValue: (given) => set(given ?? ""),
        debounce,
      }),
    );
  }
  return h("div", null, fields);
}

/** One of `options` ({value, label}); `other` is the English name of a way to write something else. */
export function choice(id, label, get, set, options, more = {}) {
  return { id, component: Choice, isEdited: isSelectEntryEdited, label, get, set, options, ...more };
}

export const EXPRESSION = "Another name or an expression…";

/** "a, b" as a list; an expression is one name, whatever commas it has inside. */
export function namesIn(value) {
  const found = [];
  let depth = 0;
  let name = "";
  for (const sign of value ?? "") {
    depth += sign === "{" || sign === "(" || sign === "[" ? 1 : sign === "}" || sign === ")" || sign === "]" ? -1 : 0;
    if (sign === "," && depth <= 0) {
      found.push(name);
      name = "";
    } else {
      name += sign;
    }
  }
  return [...found, name].map((one) => one.trim()).filter(Boolean);
}

function Several({ element, id, label, get, set, hint, options }) {
  const debounce = useService("debounceInput");
  const names = namesIn(get());
  const labels = new Map(options.map((option) => [option.value, option.label]));
  const chips = names.map((name) =>
    h("li", { key: name, className: "keliu-chip" }, [
      h("span", { key: "name" }, labels.get(name) ?? name),
      h(
        "button",
        {
          key: "remove",
          type: "button",
          "aria-label": translate("Remove {name}", { name: labels.get(name) ?? name }),
          onClick: () => set(names.filter((other) => other !== name).join(",")),
        },
        "×",
      ),
    ]),
  );
  const rest = options.filter((option) => !names.includes(option.value));
  return h("div", { className: "keliu-several" }, [
    h(SelectEntry, {
      element,
      id: `${id}-add`,
      key: "add",
      label: translate(label),
      getValue: () => "",
      setValue: (chosen) => chosen && set([...names, chosen].join(",")),
      getOptions: () => [{ value: "", label: translate("Add…") }, ...rest],
    }),
    chips.length ? h("ul", { key: "chips", className: "keliu-chips" }, chips) : null,
    h(TextFieldEntry, {
      element,
      id,
      key: "text",
      label: translate("{label}: keys or expression", { label: translate(label) }),
      description: hint && translate(hint),
      getValue: get,
      setValue: (given) => set(given ?? ""),
      debounce,
    }),
  ]);
}

/** Several of `options`, as names with commas; an expression may stand there instead. */
export function several(id, label, get, set, options, more = {}) {
  return { id, component: Several, isEdited: isTextFieldEntryEdited, label, get, set, options, ...more };
}

function Note({ content, tone }) {
  return h("p", { className: `keliu-note${tone ? ` is-${tone}` : ""}` }, content);
}

/** A sentence between the fields. `content` is already in the language of the page. */
export function note(id, content, tone = "") {
  return { id, component: Note, isEdited: () => false, content, tone };
}

function Link({ href, content }) {
  return h("p", { className: "keliu-note" }, h("a", { href }, content));
}

/** A link to another page. */
export function link(id, content, href) {
  return { id, component: Link, isEdited: () => false, content, href };
}

function Button({ content, action }) {
  return h("p", { className: "keliu-note" }, h("button", { type: "button", className: "btn btn-sm", onClick: action }, content));
}

/** Something to do. */
export function button(id, content, action) {
  return { id, component: Button, isEdited: () => false, content, action };
}
