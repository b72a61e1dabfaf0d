"""Checks of what a drawing says twice or in vain: two handlers of one error, unread conditions, links with flows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from engine.spiff.source import Node, Process, Scope

if TYPE_CHECKING:
    from engine.spiff.lint import Report

CAUGHT_BY_CODE = ("error", "escalation")


def check(report: Report, process: Process) -> None:
    """All scopes of a process."""
    _scope(report, process.scope, ())


def _scope(report: Report, scope: Scope, caught: tuple[str, ...]) -> None:
    """``caught``: the error codes that are caught around it; "" catches all."""
    around = caught
    caught = (*around, *(start.event.name for start in _event_starts(scope) if start.event.kind == "error"))
    _handlers(report, list(_event_starts(scope)))
    for node in scope.nodes.values():
        edges = [edge for edge in scope.nodes.values() if edge.attached_to == node.id]
        _handlers(report, edges)
        _defaults(report, scope, node)
        _link(report, scope, node)
        if node.type == "boundaryEvent" and node.event.kind == "cancel" and not node.interrupting:
            report.error("cancel_not_interrupting", node.id, node.line)
        if node.type == "endEvent" and node.event.kind == "error" and not {"", node.event.name} & {*caught}:
            report.warning("error_not_caught", node.id, node.line, error=node.event.name)
        if node.scope is not None:
            codes = (edge.event.name for edge in edges if edge.event.kind == "error")
            _scope(report, node.scope, (*(around if node.by_event else caught), *codes))


def _event_starts(scope: Scope) -> Iterator[Node]:
    for node in scope.nodes.values():
        if node.by_event and node.scope is not None:
            yield from (inner for inner in node.scope.nodes.values() if inner.type == "startEvent")


def _handlers(report: Report, nodes: list[Node]) -> None:
    first: dict[tuple[str, str], Node] = {}
    for node in nodes:
        if node.event.kind in CAUGHT_BY_CODE:
            other = first.setdefault((node.event.kind, node.event.name), node)
            if other is not node:
                report.error("handler_twice", node.id, node.line, kind=node.event.kind, reference=other.id)


def _defaults(report: Report, scope: Scope, node: Node) -> None:
    flow = scope.flows.get(node.default or "")
    if flow is not None and flow.source == node.id and flow.condition:
        report.warning("default_condition", flow.id, flow.line, expression=flow.condition[:200])


def _link(report: Report, scope: Scope, node: Node) -> None:
    if node.event.kind != "link":
        return
    throws = node.type == "intermediateThrowEvent"
    if scope.outgoing(node.id) if throws else scope.incoming(node.id):
        report.error("link_flow", node.id, node.line)
    others = [other for other in scope.nodes.values() if other.event == node.event and other.type != node.type]
    if not throws and not others:
        report.warning("unreachable", node.id, node.line)
