"""Errors and escalations: who catches what is thrown, from the innermost scope outwards."""

from __future__ import annotations

from SpiffWorkflow.task import Task

from engine.spiff import compensation, listeners
from engine.spiff.node import Node


def throw_error(origin: Task, code: str) -> bool:
    """Give an error to the nearest handler. False: nobody catches it."""
    return _throw(origin, "error", code)


def throw_escalation(origin: Task, code: str) -> bool:
    """Give an escalation to the nearest handler. False: nobody catches it, and work goes on."""
    return _throw(origin, "escalation", code)


def is_caught(origin: Task, code: str) -> bool:
    """Whether anybody would catch that error."""
    return _handler(origin, "error", code) is not None


def _throw(origin: Task, kind: str, code: str) -> bool:
    found = _handler(origin, kind, code)
    if found is None:
        return False
    holder, node, attached = found
    if attached:
        listeners.trigger_boundary(_outermost(holder), node)
    else:
        listeners.trigger_event_scope(holder.workflow, node)
    return True


def _handler(origin: Task, kind: str, code: str) -> tuple[Task, Node, bool] | None:
    """Who catches it: the holder, the node, and whether that is attached to the holder or begins an event scope."""
    holder: Task | None = origin
    while holder is not None:
        undone = compensation.UNDO in holder.internal_data  # it was completed: its boundary events are over
        boundary = None if undone else _match(getattr(holder.task_spec, "boundaries", ()), kind, code)
        if boundary is not None:
            return holder, boundary, True
        if not holder.task_spec.element.by_event:
            handler = _match(holder.workflow.spec.event_starts, kind, code)
            if handler is not None:
                return holder, handler, False
        holder = holder.workflow.owner
    return None


def _match(candidates: object, kind: str, code: str) -> Node | None:
    """The handler of that code, else the one for any code."""
    assert isinstance(candidates, list | tuple)
    found = [node for node in candidates if node.element.event.kind == kind]
    exact = [node for node in found if node.element.event.name == code and code]
    general = [node for node in found if not node.element.event.name]
    return next(iter(exact or general), None)


def _outermost(task: Task) -> Task:
    """The activity a boundary event hangs on: of a loop item, the whole loop."""
    body = task.internal_data.get("body")
    return task if body is None else task.workflow.tasks[body]
