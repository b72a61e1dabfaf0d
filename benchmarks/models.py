"""Small processes, each for one measurement. What plain SpiffWorkflow wants written otherwise is a parameter."""

from __future__ import annotations

from dataclasses import dataclass

_HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"
  xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:camunda="http://camunda.org/schema/1.0/bpmn"
  id="definitions" targetNamespace="http://keliu/benchmark">
"""
ITEM = "confirm"
ORDER = "deliver"
TOPIC = "ship"


@dataclass(frozen=True, slots=True)
class Model:
    """A process and its file."""

    key: str
    xml: bytes


def timer(duration: str = "PT1H") -> Model:
    """Wait, then a task for somebody."""
    nodes = f"""<bpmn:intermediateCatchEvent id="wait"><bpmn:timerEventDefinition id="wait_d">
<bpmn:timeDuration xsi:type="bpmn:tFormalExpression">{duration}</bpmn:timeDuration>
</bpmn:timerEventDefinition></bpmn:intermediateCatchEvent>{_task("remind")}"""
    return _model("benchmark_timer", nodes, [("begin", "wait"), ("wait", "remind"), ("remind", "done")])


def multi_instance(items: int) -> Model:
    """One task for every item, all at once."""
    loop = f"""<bpmn:multiInstanceLoopCharacteristics><bpmn:loopCardinality xsi:type="bpmn:tFormalExpression">{items}
</bpmn:loopCardinality></bpmn:multiInstanceLoopCharacteristics>"""
    return _model("benchmark_items", _task(ITEM, loop), [("begin", ITEM), (ITEM, "done")])


def parallel_blocks(blocks: int) -> Model:
    """Two tasks side by side, joined, ``blocks`` times one after the other."""
    nodes, flows, last = "", [], "begin"
    for number in range(1, blocks + 1):
        split, join, left, right = (f"{name}_{number}" for name in ("split", "join", "left", "right"))
        nodes += f'<bpmn:parallelGateway id="{split}" /><bpmn:parallelGateway id="{join}" />{_task(left)}{_task(right)}'
        flows += [(last, split), (split, left), (split, right), (left, join), (right, join)]
        last = join
    return _model(f"benchmark_blocks_{blocks}", nodes, [*flows, (last, "done")])


def external() -> Model:
    """A task for a worker outside."""
    node = f'<bpmn:serviceTask id="{ORDER}" name="{ORDER}" camunda:type="external" camunda:topic="{TOPIC}" />'
    return _model("benchmark_external", node, [("begin", ORDER), (ORDER, "done")])


def _task(node: str, inner: str = "") -> str:
    return f'<bpmn:userTask id="{node}" name="{node}" camunda:candidateGroups="support">{inner}</bpmn:userTask>'


def _model(key: str, nodes: str, flows: list[tuple[str, str]]) -> Model:
    drawn = "".join(
        f'<bpmn:sequenceFlow id="f{number}" sourceRef="{source}" targetRef="{target}" />'
        for number, (source, target) in enumerate(flows)
    )
    process = f'<bpmn:process id="{key}" name="{key}" isExecutable="true"><bpmn:startEvent id="begin" />'
    body = f'{process}<bpmn:endEvent id="done" />{nodes}{drawn}</bpmn:process>'
    return Model(key, f"{_HEAD}{body}</bpmn:definitions>".encode())
