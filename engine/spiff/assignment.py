"""Who may work on a user task, and until when: computed once, when the task is created."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from typing import Any

from SpiffWorkflow.task import Task

from engine.errors import ExecutionFailed
from engine.iso8601 import moment_of
from engine.spiff import source, variables
from engine.spiff.context import basis_of

DEFAULT_PRIORITY = 50


def assign(task: Task, element: source.Node) -> dict[str, Any]:
    """The task's people, dates and service level, as kept in the saved state. Empty values are left out."""
    attributes, properties = element.attributes, element.properties
    groups = _names(task, attributes.get("candidateGroups"))
    if not groups and not attributes.get("candidateUsers") and not attributes.get("assignee") and element.lane:
        groups = (element.lane,)
    found: dict[str, Any] = {
        "assignee": next(iter(_names(task, attributes.get("assignee"))), None),
        "groups": groups,
        "users": _names(task, attributes.get("candidateUsers")),
        "excluded": _names(task, properties.get("excludedUsers")),
        "priority": _priority(task, attributes.get("priority")),
        "form": form_of(task, element),
    }
    task.internal_data["assignment"] = {"groups": groups}
    calendar = _calendar(task, element, groups)
    found["due"] = _moment(task, element, "dueDate", calendar)
    if found["due"]:
        found["due_basis"] = _basis(task, found["due"], calendar)
    found["follow_up"] = _moment(task, element, "followUpDate", calendar)
    found |= _service_level(task, element, calendar, found["due"])
    return {key: list(value) if isinstance(value, tuple) else value for key, value in found.items() if value}


def _names(task: Task, text: str | None) -> tuple[str, ...]:
    return variables.names_in(variables.resolve(task, text)) if text else ()


def form_of(task: Task, element: source.Node) -> str | None:
    """The key of the task's form."""
    return _text(task, element.attributes.get("formKey"))


def _text(task: Task, text: str | None) -> str | None:
    value = variables.resolve(task, text) if text else None
    return None if value is None else str(value)


def _priority(task: Task, text: str | None) -> int:
    if not text:
        return DEFAULT_PRIORITY
    value = variables.resolve(task, text)
    try:
        return int(value)
    except (TypeError, ValueError):
        raise _failed(task, f"priority {value!r} is no number") from None


def _calendar(task: Task, element: source.Node, groups: tuple[str, ...]) -> str | None:
    own = element.properties.get("calendar")
    if own:
        value = variables.resolve(task, own)
        return None if value in (None, "", "office") else str(value)
    return groups[0] if groups else None


def _moment(task: Task, element: source.Node, attribute: str, calendar: str | None) -> str | None:
    text = element.attributes.get(attribute)
    if not text:
        return None
    context = variables.top(task).context
    context.computed.clear()
    value = variables.resolve(task, text, calendar)
    if value is None or value == "":
        return None
    try:
        if attribute == "dueDate" and _is_day(value):
            value = f"{value}T23:59"
        return moment_of(value, context.now, context.time_zone).isoformat()
    except (ValueError, OverflowError) as problem:
        raise _failed(task, f"{attribute} {text!r}: {problem}") from None


def _basis(task: Task, due: str, calendar: str | None) -> dict[str, Any]:
    """What a due date of the model was computed from, so that it can be computed again."""
    context = variables.top(task).context
    found = basis_of(context, datetime.fromisoformat(due), calendar)
    return found or {"start": context.now.isoformat(), "fixed": due}


def _is_day(value: object) -> bool:
    """A day without an hour: what is due that day may be done until it ends."""
    if isinstance(value, str):
        return re.fullmatch(r"\d{4}-\d{2}-\d{2}", value) is not None
    return isinstance(value, date) and not isinstance(value, datetime)


def _service_level(task: Task, element: source.Node, calendar: str | None, due: str | None) -> dict[str, Any]:
    """Working hours the task may take, and the due moment they mean when no due date says otherwise."""
    text = element.properties.get("serviceLevel")
    if not text:
        return {}
    value = variables.resolve(task, text, calendar)
    if value is None:
        return {}
    try:
        hours = float(value)
    except (TypeError, ValueError):
        hours = -1.0
    if isinstance(value, bool) or not 0 < hours <= 100_000:
        raise _failed(task, f"service level {value!r} is no number of working hours")
    context = variables.top(task).context
    try:
        end = context.calendar(calendar).add(context.now, timedelta(hours=hours))
    except (ValueError, OverflowError) as problem:
        raise _failed(task, f"service level of {hours} working hours: {problem}") from None
    return {"level": [hours, calendar], "due": due or end.isoformat()}


def _failed(task: Task, reason: str) -> ExecutionFailed:
    return ExecutionFailed(node_id=task.task_spec.bpmn_id, reason=reason)
