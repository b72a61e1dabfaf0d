// Messages, signals, errors and escalations are things of the file that events point to: choose one, or make a new one.
import { translate } from "../language.js";
import { button, choice, text } from "./widgets.js";

const WORDS = {
  Message: { label: "Message", add: "New message", fresh: "new_message", known: "messages" },
  Signal: { label: "Signal", add: "New signal", fresh: "new_signal", known: "signals" },
  Error: { label: "Error", add: "New error", fresh: "new_error", known: "errors", code: "errorCode" },
  Escalation: { label: "Escalation", add: "New escalation", fresh: "new_escalation", known: "escalations", code: "escalationCode" },
};
const ELSEWHERE = "elsewhere:"; // known to the application, not yet to this file

function titled(type, one) {
  const code = WORDS[type].code && one[WORDS[type].code];
  return [one.name, code && code !== one.name ? `(${code})` : ""].filter(Boolean).join(" ") || one.id;
}

function options(facts, type) {
  const { known, code } = WORDS[type];
  const here = facts.roots(type);
  const names = new Set(here.flatMap((one) => [one.name, code && one[code]]));
  const more = (facts.services.choices[known] ?? []).filter((option) => !names.has(option.value));
  return [
    ...here.map((one) => ({ value: one.id, label: titled(type, one) })),
    ...more.map((option) => ({ value: ELSEWHERE + option.value, label: option.label })),
  ];
}

/** Fields of `target[reference]`, a reference to a message, signal, error or escalation. */
export function referenceFields(facts, type, target, reference) {
  const { label, add, fresh, code } = WORDS[type];
  const current = target.get(reference);
  const point = (one) => facts.update(target, { [reference]: one });
  const make = (name) => point(facts.addRoot(type, { name, ...(code ? { [code]: name } : {}) }));
  const pick = (value) => {
    if (value.startsWith(ELSEWHERE)) {
      make(value.slice(ELSEWHERE.length));
    } else {
      point(facts.roots(type).find((one) => one.id === value));
    }
  };
  const part = `${type.toLowerCase()}`;
  const fields = [
    choice(`${part}-ref`, label, () => current?.id ?? "", pick, options(facts, type)),
    button(`${part}-new`, translate(add), () => make(fresh)),
  ];
  if (current) {
    fields.push(
      text(`${part}-name`, "Name of it", () => current.name ?? "", (value) => facts.set("name", value, current)),
      code && text(`${part}-code`, "Code", () => current.get(code) ?? "", (value) => facts.set(code, value, current)),
      type === "Message" &&
        text("correlation-key", "Correlation key", () => facts.property("correlationKey", current), (value) =>
          facts.setProperty("correlationKey", value, current), {
          hint: "Which instance is meant; empty: the business key.",
        }),
      (type === "Message" || type === "Signal") &&
        text(`${part}-english`, "English name of it", () => facts.english(`${type.toLowerCase()}s`, current.name), (value) =>
          facts.setEnglish(`${type.toLowerCase()}s`, current.name, value),
        ),
    );
  }
  return fields;
}
