// Conditions of flows, and which flow of a gateway is the default.
import { translate } from "../language.js";
import { group } from "./group.js";
import { area, check, choice, note, text } from "./widgets.js";

const DECIDING = ["bpmn:ExclusiveGateway", "bpmn:InclusiveGateway", "bpmn:ComplexGateway"];

function flow(facts) {
  const { bo } = facts;
  const source = bo.sourceRef;
  const decides = source && (DECIDING.includes(source.$type) || source.$instanceOf("bpmn:Activity"));
  if (!facts.is("SequenceFlow") || !decides) {
    return null;
  }
  const isDefault = source.default === bo;
  const setDefault = (on) => {
    const shape = facts.services.registry.get(source.id);
    facts.services.modeling.updateProperties(shape, { default: on ? bo : undefined });
  };
  const write = (value) => {
    const condition = value === "" ? undefined : facts.create("bpmn:FormalExpression", { body: value }, bo);
    facts.services.modeling.updateProperties(facts.element, { conditionExpression: condition });
  };
  return group(
    "condition",
    "Condition",
    [
      isDefault
        ? note("default-note", translate("This is taken when no other condition holds."))
        : area("condition", "Taken when", () => facts.body("conditionExpression"), write, {
            hint: "An expression on variables, such as ${outcome == 'valid'}. It is checked after saving.",
          }),
      check("default-flow", "Default flow", () => isDefault, setDefault),
    ],
    true,
  );
}

function gateway(facts) {
  const { bo } = facts;
  if (!DECIDING.includes(bo.$type)) {
    return null;
  }
  const outgoing = (facts.element.outgoing ?? []).map((flow) => flow.businessObject).filter((one) => one.sourceRef === bo);
  const options = outgoing.map((one) => ({
    value: one.id,
    label: one.name || one.targetRef?.name || one.id,
  }));
  const set = (id) =>
    facts.services.modeling.updateProperties(facts.element, { default: outgoing.find((one) => one.id === id) });
  return group(
    "gateway",
    "Gateway",
    [
      choice("default", "Default flow", () => bo.default?.id ?? "", set, options, {
        hint: "Taken when no other condition holds.",
      }),
      facts.is("ComplexGateway") &&
        text("activation", "Goes on when", () => facts.body("activationCondition"), (value) =>
          facts.setBody("activationCondition", value),
        ),
    ],
    true,
  );
}

export function flows(facts) {
  return [flow(facts), gateway(facts)];
}
