// Lists of an element: what goes in and out of it, and properties nobody else shows.
import { listGroup } from "./group.js";
import { text } from "./widgets.js";

/** Properties that have a field of their own. */
const SHOWN = {
  UserTask: ["serviceLevel", "calendar", "excludedUsers"],
  ServiceTask: ["retries"],
  SendTask: ["retries"],
  CallActivity: ["waitForCompletion"],
  Event: ["calendar"],
};

function replaced(list, index, value) {
  return list.map((one, other) => (other === index ? value : one));
}

/** A list of pairs that is written as a whole. `write(pairs)` gets [[name, value], …]. */
function pairs(facts, id, label, read, write, words) {
  const list = read();
  const items = list.map(([name, value], index) => ({
    id: `${id}-${index}`,
    label: name || "",
    entries: [
      text(`${id}-${index}-name`, words[0], () => name, (given) => write(replaced(list, index, [given, value]))),
      text(`${id}-${index}-value`, words[1], () => value, (given) => write(replaced(list, index, [name, given]))),
    ],
    autoFocusEntry: `${id}-${index}-name`,
    remove: (event) => {
      event.stopPropagation();
      write(list.filter((_, other) => other !== index));
    },
  }));
  const add = (event) => {
    event.stopPropagation();
    write([...list, ["", ""]]);
  };
  return listGroup(id, label, items, add);
}

function parameters(facts) {
  const container = () => facts.extension("camunda:InputOutput");
  const plain = (name) => (container()?.get(name) ?? []).map((one) => [one.name ?? "", one.value ?? ""]);
  const write = (inputs, outputs) =>
    facts.changeExtensions((values) => {
      const rest = values.filter((one) => one !== container());
      const before = [...(container()?.get("inputParameters") ?? []), ...(container()?.get("outputParameters") ?? [])];
      const kept = (type, name, value) =>
        before.find((one) => one.$type === type && (one.name ?? "") === name && (one.value ?? "") === value);
      const made = (type, list) =>
        list.map(([name, value]) => kept(type, name, value) ?? facts.create(type, { name, value }));
      return inputs.length || outputs.length
        ? [
            ...rest,
            facts.create("camunda:InputOutput", {
              inputParameters: made("camunda:InputParameter", inputs),
              outputParameters: made("camunda:OutputParameter", outputs),
            }),
          ]
        : rest;
    });
  const input = () => plain("inputParameters");
  const output = () => plain("outputParameters");
  return [
    pairs(facts, "inputs", "Inputs", input, (list) => write(list, output()), ["Local variable", "Value or expression"]),
    pairs(facts, "outputs", "Outputs", output, (list) => write(input(), list), ["Variable of the process", "Value or expression"]),
  ];
}

/** Variables that go into a called process and come back: by name or computed. */
function mappings(facts, type, id, label) {
  const mine = () => facts.extensions(type).filter((one) => one.get("businessKey") === undefined);
  const read = () =>
    mine().map((one) => [one.get("target") ?? "", one.get("variables") === "all" ? "*" : (one.get("sourceExpression") ?? one.get("source") ?? "")]);
  const made = ([target, from]) => {
    if (from === "*") {
      return facts.create(type, { variables: "all" });
    }
    return facts.create(type, { [/[${}=]/.test(from) ? "sourceExpression" : "source"]: from, target });
  };
  const write = (list) => facts.changeExtensions((values) => [...values.filter((one) => !mine().includes(one)), ...list.map(made)]);
  return pairs(facts, id, label, read, write, ["Name there", "Variable, expression, or * for all"]);
}

function others(facts) {
  const shown = new Set(Object.entries(SHOWN).flatMap(([type, names]) => (facts.is(type) ? names : [])));
  const target = facts.is("Participant") ? facts.bo.processRef : facts.bo;
  const read = () =>
    facts.properties(target).filter((one) => !shown.has(one.name)).map((one) => [one.name ?? "", one.value ?? ""]);
  const write = (list) =>
    facts.setProperties(
      [
        ...facts.properties(target).filter((one) => shown.has(one.name)),
        ...list.map(([name, value]) => facts.create("camunda:Property", { name, value })),
      ],
      target,
    );
  return pairs(facts, "properties", "Other properties", read, write, ["Name", "Value"]);
}

export function lists(facts) {
  const found = [];
  if (facts.is("CallActivity")) {
    found.push(
      mappings(facts, "camunda:In", "calls-in", "Into the called process"),
      mappings(facts, "camunda:Out", "calls-out", "Back from the called process"),
    );
  }
  if (facts.is("Activity", "Event")) {
    found.push(...parameters(facts));
  }
  if (facts.is("FlowNode", "Process") || (facts.is("Participant") && facts.bo.processRef)) {
    found.push(others(facts));
  }
  return found;
}
