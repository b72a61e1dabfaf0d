"""Checks of a process before it may be deployed: what can't be run as BPMN says is refused, with the reason."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping

from engine.decision_mapping import mapping_of
from engine.decisions import MAPPINGS, Decision
from engine.model import Finding
from engine.spiff import builder, lint_calls, lint_compensation, lint_expressions, lint_standard
from engine.spiff.reader import ACTIVITIES
from engine.spiff.source import Node, Process, Scope
from engine.spiff.variables import is_expression

START_EVENTS = ("none", "message", "signal", "timer")
INNER_START_EVENTS = ("message", "timer", "signal", "conditional", "error", "escalation", "compensate")
CAUGHT = ("message", "timer", "signal", "conditional")
KINDS: Mapping[str, tuple[str, ...]] = {
    "intermediateCatchEvent": ("message", "timer", "signal", "conditional", "link"),
    "intermediateThrowEvent": ("none", "message", "signal", "escalation", "link", "compensate"),
    "endEvent": ("none", "message", "signal", "error", "escalation", "terminate", "compensate", "cancel"),
    "boundaryEvent": ("message", "timer", "signal", "conditional", "error", "escalation", "compensate", "cancel"),
}


class Report:
    """Findings of one process."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.findings: list[Finding] = []

    def error(self, code: str, node: str | None, line: int | None, **facts: object) -> None:
        """It can't be deployed."""
        self.findings.append(Finding("error", code, self.file, node, line, facts))

    def warning(self, code: str, node: str | None, line: int | None, **facts: object) -> None:
        """It can, but somebody should know."""
        self.findings.append(Finding("warning", code, self.file, node, line, facts))


def check(process: Process, tables: Mapping[str, Decision], deadline: float) -> list[Finding]:
    """Everything found in one process."""
    report = Report(process.resource)
    for scope, node in process.scope.walk():
        if time.thread_time() > deadline:
            report.error("took_too_long", process.key, process.line)
            break
        for look in CHECKS:
            look(report, scope, node)
        if node.type == "businessRuleTask":
            _decision(report, node, tables)
        lint_expressions.check_node(report, node, first=scope is process.scope and node.type == "startEvent")
        lint_calls.check_node(report, node)
    for scope, holder in _scopes(process):
        _scope(report, scope, holder, holder.line if holder else process.line)
    lint_calls.check_process(report, process)
    lint_compensation.check(report, process)
    lint_standard.check(report, process)
    return report.findings


def _scopes(process: Process) -> Iterator[tuple[Scope, Node | None]]:
    yield process.scope, None
    for _, node in process.scope.walk():
        if node.scope is not None:
            yield node.scope, node


# one scope
def _scope(report: Report, scope: Scope, holder: Node | None, line: int | None) -> None:
    starts = [node for node in scope.nodes.values() if node.type == "startEvent"]
    plain = [node for node in starts if node.event.kind == "none"]
    if len(plain) > 1:
        report.error("several_starts", plain[1].id, plain[1].line)
    for start in starts:
        _start(report, start, holder)
    _same_trigger(report, starts)
    if holder is not None and holder.by_event and len(starts) != 1:
        report.error("event_scope_start", holder.id, line)
    if not starts and not builder.begins(scope):
        report.error("no_start", holder.id if holder else scope.id, line)
    _links(report, scope)
    _unreachable(report, scope, bool(starts))
    _busy_loop(report, scope)
    for flow in scope.flows.values():
        lint_expressions.check_condition(report, flow)


def _start(report: Report, start: Node, holder: Node | None) -> None:
    kind = start.event.kind
    if holder is None:
        allowed: tuple[str, ...] = START_EVENTS
    elif holder.by_event:
        allowed = INNER_START_EVENTS
        if kind == "error" and not start.interrupting:
            report.error("error_not_interrupting", start.id, start.line)
    else:
        allowed = ("none",)
    if kind not in allowed:
        report.error("event_not_supported", start.id, start.line, type="startEvent", event=kind)


def _same_trigger(report: Report, starts: list[Node]) -> None:
    """Two start events of one message or signal: nobody could say which one is meant."""
    seen: set[tuple[str, str]] = set()
    for start in starts:
        trigger = (start.event.kind, start.event.name)
        if start.event.kind in ("message", "signal") and trigger in seen:
            report.error("start_twice", start.id, start.line, kind=start.event.kind, name=start.event.name)
        seen.add(trigger)


def _links(report: Report, scope: Scope) -> None:
    links = [node for node in scope.nodes.values() if node.event.kind == "link"]
    catching = [node.event.name for node in links if node.type == "intermediateCatchEvent"]
    for node in links:
        if node.type == "intermediateThrowEvent" and catching.count(node.event.name) != 1:
            report.error("link_target", node.id, node.line, link=node.event.name)


def _unreachable(report: Report, scope: Scope, has_start: bool) -> None:
    if has_start:
        for node in builder.begins(scope):
            report.warning("unreachable", node.id, node.line)


def _busy_loop(report: Report, scope: Scope) -> None:
    """A cycle in which nobody ever waits runs until the step limit stops it."""
    busy = {node.id for node in scope.nodes.values() if not lint_calls.waits(node)}
    flows = [(f.source, f.target) for f in scope.flows.values() if f.source in busy and f.target in busy]
    while True:
        origins, targets = {origin for origin, _ in flows}, {target for _, target in flows}
        kept = [(origin, target) for origin, target in flows if target in origins and origin in targets]
        if len(kept) == len(flows):
            break
        flows = kept
    if flows:
        node = scope.nodes[flows[0][0]]
        report.warning("busy_loop", node.id, node.line)


