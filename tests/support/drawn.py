"""A process as a drawing of nodes and flows: what a random process is made of, and what the reference reads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.support.workflows import HEAD

WAITED_FOR = frozenset({"message", "timer", "signal", "conditional"})
"""Events that happen to a waiting token. Errors and escalations are thrown and find their handler."""


@dataclass(frozen=True)
class Condition:
    """``x % modulus == rest``, or not."""

    modulus: int
    rest: int
    negated: bool = False

    def holds(self, variables: dict[str, object]) -> bool:
        """What the expression says."""
        return (int(str(variables["x"])) % self.modulus == self.rest) is not self.negated

    def text(self) -> str:
        """The expression."""
        return f"x % {self.modulus} {'!=' if self.negated else '=='} {self.rest}"


@dataclass(frozen=True)
class Event:
    """``name``: of a message, signal or link; the code of an error or escalation ("": any); cycles of a timer ("R3");
    the activity a compensation undoes ("": all).

    ``value``: a conditional event holds while the variable ``y`` has it.
    """

    kind: str
    name: str = ""
    value: int = 0


@dataclass(frozen=True)
class Loop:
    """Multi-instance over ``items`` or a number of times, or a standard loop."""

    sequential: bool = False
    items: bool = False
    count: int = 0
    enough: int = 0
    output: str = ""
    standard: bool = False
    again: Condition | None = None
    test_before: bool = False


@dataclass
class Node:
    """A flow node. ``kind`` is the BPMN element's name."""

    id: str
    kind: str
    event: Event | None = None
    interrupting: bool = True
    boundaries: list[Node] = field(default_factory=list)
    inner: Scope | None = None
    by_event: bool = False
    loop: Loop | None = None
    needed: int = 0
    """How many tokens are enough for a complex gateway."""
    undo: Node | None = None
    """The activity that undoes it."""


@dataclass(frozen=True)
class Flow:
    """A sequence flow."""

    id: str
    source: str
    target: str
    condition: Condition | None = None
    default: bool = False


@dataclass
class Scope:
    """What a process or sub-process contains."""

    id: str
    nodes: dict[str, Node] = field(default_factory=dict)
    flows: list[Flow] = field(default_factory=list)

    def out(self, node: Node) -> list[Flow]:
        """The flows that leave a node, in order."""
        return [flow for flow in self.flows if flow.source == node.id]

    def into(self, node: Node) -> list[Flow]:
        """The flows that enter a node."""
        return [flow for flow in self.flows if flow.target == node.id]

    def walk(self) -> Iterator[Node]:
        """Every node here and inside."""
        for node in self.nodes.values():
            yield node
            yield from node.boundaries
            if node.undo is not None:
                yield node.undo
            if node.inner is not None:
                yield from node.inner.walk()


def xml(scope: Scope) -> bytes:
    """The drawing as a BPMN file with one process ``p``."""
    events = [node.event for node in scope.walk() if node.event]
    roots = {(event.kind, event.name) for event in events if event.kind in ("message", "signal", "error", "escalation")}
    codes = {"error": "errorCode", "escalation": "escalationCode"}
    named = "".join(
        f'<{kind} id="{kind}_{name}_" {codes.get(kind, "name")}="{name}"/>' for kind, name in sorted(roots) if name
    )
    return f'{HEAD}{named}<process id="p" isExecutable="true">{_content(scope)}</process></definitions>'.encode()


def _content(scope: Scope) -> str:
    nodes = "".join(_node(scope, node) for node in scope.nodes.values())
    return nodes + "".join(_flow(flow) for flow in scope.flows)


def _flow(flow: Flow) -> str:
    inner = f"<conditionExpression>{flow.condition.text()}</conditionExpression>" if flow.condition else ""
    return f'<sequenceFlow id="{flow.id}" sourceRef="{flow.source}" targetRef="{flow.target}">{inner}</sequenceFlow>'


