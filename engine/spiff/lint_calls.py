"""Checks of call activities, as far as one file tells; whether the called process exists is asked when deploying."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.spiff import call_reader, lint_expressions
from engine.spiff.source import CallText, Node, Process
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
    if not _is_bound(call):
        report.error("call_binding", node.id, node.line, binding=call.binding, version=call.version or call.tag)
    if call_reader.computed(call):
        report.warning("call_computed", node.id, node.line, expression=" ".join(call_reader.computed(call))[:200])
    elif call.binding == "latest":
        report.warning("call_latest", node.id, node.line)
    waits = node.properties.get("waitForCompletion", "true")
    if waits not in ("true", "false") or (waits == "false" and call.outputs):
        report.error("call_detached", node.id, node.line, value=waits)
    mappings = (mapping.expression for mapping in (*call.inputs, *call.outputs))
    for text in (call.key, call.version, call.tag, call.business_key or "", *mappings):
        lint_expressions.check_text(report, node.id, node.line, text)


def _is_bound(call: CallText) -> bool:
    """A number, or what computes one, with the binding "version" alone; a tag with "versionTag"."""
    if call.binding == "version":
        return call_reader.is_version(call.version) or is_expression(call.version)
    if call.binding == "versionTag" and not call.tag:
        return False
    return call.binding in call_reader.BINDINGS and not call.version.isdigit()


def check_process(report: Report, process: Process) -> None:
    """A process pins one version of each other one, and calls itself only after somebody has waited."""
    calls: dict[str, Node] = {}
    own: list[Node] = []
    for _, node in process.scope.walk():
        if node.call is None:
            continue
        if node.call.key == process.key:
            own.append(node)
        if not call_reader.is_pinned(node.call):
            continue
        first = calls.setdefault(node.call.key, node)
        if first.call is not None and (first.call.binding, first.call.version) != (
            node.call.binding,
            node.call.version,
        ):
            report.error("call_versions", node.id, node.line, reference=first.id)
    at_once = _at_once(process) if own else set()
    for node in own:
        if node.id in at_once:
            report.warning("call_recursion", node.id, node.line)


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
