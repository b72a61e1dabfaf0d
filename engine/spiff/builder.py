"""From what was drawn to what runs: SpiffWorkflow process specs made of our task specs."""

from __future__ import annotations

from collections.abc import Mapping

from SpiffWorkflow.bpmn.specs.bpmn_process_spec import BpmnProcessSpec

from engine.decisions import Decision
from engine.spiff import activities, ad_hoc, calls, complex_gateway, gateways, happenings, source
from engine.spiff.listeners import BoundaryEvent, EventStart
from engine.spiff.node import Node, Path

SIMPLE: Mapping[str, type[Node]] = {
    "startEvent": happenings.StartEvent,
    "exclusiveGateway": gateways.ExclusiveGateway,
    "parallelGateway": gateways.ParallelGateway,
    "inclusiveGateway": gateways.InclusiveGateway,
    "eventBasedGateway": gateways.EventGateway,
    "userTask": activities.UserTask,
    "task": activities.PassTask,
    "manualTask": activities.PassTask,
    "receiveTask": activities.ReceiveTask,
    "scriptTask": activities.ScriptTask,
    "serviceTask": activities.ServiceTask,
    "complexGateway": complex_gateway.ComplexGateway,
    "subProcess": activities.SubProcess,
    "transaction": activities.SubProcess,
    "adHocSubProcess": ad_hoc.AdHocSubProcess,
    "callActivity": calls.CallActivity,
    "boundaryEvent": BoundaryEvent,
}


class ScopeSpec(BpmnProcessSpec):
    """The spec of one process or sub-process. ``starts``: where a token begins when the scope opens."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.starts: list[Node] = []
        self.message_starts: dict[str, Node] = {}
        self.begins_by_itself: list[Node] = []
        """Start events of a signal or a moment."""
        self.event_starts: list[EventStart] = []
        self.conditional = False
        """Whether anything in the process waits for a condition."""
        self.decides_last = False
        """Whether the process has joins that are asked whenever nothing else moves."""
        self.by_element: dict[str, Node] = {}
        """Nodes by the id they have on the diagram, for restoring."""


def build(process: source.Process, decisions: Mapping[str, Decision]) -> tuple[ScopeSpec, dict[str, BpmnProcessSpec]]:
    """The spec of the process and those of its sub-processes by element id."""
    scopes: dict[str, BpmnProcessSpec] = {}
    spec = _scope(process.scope, decisions, scopes)
    spec.conditional = any(node.event.kind == "conditional" for _, node in process.scope.walk())
    nodes = (node for scope in (spec, *scopes.values()) for node in scope.by_element.values())
    spec.decides_last = any(node.decides_last for node in nodes)
    return spec, scopes


def _scope(scope: source.Scope, decisions: Mapping[str, Decision], scopes: dict[str, BpmnProcessSpec]) -> ScopeSpec:
    spec = ScopeSpec(scope.id)
    nodes = {element.id: _node(spec, element, decisions) for element in scope.nodes.values()}
    for element in scope.nodes.values():
        if element.scope is not None:
            scopes[element.id] = inner = _scope(element.scope, decisions, scopes)
            activity = nodes[element.id]
            assert isinstance(activity, activities.Activity)
            activity.undoing = next((node for node in inner.by_element.values() if node.element.undoes_around), None)
            if element.by_event and not element.undoes_around:
                _event_start(spec, element, activity)
    _connect(scope, nodes)
    _attach_boundaries(scope, nodes)
    _find_starts(spec, scope, nodes)
    spec.by_element = nodes | {start.bpmn_id: start for start in spec.event_starts}
    return spec


def _node(spec: ScopeSpec, element: source.Node, decisions: Mapping[str, Decision]) -> Node:
    by_handler = "topic" in element.attributes
    if element.type in ("sendTask", "businessRuleTask") and by_handler:
        return activities.ServiceTask(spec, element)
    if element.type == "sendTask":
        return activities.SendTask(spec, element)
    if element.type == "businessRuleTask":
        return activities.RuleTask(spec, element, decisions[element.attributes["decisionRef"]])
    if element.type in ("endEvent", "intermediateThrowEvent") and by_handler:
        return happenings.ThrowByHandler(spec, element)
    if element.type == "endEvent":
        return happenings.EndEvent(spec, element)
    if element.type == "intermediateThrowEvent":
        return happenings.ThrowEvent(spec, element)
    if element.type == "intermediateCatchEvent":
        link = element.event.kind == "link"
        return happenings.LinkCatchEvent(spec, element) if link else happenings.CatchEvent(spec, element)
    return SIMPLE[element.type](spec, element)


def _event_start(spec: ScopeSpec, element: source.Node, activity: Node) -> None:
    assert element.scope is not None
    start = next(node for node in element.scope.nodes.values() if node.type == "startEvent")
    spec.event_starts.append(EventStart(spec, start, activity))


def _connect(scope: source.Scope, nodes: Mapping[str, Node]) -> None:
    for flow in scope.flows.values():
        origin, target = nodes[flow.source], nodes[flow.target]
        is_default = origin.element.default == flow.id
        origin.paths.append(Path(flow.id, target, flow.condition, is_default))
        target.arriving |= {flow.id}
        origin.connect(target)
    catching = {node.element.event.name: node for node in nodes.values() if isinstance(node, happenings.LinkCatchEvent)}
    for node in nodes.values():
        if node.element.event.kind == "link" and isinstance(node, happenings.ThrowEvent):
            target = catching[node.element.event.name]
            node.paths.append(Path(f"{node.bpmn_id}.link", target, None, False))
            node.connect(target)


def _attach_boundaries(scope: source.Scope, nodes: Mapping[str, Node]) -> None:
    for node in nodes.values():
        if isinstance(node, BoundaryEvent):
            holder = nodes[str(node.element.attached_to)]
            assert isinstance(holder, activities.Activity)
            if node.element.event.kind == "compensate":
                holder.compensation = nodes[str(scope.handler(node.bpmn_id))]
            else:
                holder.boundaries.append(node)


def _find_starts(spec: ScopeSpec, scope: source.Scope, nodes: Mapping[str, Node]) -> None:
    starts = [node for node in nodes.values() if isinstance(node, happenings.StartEvent)]
    for node in starts:
        if node.element.event.kind == "message":
            spec.message_starts[node.element.event.name] = node
        elif node.element.event.kind in ("signal", "timer"):
            spec.begins_by_itself.append(node)
    plain = [node for node in starts if node.element.event.kind == "none"]
    spec.starts = plain or starts[:1] or [nodes[element.id] for element in begins(scope)]


def begins(scope: source.Scope) -> list[source.Node]:
    """Where a scope without start event begins: every node nothing leads to."""
    targets = {flow.target for flow in scope.flows.values()}
    return [
        node
        for node in scope.nodes.values()
        if node.id not in targets
        and node.type not in ("boundaryEvent", "startEvent")
        and not node.by_event
        and not node.compensates
        and not (node.type == "intermediateCatchEvent" and node.event.kind == "link")
    ]
