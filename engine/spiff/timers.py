"""Timers: when they are due, computed once when the token comes, from the injected clock and calendars."""

from __future__ import annotations

from datetime import datetime
from typing import Any, TypedDict

from SpiffWorkflow.task import Task

from engine.cron import is_cron, parse_cron
from engine.errors import ExecutionFailed
from engine.iso8601 import Cycle, TimeRefused, moment_of, parse_cycle
from engine.spiff import source, variables
from engine.spiff.context import ExecutionContext, basis_of
from engine.spiff.job_priority import JOB, priority_of


class Armed(TypedDict, total=False):
    """A waiting timer in the saved state. ``number`` counts firings; ``left`` is what remains of a cycle."""

    due: str
    text: str
    start: str
    calendar: str | None
    working: dict[str, Any]
    owner: str
    cycle: str
    number: int
    priority: int


def calendar_of(task: Task, element: source.Node) -> str | None:
    """The calendar an element counts on: its own property, else the first candidate group of the task it belongs to."""
    own = element.properties.get("calendar")
    if own:
        value = variables.resolve(task, own)
        return None if value in (None, "", "office") else str(value)
    assignment = task.internal_data.get("assignment") or {}
    groups = assignment.get("groups") or ()
    return groups[0] if groups else None


def arm(task: Task, element: source.Node, timer: source.TimerText, owner: Task | None = None) -> Armed:
    """Compute when ``element``'s timer is due. ``owner`` is the activity a boundary event hangs on."""
    calendar, context = calendar_of(owner or task, element), variables.top(task).context
    context.computed.clear()
    try:
        value = variables.resolve(task, timer.text, calendar)
    except (ValueError, OverflowError) as problem:
        raise _failed(element.id, timer, problem) from None
    armed = armed_at(context, element.id, timer, value, calendar)
    working = basis_of(context, value, calendar)
    if working is not None and "cycle" not in armed:
        armed["working"] = working
        if owner is not None:
            armed["owner"] = str(owner.id)
    priority = priority_of(task, element, JOB)
    return {**armed, "priority": priority} if priority else armed


def armed_at(
    context: ExecutionContext, node_id: str, timer: source.TimerText, value: object, calendar: str | None
) -> Armed:
    """A timer whose text says ``value``, from now on. Raises ExecutionFailed."""
    armed: Armed = {"text": timer.text, "start": context.now.isoformat(), "number": 0}
    if calendar is not None:
        armed["calendar"] = calendar
    try:
        if timer.kind == "cycle":
            return _cycle(context, armed, value)
        armed["due"] = moment_of(value, context.now, context.time_zone).isoformat()
    except (ValueError, OverflowError) as problem:
        raise _failed(node_id, timer, problem) from None
    return armed


def _failed(node_id: str, timer: source.TimerText, problem: Exception) -> ExecutionFailed:
    return ExecutionFailed(node_id=node_id, reason=f"timer {timer.text!r}: {problem}")


def _cycle(context: ExecutionContext, armed: Armed, value: object) -> Armed:
    if not isinstance(value, str):
        raise TimeRefused("a repetition is a text such as R3/PT1H")
    if is_cron(value):
        due = parse_cron(value).after(context.now, context.time_zone)
        return {**armed, "cycle": value, "due": due.isoformat()}
    cycle = parse_cycle(value, context.time_zone)
    armed["cycle"] = value
    armed["due"] = cycle.due(context.now, 0, context.time_zone).isoformat()
    if cycle.count == 0:
        raise TimeRefused("a repetition of zero times never fires")
    return armed


def next_firing(context: ExecutionContext, armed: Armed) -> Armed | None:
    """The timer after it has fired once more; None when it is exhausted. Late cycles beyond the limit are skipped."""
    text = armed.get("cycle")
    if text is None:
        return None
    if is_cron(text):  # what was missed is not made up for
        after = max(datetime.fromisoformat(armed["due"]), context.now)
        due = parse_cron(text).after(after, context.time_zone)
        return {**armed, "number": armed["number"] + 1, "due": due.isoformat()}
    cycle = parse_cycle(text, context.time_zone)
    anchor = datetime.fromisoformat(armed["start"])
    number = armed["number"] + 1
    if cycle.count is None:
        number = _caught_up(cycle, anchor, number, context)
    elif number >= cycle.count:
        return None
    due = cycle.due(anchor, number, context.time_zone)
    return {**armed, "number": number, "due": due.isoformat()}


def _caught_up(cycle: Cycle, anchor: datetime, number: int, context: ExecutionContext) -> int:
    """The first firing not more than ``limits.catch_up`` cycles in the past."""
    zone, late = context.time_zone, context.limits.catch_up
    if cycle.due(anchor, number + late, zone) >= context.now:
        return number
    low, high = number + late, number + 2 * late
    while cycle.due(anchor, high, zone) < context.now:
        low, high = high, high * 2
    while low < high:
        middle = (low + high) // 2
        low, high = (middle + 1, high) if cycle.due(anchor, middle, zone) < context.now else (low, middle)
    return max(number, low - late)


def key_of(node_id: str, armed: Armed) -> str:
    """Tells one firing of one timer apart from every other."""
    return f"{node_id}:{armed['number']}"


def explanation(armed: Armed) -> dict[str, Any]:
    """How the due moment came about: for people, and (``working``) for computing it again on a changed calendar.
    ``owner`` is the task whose pauses count for it too."""
    found: dict[str, Any] = {
        "expression": armed["text"],
        "start": armed["start"],
        "calendar": armed.get("calendar"),
        "working": armed.get("working"),
        "owner": armed.get("owner"),
    }
    return {name: value for name, value in found.items() if value is not None or name == "calendar"}
