"""Checks of compensation and transactions: who undoes what, and where it may be asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.spiff.source import Node, Process, Scope

if TYPE_CHECKING:
    from engine.spiff.lint import Report

SCOPES = ("subProcess", "transaction", "adHocSubProcess")


def check(report: Report, process: Process) -> None:
    """All scopes of a process."""
    _scope(report, process.scope, None, None)


def _scope(report: Report, scope: Scope, holder: Node | None, around: Scope | None) -> None:
    handlers = {target for _, target in scope.associations}
    _event_scopes(report, scope, holder, around)
    for node in scope.nodes.values():
        if node.event.kind == "compensate" and node.type == "boundaryEvent":
            _boundary(report, scope, node)
        elif node.event.kind == "compensate":
            _throw(report, scope, node, around if holder is not None and holder.by_event else None)
        if node.compensates and (node.id not in handlers or scope.incoming(node.id) or scope.outgoing(node.id)):
            report.error("compensation_handler", node.id, node.line)
        if node.event.kind == "cancel":
            _cancel(report, scope, node, holder)
        if node.type == "transaction":
            _transaction(report, scope, node)
        if node.scope is not None:
            _scope(report, node.scope, node, scope)


def _event_scopes(report: Report, scope: Scope, holder: Node | None, around: Scope | None) -> None:
    """Event sub-processes that undo the scope they lie in: at most one, and only where somebody can ask for it."""
    found = [node for node in scope.nodes.values() if node.undoes_around]
    edge = _undoing_edge(around, holder.id) if around is not None and holder is not None else None
    for node in found:
        other = edge or found[0]
        if holder is None or holder.undoes_around or holder.compensates:
            report.error("compensation_event_place", node.id, node.line)
        elif other is not node:
            report.error("compensation_twice", node.id, node.line, reference=other.id)


def _boundary(report: Report, scope: Scope, node: Node) -> None:
    first = _undoing_edge(scope, node.attached_to or "")
    if first is not None and first is not node:
        report.error("compensation_twice", node.id, node.line, reference=first.id)
    handler = scope.nodes.get(scope.handler(node.id) or "")
    if handler is None or not handler.compensates or scope.outgoing(node.id):
        report.error("compensation_handler", node.id, node.line)


def _throw(report: Report, scope: Scope, node: Node, around: Scope | None) -> None:
    reference = node.event.name
    target = scope.nodes.get(reference) if around is None else around.nodes.get(reference)
    if reference and (target is None or not _can_be_undone(around or scope, target)):
        report.error("compensation_target", node.id, node.line, reference=reference)


def _can_be_undone(scope: Scope, node: Node) -> bool:
    if node.compensates or node.undoes_around:
        return False
    return node.type in SCOPES or _undoing_edge(scope, node.id) is not None


def _undoing_edge(scope: Scope, identifier: str) -> Node | None:
    """The boundary event by which an activity is undone."""
    edges = (node for node in scope.nodes.values() if node.type == "boundaryEvent" and node.attached_to == identifier)
    return next((node for node in edges if node.event.kind == "compensate"), None)


def _cancel(report: Report, scope: Scope, node: Node, holder: Node | None) -> None:
    place = scope.nodes.get(node.attached_to or "") if node.type == "boundaryEvent" else holder
    if place is None or place.type != "transaction":
        report.error("cancel_place", node.id, node.line)


def _transaction(report: Report, scope: Scope, node: Node) -> None:
    ends = [inner for inner in node.scope.nodes.values() if inner.event.kind == "cancel"] if node.scope else []
    caught = any(other.attached_to == node.id and other.event.kind == "cancel" for other in scope.nodes.values())
    if ends and not caught:
        report.error("cancel_without_boundary", node.id, node.line)
