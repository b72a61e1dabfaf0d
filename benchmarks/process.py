"""The process every candidate runs, in the shape of the complaint process: nine tasks on the main line, decisions with
ways back and aside. Plain SpiffWorkflow reads it too.
"""

from __future__ import annotations

KEY = "benchmark"
TASKS = {
    "record": "support",
    "judge": "lead",
    "assign": "customer",
    "analyse": "quality",
    "propose": "quality",
    "approve": "directors",
    "implement": "quality",
    "visit": "support",
    "evaluate": "customer",
    "reply": "support",
    "gather": "support",
    "decide": "directors",
    "call_again": "support",
    "review": "directors",
    "pay": "finance",
    "punish": "personnel",
    "thank": "support",
}
"""User tasks, the main line first, and who may do them."""

FLOWS = (
    ("", "begin", "record", ""),
    ("", "record", "judge", ""),
    ("", "judge", "valid", ""),
    ("", "valid", "reply", "outcome == 'not_valid'"),
    ("", "valid", "gather", "outcome == 'more_information'"),
    ("", "valid", "investigate", ""),
    ("", "gather", "judge", ""),
    ("", "reply", "refused", ""),
    ("investigate", "opened", "assign", ""),
    ("investigate", "assign", "analyse", ""),
    ("investigate", "analyse", "accepted", ""),
    ("investigate", "accepted", "decide", "outcome == 'refused' and refusals >= 3"),
    ("investigate", "accepted", "assign", "outcome == 'refused'"),
    ("investigate", "accepted", "propose", ""),
    ("investigate", "decide", "analyse", ""),
    ("investigate", "propose", "approve", ""),
    ("investigate", "approve", "approved", ""),
    ("investigate", "approved", "settled", "outcome == 'approved'"),
    ("investigate", "approved", "analyse", "outcome == 'return_cause'"),
    ("investigate", "approved", "approve", "outcome == 'raise_level'"),
    ("investigate", "approved", "propose", ""),
    ("", "investigate", "carry_out", ""),
    ("carry_out", "begun", "implement", ""),
    ("carry_out", "implement", "owed", ""),
    ("carry_out", "owed", "pay", "compensation > 0"),
    ("carry_out", "owed", "at_fault", ""),
    ("carry_out", "pay", "at_fault", ""),
    ("carry_out", "at_fault", "punish", "responsibility == 'person'"),
    ("carry_out", "at_fault", "carried_out", ""),
    ("carry_out", "punish", "carried_out", ""),
    ("", "carry_out", "visit", ""),
    ("", "withdrawn", "review", ""),
    ("", "review", "closed", ""),
    ("", "visit", "satisfied", ""),
    ("", "satisfied", "evaluate", "outcome == 'satisfied'"),
    ("", "satisfied", "call_again", "outcome == 'unreachable'"),
    ("", "satisfied", "investigate", ""),
    ("", "call_again", "visit", ""),
    ("", "evaluate", "valued", ""),
    ("", "valued", "thank", "value_class == 'A'"),
    ("", "valued", "done", ""),
    ("", "thank", "done", ""),
)
"""(sub-process, from, to, condition); the flow of a gateway without a condition is its default."""

GATEWAYS = ("valid", "accepted", "approved", "satisfied", "owed", "at_fault", "valued")

INSIDE = {
    "investigate": ("assign", "analyse", "propose", "approve", "decide", "accepted", "approved"),
    "carry_out": ("implement", "pay", "punish", "owed", "at_fault"),
}
"""What the sub-processes contain; a message may take the whole case away from ``investigate``."""

ENDS = {"investigate": ("opened", "settled"), "carry_out": ("begun", "carried_out")}

FACTS = {"refusals": 0, "compensation": 0, "responsibility": "none", "value_class": "B", "severity": "normal"}
"""Variables of every instance at its start."""

_HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"
  xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:camunda="http://camunda.org/schema/1.0/bpmn"
  id="definitions" targetNamespace="http://keliu/benchmark">
<bpmn:message id="m_withdrawn" name="withdrawn" />
<bpmn:process id="benchmark" name="Benchmark" isExecutable="true">
<bpmn:startEvent id="begin" /><bpmn:endEvent id="done" /><bpmn:endEvent id="refused" /><bpmn:endEvent id="closed" />
<bpmn:boundaryEvent id="withdrawn" attachedToRef="investigate">
<bpmn:messageEventDefinition id="withdrawn_d" messageRef="m_withdrawn" /></bpmn:boundaryEvent>
"""


def bpmn() -> bytes:
    """The file."""
    body = _nodes("") + "".join(_sub_process(scope) for scope in INSIDE) + _flows("")
    return f"{_HEAD}{body}</bpmn:process></bpmn:definitions>".encode()


def _sub_process(scope: str) -> str:
    begin, end = ENDS[scope]
    ends = f'<bpmn:startEvent id="{begin}" /><bpmn:endEvent id="{end}" />'
    return f'<bpmn:subProcess id="{scope}" name="{scope}">{ends}{_nodes(scope)}{_flows(scope)}</bpmn:subProcess>'


def _scope_of(node: str) -> str:
    return next((scope for scope, nodes in INSIDE.items() if node in nodes), "")


def _nodes(scope: str) -> str:
    tasks = [
        f'<bpmn:userTask id="{node}" name="{node}" camunda:candidateGroups="{group}" />\n'
        for node, group in TASKS.items()
        if _scope_of(node) == scope
    ]
    gateways = [
        f'<bpmn:exclusiveGateway id="{node}" default="{_default(node)}" />\n'
        for node in GATEWAYS
        if _scope_of(node) == scope
    ]
    return "".join(tasks + gateways)


def _default(gateway: str) -> str:
    return next(f"f{number}" for number, (_, source, _, when) in enumerate(FLOWS) if source == gateway and not when)


def _flows(scope: str) -> str:
    return "".join(_flow(number, *flow) for number, (where, *flow) in enumerate(FLOWS) if where == scope)


def _flow(number: int, source: str, target: str, condition: str) -> str:
    inner = ""
    if condition:
        inner = f'<bpmn:conditionExpression xsi:type="bpmn:tFormalExpression">{condition}</bpmn:conditionExpression>'
    return f'<bpmn:sequenceFlow id="f{number}" sourceRef="{source}" targetRef="{target}">{inner}</bpmn:sequenceFlow>\n'


def walk(unsatisfied: int, rejected: int) -> list[tuple[str, dict[str, object]]]:
    """The tasks of one run in order with what is entered. ``walk(0, 0)`` has 9 steps, ``walk(8, 2)`` has 61."""
    steps = [(node, _entered(node)) for node in ("record", "judge")]
    for round_number in range(unsatisfied + 1):
        steps += [(node, _entered(node)) for node in ("assign", "analyse", "propose")]
        for _ in range(rejected if round_number == 0 else 0):
            steps += [("approve", _entered("approve", "return_solution")), ("propose", _entered("propose"))]
        steps += [("approve", _entered("approve", "approved")), ("implement", _entered("implement"))]
        steps.append(("visit", _entered("visit", "satisfied" if round_number == unsatisfied else "dissatisfied")))
    return [*steps, ("evaluate", _entered("evaluate"))]


def _entered(node: str, outcome: str = "done") -> dict[str, object]:
    """Routing facts and pointers, as many as the forms of the complaint process set per step."""
    return {
        "outcome": outcome,
        f"{node}_by": "wang.fang",
        f"{node}_class": "quality",
        f"{node}_amount": 1280.5,
        f"{node}_departments": ["development", "centre_1"],
    }
