"""Start events that wait for a moment before there is an instance."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast

from engine import evaluator
from engine.model import WaitingStart
from engine.spiff import source, timers
from engine.spiff.context import ExecutionContext
from engine.spiff.programs import Program
from engine.spiff.variables import is_expression


def first_starts(program: Program, context: ExecutionContext) -> list[WaitingStart]:
    """The timers a newly deployed version waits for. Raises ExecutionFailed, ExpressionFailed."""
    found = []
    for node in program.spec.by_element.values():
        timer = node.element.event.timer
        if node.element.type == "startEvent" and timer is not None and node in program.spec.begins_by_itself:
            found.append(_waiting(node.bpmn_id, _arm(node.element, timer, context)))
    return found


def next_start(context: ExecutionContext, node_id: str, armed: Mapping[str, Any]) -> WaitingStart | None:
    """The timer after it has fired once more; None when that was the last time."""
    following = timers.next_firing(context, cast(timers.Armed, armed))
    return None if following is None else _waiting(node_id, following)


def _arm(element: source.Node, timer: source.TimerText, context: ExecutionContext) -> timers.Armed:
    calendar = element.properties.get("calendar")
    value: Any = timer.text
    if is_expression(timer.text):
        value = evaluator.evaluate(timer.text, {}, context.functions(calendar))
    return timers.armed_at(context, element.id, timer, value, calendar)


def _waiting(node_id: str, armed: timers.Armed) -> WaitingStart:
    return WaitingStart(node_id, datetime.fromisoformat(armed["due"]), cast(Mapping[str, Any], armed))