ATTRIBUTES = {
    "userTask": ' camunda:candidateGroups="office"',
    "serviceTask": ' camunda:type="external" camunda:topic="work"',
    "callActivity": ' calledElement="other"',
}


def _node(scope: Scope, node: Node, host: str = "") -> str:
    default = next((f' default="{flow.id}"' for flow in scope.out(node) if flow.default), "")
    attributes = ATTRIBUTES.get(node.kind, "") + default
    if host:
        attributes += f' attachedToRef="{host}" cancelActivity="{str(node.interrupting).lower()}"'
    if node.kind == "startEvent" and not node.interrupting:
        attributes += ' isInterrupting="false"'
    if node.by_event:
        attributes += ' triggeredByEvent="true"'
    if node.kind == "receiveTask" and node.event:
        attributes += f' messageRef="message_{node.event.name}_"'
    inner = _inside(node)
    edges = "".join(_node(scope, edge, node.id) for edge in node.boundaries) + _undo(scope, node)
    return f'<{node.kind} id="{node.id}"{attributes}>{inner}</{node.kind}>{edges}'


def _undo(scope: Scope, node: Node) -> str:
    if node.undo is None:
        return ""
    edge, handler = f"b_{node.undo.id}", _node(scope, node.undo)
    return (
        f'<boundaryEvent id="{edge}" attachedToRef="{node.id}"><compensateEventDefinition/></boundaryEvent>'
        + handler.replace(" ", ' isForCompensation="true" ', 1)
        + f'<association id="a_{node.undo.id}" sourceRef="{edge}" targetRef="{node.undo.id}"/>'
    )


def _inside(node: Node) -> str:
    inner = _event(node.event) if node.event and node.kind != "receiveTask" else ""
    if node.loop:
        inner += _loop(node.loop)
    if node.kind == "scriptTask":
        inner += f"<script>n_{node.id} = n_{node.id} + 1</script>"
    if node.kind == "complexGateway" and node.needed:
        inner += f"<activationCondition>activationCount &gt;= {node.needed}</activationCondition>"
    return inner + (_content(node.inner) if node.inner else "")


def _event(event: Event) -> str:
    if event.kind == "timer":
        inner = f"<timeCycle>{event.name}/PT1H</timeCycle>" if event.name else "<timeDuration>PT2H</timeDuration>"
        return f"<timerEventDefinition>{inner}</timerEventDefinition>"
    if event.kind == "conditional":
        return f"<conditionalEventDefinition><condition>y == {event.value}</condition></conditionalEventDefinition>"
    if event.kind == "link":
        return f'<linkEventDefinition name="{event.name}"/>'
    if event.kind == "compensate":
        return f'<compensateEventDefinition activityRef="{event.name}"/>'
    reference = f' {event.kind}Ref="{event.kind}_{event.name}_"' if event.name else ""
    return f"<{event.kind}EventDefinition{reference}/>"


def _loop(loop: Loop) -> str:
    if loop.standard:
        again = f"<loopCondition>={loop.again.text()}</loopCondition>" if loop.again else ""
        before = str(loop.test_before).lower()
        return (
            f'<standardLoopCharacteristics testBefore="{before}" loopMaximum="{loop.count}">'
            f"{again}</standardLoopCharacteristics>"
        )
    over = ' camunda:collection="items" camunda:elementVariable="i"' if loop.items else ""
    inner = "" if loop.items else f"<loopCardinality>{loop.count}</loopCardinality>"
    if loop.output:
        inner += f'<loopDataOutputRef>{loop.output}</loopDataOutputRef><outputDataItem id="{loop.output}_one"/>'
    if loop.enough:
        inner += f"<completionCondition>=numberOfCompletedInstances &gt;= {loop.enough}</completionCondition>"
    flag = str(loop.sequential).lower()
    return f'<multiInstanceLoopCharacteristics isSequential="{flag}"{over}>{inner}</multiInstanceLoopCharacteristics>'
