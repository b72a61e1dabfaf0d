// Rules of good drawing (bpmnlint). What the engine refuses or warns of comes from the server; these are hints beside it.
import Linter from "bpmnlint/lib/linter";
import StaticResolver from "bpmnlint/lib/resolver/static-resolver";
import endRequired from "bpmnlint/rules/end-event-required";
import fakeJoin from "bpmnlint/rules/fake-join";
import labelRequired from "bpmnlint/rules/label-required";
import noShapes from "bpmnlint/rules/no-bpmndi";
import disconnected from "bpmnlint/rules/no-disconnected";
import duplicateFlows from "bpmnlint/rules/no-duplicate-sequence-flows";
import joinFork from "bpmnlint/rules/no-gateway-join-fork";
import implicitEnd from "bpmnlint/rules/no-implicit-end";
import implicitSplit from "bpmnlint/rules/no-implicit-split";
import overlapping from "bpmnlint/rules/no-overlapping-elements";
import startRequired from "bpmnlint/rules/start-event-required";
import superfluousGateway from "bpmnlint/rules/superfluous-gateway";
import superfluousTermination from "bpmnlint/rules/superfluous-termination";
import { translate } from "./language.js";

const RULES = {
  "end-event-required": [endRequired, "There is no end event."],
  "fake-join": [fakeJoin, "Several flows come together here without a gateway."],
  "label-required": [labelRequired, "It has no name."],
  "no-bpmndi": [noShapes, "It is not drawn: the file has no shape for it."],
  "no-disconnected": [disconnected, "It is connected with nothing."],
  "no-duplicate-sequence-flows": [duplicateFlows, "There are two flows between the same elements."],
  "no-gateway-join-fork": [joinFork, "The gateway joins and splits at once: draw two gateways."],
  "no-implicit-end": [implicitEnd, "The way ends here without an end event."],
  "no-implicit-split": [implicitSplit, "The way splits here without a gateway."],
  "no-overlapping-elements": [overlapping, "It lies over another element."],
  "start-event-required": [startRequired, "There is no start event."],
  "superfluous-gateway": [superfluousGateway, "The gateway has one way in and one way out: it does nothing."],
  "superfluous-termination": [superfluousTermination, "Nothing else can run here: an ordinary end event is enough."],
};

const PREFIX = "rule:bpmnlint/";
const config = { rules: Object.fromEntries(Object.keys(RULES).map((name) => [name, "info"])) };
const resolver = new StaticResolver(
  Object.fromEntries(Object.entries(RULES).map(([name, [rule]]) => [`${PREFIX}${name}`, rule])),
);

/** Hints about a file, in the shape of the server's findings. */
export async function drawingHints(definitions, file) {
  const linter = new Linter({ config, resolver }); // a new one each time: rules remember what they have seen
  const results = await linter.lint(definitions);
  return Object.entries(results).flatMap(([name, reports]) =>
    reports.map(({ id }) => ({
      severity: "hint",
      code: name,
      file,
      element: id ?? null,
      message: translate(RULES[name]?.[1] ?? name),
      remedy: "",
    })),
  );
}
