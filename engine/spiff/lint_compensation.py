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


def _boundary(report: Report, scope: Scope, node: Node) -> None:
    handler = scope.nodes.get(scope.handler(node.id) or "")
    if handler is None or not handler.compensates or scope.outgoing(node.id):
        report.error("compensation_handler", node.id, node.line)


def _throw(report: Report, scope: Scope, node: Node, around: Scope | None) -> None:
    reference = node.event.name
    target = scope.nodes.get(reference) if around is None else around.nodes.get(reference)
    if reference and (target is None or not (target.type in SCOPES or _can_be_undone(around or scope, reference))):
        report.error("compensation_target", node.id, node.line, reference=reference)


def _can_be_undone(scope: Scope, identifier: str) -> bool:
    return any(
        node.attached_to == identifier and node.event.kind == "compensate"
        for node in scope.nodes.values()
        if node.type == "boundaryEvent"
    )


def _cancel(report: Report, scope: Scope, node: Node, holder: Node | None) -> None:
    place = scope.nodes.get(node.attached_to or "") if node.type == "boundaryEvent" else holder
    if place is None or place.type != "transaction":
        report.error("cancel_place", node.id, node.line)


def _transaction(report: Report, scope: Scope, node: Node) -> None:
    ends = [inner for inner in node.scope.nodes.values() if inner.event.kind == "cancel"] if node.scope else []
    caught = any(other.attached_to == node.id and other.event.kind == "cancel" for other in scope.nodes.values())
    if ends and not caught:
        report.error("cancel_without_boundary", node.id, node.line)