# one node
def _supported(report: Report, scope: Scope, node: Node) -> None:
    if is_expression(node.event.name):
        report.error("event_name", node.id, node.line, name=node.event.name)
    allowed = KINDS.get(node.type)
    if allowed is not None and node.event.kind not in allowed:
        report.error("event_not_supported", node.id, node.line, type=node.type, event=node.event.kind)


def _boundary(report: Report, scope: Scope, node: Node) -> None:
    if node.type != "boundaryEvent":
        return
    holder = scope.nodes.get(node.attached_to or "")
    if holder is None or holder.type not in ACTIVITIES or holder.by_event:
        report.error("boundary_target", node.id, node.line, reference=node.attached_to or "")
    if scope.incoming(node.id):
        report.error("boundary_incoming", node.id, node.line)
    if node.event.kind == "error" and not node.interrupting:
        report.error("error_not_interrupting", node.id, node.line)


def _flows(report: Report, scope: Scope, node: Node) -> None:
    outgoing = scope.outgoing(node.id)
    if node.default is not None and node.default not in {flow.id for flow in outgoing}:
        report.error("default_flow", node.id, node.line, reference=node.default)
    if node.type == "startEvent" and scope.incoming(node.id):
        report.error("start_incoming", node.id, node.line)
    if node.type == "endEvent" and outgoing:
        report.error("end_outgoing", node.id, node.line)
    if node.by_event and (outgoing or scope.incoming(node.id)):
        report.error("event_scope_flow", node.id, node.line)
    if node.type in ("parallelGateway", "eventBasedGateway"):
        for flow in outgoing:
            if flow.condition:
                report.error("condition_ignored", flow.id, flow.line, type=node.type)


def _choices(report: Report, scope: Scope, node: Node) -> None:
    outgoing = scope.outgoing(node.id)
    if node.type not in ("exclusiveGateway", "inclusiveGateway") or len(outgoing) < 2:
        return
    for flow in outgoing:
        if not flow.condition and flow.id != node.default:
            report.error("flow_without_condition", flow.id, flow.line, gateway=node.id)
    if node.default is None:
        report.warning("no_default", node.id, node.line)


def _complex(report: Report, scope: Scope, node: Node) -> None:
    if node.type == "complexGateway" and node.condition is None and len(scope.incoming(node.id)) > 1:
        report.error("complex_condition", node.id, node.line)


def _ad_hoc(report: Report, scope: Scope, node: Node) -> None:
    if node.type != "adHocSubProcess" or node.scope is None:
        return
    for inner in node.scope.nodes.values():
        if inner.type in ("startEvent", "endEvent"):
            report.error("ad_hoc_event", inner.id, inner.line, type=inner.type)


def _event_gateway(report: Report, scope: Scope, node: Node) -> None:
    if node.type != "eventBasedGateway":
        return
    outgoing = scope.outgoing(node.id)
    if not outgoing:
        report.error("event_gateway_empty", node.id, node.line)
    for flow in outgoing:
        target = scope.nodes[flow.target]
        catches = target.type == "intermediateCatchEvent" and target.event.kind in CAUGHT
        if not catches or len(scope.incoming(target.id)) != 1:
            report.error("event_gateway_target", node.id, node.line, reference=target.id)


def _work(report: Report, scope: Scope, node: Node) -> None:
    external = node.attributes.get("type") == "external" and bool(node.attributes.get("topic"))
    if "topic" in node.attributes and not external:
        report.error("topic_not_external", node.id, node.line)
    if node.type == "serviceTask" and not external:
        report.error("service_without_topic", node.id, node.line)
    if node.type in ("sendTask", "receiveTask") and not node.event.name and not external:
        report.error("message_missing", node.id, node.line, type=node.type)
    if node.type == "userTask":
        people = ("assignee", "candidateGroups", "candidateUsers")
        if not any(node.attributes.get(name) for name in people) and not node.lane:
            report.warning("nobody", node.id, node.line)
    if node.type in ("task", "manualTask"):
        report.warning("passes_through", node.id, node.line, type=node.type)


def _decision(report: Report, node: Node, tables: Mapping[str, Decision]) -> None:
    if "topic" in node.attributes:
        return
    reference = node.attributes.get("decisionRef")
    if not reference or reference not in tables:
        report.error("decision_missing", node.id, node.line, reference=reference or "", known=sorted(tables))
        return
    mapping = mapping_of(tables[reference], node.attributes.get("mapDecisionResult"))
    if mapping not in MAPPINGS:
        report.error("decision_mapping", node.id, node.line, mapping=mapping)
    elif mapping != "singleResult" and not node.attributes.get("resultVariable"):
        report.error("decision_variable", node.id, node.line, mapping=mapping)
    if mapping in ("singleEntry", "collectEntries") and len(tables[reference].outputs) != 1:
        report.error("decision_outputs", node.id, node.line, mapping=mapping)


def _loop(report: Report, scope: Scope, node: Node) -> None:
    loop = node.loop
    if loop is None:
        return
    if node.type not in ACTIVITIES or node.by_event:
        report.error("loop_target", node.id, node.line)
    if loop.standard:
        if loop.condition is None and loop.maximum is None:
            report.error("loop_without_end", node.id, node.line)
        if loop.maximum is not None and not loop.maximum.isdigit():
            report.error("loop_maximum", node.id, node.line, value=loop.maximum)
        return
    if loop.collection is None and loop.cardinality is None:
        report.error("loop_without_items", node.id, node.line)
    if loop.output_collection is not None and loop.output_element is None:
        report.error("loop_output", node.id, node.line)


CHECKS: tuple[Callable[[Report, Scope, Node], None], ...] = (
    _supported, _boundary, _flows, _choices, _event_gateway, _work, _loop, _complex, _ad_hoc,
)  # fmt: skip
