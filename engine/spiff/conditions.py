"""Conditional events: looked at whenever variables have changed, and when the token comes.

One with a filter (``camunda:variableName``, ``camunda:variableEvents``) is looked at when the token comes, and after
that only when a variable it names has another value than when last looked: set to its own value it has not changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from SpiffWorkflow.task import Task

from engine import evaluator
from engine.spiff import happenings, source, variables
from engine.spiff.listeners import Listener
from engine.spiff.node import Node
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


def remember(workflow: InstanceWorkflow) -> None:
    """Filters are about what changes from now on."""
    for scope in workflow.scopes():
        for task in scope.live():
            for node in happenings.awaited(task):
                if node.element.event.filter is not None:
                    _concerned(task, node)


def _concerned(task: Task, node: Node) -> bool:
    """Whether anything has changed that the event is about. The first look is about everything."""
    about = node.element.event.filter
    if about is None:
        return True
    visible = variables.visible(task)
    now = {name: visible[name] for name in about.names or visible if name in visible}
    seen, key = variables.top(task).seen, (task.id, node.bpmn_id)
    before, seen[key] = seen.get(key), now
    return before is None or any(_change(before, now, name) in about.kinds for name in before.keys() | now.keys())


def _change(before: Mapping[str, Any], now: Mapping[str, Any], name: str) -> str | None:
    if name not in before or name not in now:
        return "create" if name in now else "delete"
    old, new = before[name], now[name]
    return None if type(old) is type(new) and old == new else "update"


def _holding(task: Task) -> str | None:
    for node in happenings.awaited(task):
        event = node.element.event
        if event.kind != "conditional" or not _concerned(task, node):
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
