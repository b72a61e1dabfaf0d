"""The process every candidate runs: nine user tasks, two of them with a way back. Plain SpiffWorkflow reads it too."""

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
}
"""User tasks in order and who may do them."""

FLOWS = (
    ("begin", "record", ""),
    ("record", "judge", ""),
    ("judge", "assign", ""),
    ("assign", "analyse", ""),
    ("analyse", "propose", ""),
    ("propose", "approve", ""),
    ("approve", "approved", ""),
    ("approved", "implement", "outcome == 'approved'"),
    ("approved", "propose", ""),
    ("implement", "visit", ""),
    ("visit", "satisfied", ""),
    ("satisfied", "evaluate", "outcome == 'satisfied'"),
    ("satisfied", "assign", ""),
    ("evaluate", "done", ""),
)
"""(from, to, condition); the flow of a gateway without a condition is its default."""

_HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"
  xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:camunda="http://camunda.org/schema/1.0/bpmn"
  id="definitions" targetNamespace="http://keliu/benchmark">
<bpmn:process id="benchmark" name="Benchmark" isExecutable="true">
<bpmn:startEvent id="begin" />
<bpmn:exclusiveGateway id="approved" default="f8" />
<bpmn:exclusiveGateway id="satisfied" default="f12" />
<bpmn:endEvent id="done" />
"""


def bpmn() -> bytes:
    """The file."""
    tasks = "".join(
        f'<bpmn:userTask id="{node}" name="{node}" camunda:candidateGroups="{group}" />\n'
        for node, group in TASKS.items()
    )
    flows = "".join(_flow(number, *flow) for number, flow in enumerate(FLOWS))
    return f"{_HEAD}{tasks}{flows}</bpmn:process></bpmn:definitions>".encode()


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
            steps += [("approve", {"outcome": "rejected", "remark": "more detail"}), ("propose", _entered("propose"))]
        steps += [("approve", {"outcome": "approved", "remark": "fine"}), ("implement", _entered("implement"))]
        steps.append(("visit", {"outcome": "satisfied" if round_number == unsatisfied else "dissatisfied"}))
    return [*steps, ("evaluate", _entered("evaluate"))]


def _entered(node: str) -> dict[str, object]:
    """About what a form of the complaint process enters."""
    return {
        "outcome": "done",
        f"{node}_by": "wang.fang",
        f"{node}_class": "quality",
        f"{node}_amount": 1280.5,
        f"{node}_departments": ["development", "centre_1"],
    }
