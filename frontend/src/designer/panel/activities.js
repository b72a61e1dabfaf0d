// Tasks of the system, calls, scripts, decisions, repetition.
import { is } from "bpmn-js/lib/util/ModelUtil";
import { translate } from "../language.js";
import { group } from "./group.js";
import { attribute, property } from "./people.js";
import { referenceFields } from "./references.js";
import { area, check, choice, EXPRESSION, note, text } from "./widgets.js";

/** The handler that does the work; `target` is the task or the message definition of an event. */
export function handlerFields(facts, target = facts.bo) {
  const { choices } = facts.services;
  const set = (value) =>
    facts.update(target, { "camunda:topic": value || undefined, "camunda:type": value ? "external" : undefined });
  const isTask = target === facts.bo;
  return [
    choice("topic", "Handler (topic)", () => facts.get("camunda:topic", target), set, choices.handlers, {
      other: EXPRESSION,
      hint: "Who does it: a handler of the application, or a program that fetches this topic.",
    }),
    isTask && text("retries", "Attempts", ...property(facts, "retries"), { hint: "How often it is tried before somebody must look." }),
    isTask && text("task-priority", "Priority of the job", ...attribute(facts, "taskPriority"), { hint: "A whole number; higher comes first." }),
  ];
}

function service(facts) {
  if (facts.is("ServiceTask")) {
    return group("service", "Handler", handlerFields(facts), true);
  }
  if (facts.is("SendTask")) {
    return group("service", "Handler", handlerFields(facts), true);
  }
  return null;
}

function message(facts) {
  return facts.is("ReceiveTask") || (facts.is("SendTask") && !facts.get("camunda:topic"))
    ? group("message", "Message", referenceFields(facts, "Message", facts.bo, "messageRef"), true)
    : null;
}

const MAPPINGS = [
  ["singleEntry", "One row, one value"],
  ["singleResult", "One row, an object of all outputs"],
  ["collectEntries", "All rows, a list of values"],
  ["resultList", "All rows, a list of objects"],
];

function decision(facts) {
  if (!facts.is("BusinessRuleTask")) {
    return null;
  }
  const [mapping, setMapping] = attribute(facts, "mapDecisionResult");
  const mappings = MAPPINGS.map(([value, label]) => ({ value, label: translate(label) }));
  return group(
    "decision",
    "Decision",
    [
      choice("decision-ref", "Decision table", ...attribute(facts, "decisionRef"), facts.services.choices.decisions, {
        other: "Another key…",
      }),
      choice("map-decision-result", "What becomes of the answer", () => mapping() || "resultList", setMapping, mappings, {
        empty: false,
      }),
      text("result-variable", "Variable for the answer", ...attribute(facts, "resultVariable")),
    ],
    true,
  );
}

function script(facts) {
  if (!facts.is("ScriptTask")) {
    return null;
  }
  return group(
    "script",
    "Script",
    [
      area("script", "Assignments", () => facts.get("script"), (value) => facts.set("script", value), {
        code: true,
        hint: "One a line: name = expression. Anything else is work for a handler.",
      }),
      choice("script-format", "Language", () => facts.get("scriptFormat"), (value) => facts.set("scriptFormat", value), [
        { value: "python", label: "Python" },
        { value: "feel", label: "FEEL" },
      ]),
    ],
    true,
  );
}

function call(facts) {
  if (!facts.is("CallActivity")) {
    return null;
  }
  const { bo, services } = facts;
  const binding = attribute(facts, "calledElementBinding");
  const businessKey = () => facts.extensions("camunda:In").find((one) => one.get("businessKey") !== undefined);
  const setBusinessKey = (value) =>
    facts.changeExtensions((values) => {
      const rest = values.filter((one) => one !== businessKey());
      return value === "" ? rest : [...rest, facts.create("camunda:In", { businessKey: value })];
    });
  const goesOn = [() => facts.property("waitForCompletion") === "false", (on) => facts.setProperty("waitForCompletion", on ? "false" : "")];
  return group(
    "call",
    "Called process",
    [
      choice("called-element", "Process", () => bo.calledElement ?? "", (value) => facts.set("calledElement", value), services.choices.processes, {
        other: EXPRESSION,
      }),
      choice("binding", "Version", ...binding, [
        { value: "deployment", label: translate("The one deployed together") },
        { value: "version", label: translate("A certain version") },
        { value: "versionTag", label: translate("The newest with a certain tag") },
        { value: "latest", label: translate("The newest") },
      ], { empty: "The one deployed together, else the newest" }),
      binding[0]() === "version" && text("version", "Number of the version", ...attribute(facts, "calledElementVersion")),
      binding[0]() === "versionTag" && text("version-tag", "Tag of the version", ...attribute(facts, "calledElementVersionTag")),
      text("business-key", "Business key", () => businessKey()?.get("businessKey") ?? "", setBusinessKey, {
        hint: "An expression such as ${complaint_number}.",
      }),
      check("goes-on", "Goes on without waiting for its end", ...goesOn),
    ],
    true,
  );
}

function subProcess(facts) {
  if (!facts.is("AdHocSubProcess")) {
    return null;
  }
  const { bo } = facts;
  return group("ad-hoc", "Ad-hoc sub-process", [
    choice("ordering", "Order", () => bo.ordering ?? "", (value) => facts.set("ordering", value), [
      { value: "Parallel", label: translate("Several at a time") },
      { value: "Sequential", label: translate("One after the other") },
    ]),
    text("ad-hoc-completion", "Is done when", () => facts.body("completionCondition"), (value) => facts.setBody("completionCondition", value)),
    check("cancel-rest", "Then ends what still runs", () => bo.cancelRemainingInstances !== false, (value) =>
      facts.update(bo, { cancelRemainingInstances: value }),
    ),
  ]);
}

function loop(facts) {
  const loopOf = facts.is("Activity") ? facts.bo.loopCharacteristics : null;
  if (!loopOf) {
    return null;
  }
  const own = (name) => [() => facts.get(name, loopOf), (value) => facts.set(name, value, loopOf)];
  const body = (name) => [() => facts.body(name, loopOf), (value) => facts.setBody(name, value, loopOf)];
  if (is(loopOf, "bpmn:StandardLoopCharacteristics")) {
    return group(
      "loop",
      "Loop",
      [
        text("loop-condition", "Again while", ...body("loopCondition"), { hint: "loopCounter is the number of rounds so far." }),
        text("loop-maximum", "At most, times", () => String(facts.get("loopMaximum", loopOf)), (value) =>
          facts.update(loopOf, { loopMaximum: /^\d+$/.test(value) ? Number(value) : undefined }),
        ),
        check("test-before", "Ask before the first round", () => loopOf.testBefore, (value) => facts.update(loopOf, { testBefore: value })),
      ],
      true,
    );
  }
  return group(
    "loop",
    "Multi-instance",
    [
      note("loop-kind", translate(loopOf.isSequential ? "One after the other." : "All at once.")),
      text("collection", "For each of", ...own("camunda:collection"), { hint: "A list, such as ${departments}." }),
      text("element-variable", "Variable for the item", ...own("camunda:elementVariable")),
      text("cardinality", "Or so many times", ...body("loopCardinality"), { hint: "A number or an expression." }),
      text("completion", "Is enough when", ...body("completionCondition"), {
        hint: "Counts: nrOfInstances, nrOfCompletedInstances, nrOfActiveInstances.",
      }),
    ],
    true,
  );
}

export function activities(facts) {
  return [service(facts), message(facts), decision(facts), script(facts), call(facts), subProcess(facts), loop(facts)];
}
