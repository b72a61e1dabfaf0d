"""Conditional events: looked at whenever variables have changed, and when the token comes."""

from __future__ import annotations

from SpiffWorkflow.task import Task

from engine import evaluator
from engine.spiff import happenings, source, variables
from engine.spiff.listeners import Listener
from engine.spiff.workflow import InstanceWorkflow

HELD = "held"
"""Mark of a listener that has fired and fires again only after its condition was false."""


def check(workflow: InstanceWorkflow) -> None:
    """Fire every conditional event whose condition holds now."""
    for scope in list(workflow.scopes()):
        for task in scope.live():
            node_id = None if scope.completed else _holding(task)
            if node_id is not None:
                happenings.fire(task, node_id)


def _holding(task: Task) -> str | None:
    for node in happenings.awaited(task):
        event = node.element.event
        if event.kind != "conditional":
            continue
        if not _holds(task, event):
            task.internal_data.pop(HELD, None)
        elif HELD not in task.internal_data:
            if isinstance(node, Listener) and not node.element.interrupting:
                task.internal_data[HELD] = True
            return str(node.bpmn_id)
    return None


def _holds(task: Task, event: source.EventText) -> bool:
    """A condition about a variable that is not there yet does not hold."""
    text = event.condition or ""
    if evaluator.compile_expression(text).names - variables.visible(task).keys():
        return False
    return bool(variables.evaluate(task, text))
