"""Checks of call activities, as far as one file tells; whether the called process exists is asked when deploying."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.spiff import lint_expressions
from engine.spiff.call_reader import BINDINGS
from engine.spiff.source import Node, Process
from engine.spiff.variables import is_expression

if TYPE_CHECKING:
    from engine.spiff.lint import Report


WAITING = frozenset(
    {"userTask", "receiveTask", "serviceTask", "intermediateCatchEvent", "eventBasedGateway", "callActivity"}
)


def check_node(report: Report, node: Node) -> None:
    """Target, version and mappings of one call activity."""
    call = node.call
    if call is None:
        return
    if not call.key:
        report.error("call_target", node.id, node.line)
    elif is_expression(call.key):
        report.error("call_computed", node.id, node.line, expression=call.key)
    if call.binding not in BINDINGS or (call.binding == "version") != call.version.isdigit():
        report.error("call_binding", node.id, node.line, binding=call.binding, version=call.version)
    if call.binding == "latest":
        report.warning("call_latest", node.id, node.line)
    waits = node.properties.get("waitForCompletion", "true")
    if waits not in ("true", "false") or (waits == "false" and call.outputs):
        report.error("call_detached", node.id, node.line, value=waits)
    texts = [call.business_key or "", *(m.expression for m in (*call.inputs, *call.outputs))]
    for text in texts:
        lint_expressions.check_text(report, node.id, node.line, text)


def check_process(report: Report, process: Process) -> None:
    """A process calls each other one in one version, and itself only after somebody has waited."""
    calls: dict[str, Node] = {}
    for _, node in process.scope.walk():
        if node.call is None:
            continue
        first = calls.setdefault(node.call.key, node)
        if first.call is not None and (first.call.binding, first.call.version) != (
            node.call.binding,
            node.call.version,
        ):
            report.error("call_versions", node.id, node.line, reference=first.id)
    own = calls.get(process.key)
    if own is not None and own.id in _at_once(process):
        report.warning("call_recursion", own.id, own.line)


def _at_once(process: Process) -> set[str]:
    """Nodes of the process itself that a new instance may reach before anybody has waited."""
    scope = process.scope
    targets = {flow.target for flow in scope.flows.values()}
    queue = [node.id for node in scope.nodes.values() if node.id not in targets and node.type != "boundaryEvent"]
    seen: set[str] = set()
    while queue:
        identifier = queue.pop()
        if identifier in seen:
            continue
        seen.add(identifier)
        if not waits(scope.nodes[identifier]):
            queue.extend(flow.target for flow in scope.outgoing(identifier))
    return seen


def waits(node: Node) -> bool:
    """Whether a token may have to wait at the node."""
    inner = any(waits(child) for child in node.scope.nodes.values()) if node.scope else False
    return node.type in WAITING or "topic" in node.attributes or inner
