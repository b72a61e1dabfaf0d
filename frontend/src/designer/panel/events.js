// What an event waits for or throws.
import { isAny } from "bpmn-js/lib/features/modeling/util/ModelingUtil";
import { translate } from "../language.js";
import { durationInWords } from "../durations.js";
import { handlerFields } from "./activities.js";
import { group } from "./group.js";
import { calendarField } from "./people.js";
import { referenceFields } from "./references.js";
import { choice, text } from "./widgets.js";

const KINDS = [
  ["timeDuration", "After a time"],
  ["timeDate", "At a moment"],
  ["timeCycle", "Again and again"],
];
const HELP = {
  timeDuration: "PT4H = 4 hours, P3D = 3 days, P1M = 1 month; =working_time(4) = 4 working hours, =working_days(5) = 5 working days.",
  timeDate: "2027-01-31T09:00, or an expression such as =date(visit_date).",
  timeCycle: "R3/PT1H = 3 times, every hour; R/P1D = every day; 0 0 9 * * ? = every day at 9 o'clock.",
};

function timer(facts) {
  const definition = facts.definition("Timer");
  if (!definition) {
    return null;
  }
  const kind = KINDS.map(([name]) => name).find((name) => definition.get(name)) ?? "timeDuration";
  const value = facts.body(kind, definition);
  const write = (name, body) => {
    const expression = body === "" ? undefined : facts.create("bpmn:FormalExpression", { body }, definition);
    const empty = Object.fromEntries(KINDS.map(([other]) => [other, undefined]));
    facts.update(definition, { ...empty, [name]: expression });
  };
  const options = KINDS.map(([name, label]) => ({ value: name, label: translate(label) }));
  const hint = () => [durationInWords(value), translate(HELP[kind])].filter(Boolean).join(" · ");
  return group(
    "timer",
    "Timer",
    [
      choice("timer-kind", "When", () => kind, (name) => write(name, value || " "), options, { empty: false }),
      text("timer-value", "Time", () => value.trim(), (body) => write(kind, body), { hint }),
      calendarField(facts),
    ],
    true,
  );
}

function named(facts, type) {
  const definition = facts.definition(type);
  if (!definition) {
    return null;
  }
  const fields = referenceFields(facts, type, definition, `${type.toLowerCase()}Ref`);
  const throws = facts.is("EndEvent", "IntermediateThrowEvent");
  return group(type.toLowerCase(), type, [...fields, ...(type === "Message" && throws ? handlerFields(facts, definition) : [])], true);
}

function condition(facts) {
  const definition = facts.definition("Conditional");
  return definition
    ? group("conditional", "Condition", [
        text("event-condition", "Happens when", () => facts.body("condition", definition), (value) =>
          facts.setBody("condition", value, definition), { hint: "An expression such as ${amount > 1000}." },
        ),
        text("event-variable", "Only when this variable changes", () => facts.get("camunda:variableName", definition), (value) =>
          facts.set("camunda:variableName", value, definition),
        ),
      ], true)
    : null;
}

function linked(facts) {
  const definition = facts.definition("Link");
  return definition
    ? group("link", "Link", [
        text("link-name", "Name of the link", () => definition.name ?? "", (value) => facts.set("name", value, definition), {
          hint: "Goes on at the catching link event of the same name.",
        }),
      ], true)
    : null;
}

function compensation(facts) {
  const definition = facts.definition("Compensate");
  if (!definition || !facts.is("EndEvent", "IntermediateThrowEvent")) {
    return null;
  }
  const around = facts.bo.$parent; // what an event sub-process undoes lies beside it
  const scope = (around?.triggeredByEvent ? around.$parent : around)?.flowElements ?? [];
  const undone = scope.filter((one) => isAny(one, ["bpmn:Activity"]) && !one.isForCompensation && one !== around);
  const options = undone.map((one) => ({ value: one.id, label: one.name || one.id }));
  const set = (id) => facts.update(definition, { activityRef: undone.find((one) => one.id === id) });
  return group("compensation", "Compensation", [
    choice("compensated", "What is undone", () => definition.activityRef?.id ?? "", set, options, { empty: "Everything done so far" }),
  ], true);
}

export function events(facts) {
  return [
    timer(facts),
    ...["Message", "Signal", "Error", "Escalation"].map((type) => named(facts, type)),
    condition(facts),
    linked(facts),
    compensation(facts),
  ];
}
