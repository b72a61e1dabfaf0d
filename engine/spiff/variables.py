"""Process variables: JSON values of the instance, and local ones of a loop item or an input parameter.

Variables belong to the instance, not to a token: what a task sets is visible to every branch at once, and parallel
branches can't overwrite what they did not set. A value is never changed in place, it is replaced.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Mapping, MutableMapping
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from SpiffWorkflow.task import Task

from engine import evaluator
from engine.errors import BadVariables, ExpressionFailed

if TYPE_CHECKING:
    from engine.spiff.workflow import InstanceWorkflow

LOCAL = "local"
ADDED = "added"
"""Names of the local variables that a worker gave when it finished."""
MAX_VALUES = 100_000
MAX_NESTING = 64
BIGGEST_INTEGER = 2**63 - 1


def locals_of(task: Task) -> list[dict[str, Any]]:
    """Local variables visible at the task, the innermost first."""
    found: list[dict[str, Any]] = []
    current: Task | None = task
    while current is not None:
        local = current.internal_data.get(LOCAL)
        if local is not None:
            found.append(local)
        body = current.internal_data.get("body")
        if body is not None and LOCAL in (holder := current.workflow.tasks[body]).internal_data:
            found.append(holder.internal_data[LOCAL])
        current = current.workflow.owner
    return found


def visible(task: Task) -> Mapping[str, Any]:
    """All variables an expression at the task may read. Not to be changed."""
    local = locals_of(task)
    variables: MutableMapping[str, Any] = top(task).variables
    return ChainMap(*local, *_counters_of(task), variables) if local else variables


def _counters_of(task: Task) -> list[dict[str, Any]]:
    """The counters of the loops the task lies in, the innermost first."""
    found: list[dict[str, Any]] = []
    current: Task | None = task
    while current is not None:
        body = current.internal_data.get("body")
        if body is not None:
            found.append(counters(current.workflow.tasks[body]))
        current = current.workflow.owner
    return found


def counters(body: Task, *, between: bool = False) -> dict[str, Any]:
    """How far a multi-instance is, by the names of BPMN and of Camunda. ``between``: an item has just ended."""
    state = body.internal_data
    if "total" not in state:
        return {}
    total, done = state["total"], state["completed"]
    active = total - done if "items" not in state else 0 if between else 1
    counts = {"Instances": total, "CompletedInstances": done, "ActiveInstances": active}
    named = {f"{prefix}{name}": count for prefix in ("nrOf", "numberOf") for name, count in counts.items()}
    return {**named, "numberOfTerminatedInstances": 0}


def top(task: Task) -> InstanceWorkflow:
    """The workflow of the whole instance."""
    workflow: InstanceWorkflow = task.workflow.top_workflow
    return workflow


def write(task: Task, changes: Mapping[str, Any]) -> None:
    """Set variables: where a local one of that name is visible there, else in the instance."""
    if not changes:
        return
    check(changes)
    local = locals_of(task)
    workflow = top(task)
    workflow.changed = True
    variables = workflow.variables
    for name, value in changes.items():
        holder = next((scope for scope in local if name in scope), variables)
        holder[name] = value
    task.data.update(changes)


def add_local(task: Task, changes: Mapping[str, Any]) -> None:
    """Set local variables of an activity; they end with it."""
    check(changes)
    task.internal_data.setdefault(LOCAL, {}).update(changes)
    task.internal_data[ADDED] = sorted(changes)


def evaluate(task: Task, text: str, calendar: str | None = None, extra: Mapping[str, Any] | None = None) -> Any:
    """The value of an expression at the task. Raises ExpressionFailed naming the node."""
    workflow = top(task)
    variables = visible(task)
    if extra:
        variables = ChainMap(dict(extra), dict(variables))
    try:
        return evaluator.evaluate(text, variables, workflow.functions(calendar))
    except ExpressionFailed as failure:
        raise ExpressionFailed(**{**failure.facts, "node_id": task.task_spec.bpmn_id}) from None


def is_expression(text: str) -> bool:
    """Whether an attribute's text is computed, rather than meant literally."""
    return text.startswith("=") or "${" in text or "#{" in text


def resolve(task: Task, text: str, calendar: str | None = None) -> Any:
    """An attribute's value: its text, or what its expression says."""
    return evaluate(task, text, calendar) if is_expression(text) else text


def names_in(value: Any) -> tuple[str, ...]:
    """Logins or groups from a text with commas, or from a list."""
    if value is None:
        return ()
    items = value.split(",") if isinstance(value, str) else value if isinstance(value, list | tuple) else [value]
    return tuple(name for item in items if item is not None and (name := str(item).strip()))


def plain(value: Any) -> Any:
    """Moments and days as ISO text, tuples as lists: what an expression may compute and a variable can't be."""
    return _Plain().of(value, 1)


class _Plain:
    """Counts while it copies: a few shared lists can stand for a billion values."""

    def __init__(self) -> None:
        self.count = 0

    def of(self, value: Any, depth: int) -> Any:
        self.count += 1
        if self.count > MAX_VALUES or depth > MAX_NESTING:
            raise BadVariables(path="", type="too large")
        if isinstance(value, datetime | date):
            return value.isoformat()
        if isinstance(value, list | tuple):
            return [self.of(item, depth + 1) for item in value]
        if isinstance(value, dict):
            return {key: self.of(item, depth + 1) for key, item in value.items()}
        return value


def check(variables: Mapping[str, Any]) -> None:
    """Raises BadVariables unless every value is JSON of a reasonable size."""
    stack: list[tuple[str, Any, int]] = [(str(name), value, 1) for name, value in variables.items()]
    if not all(isinstance(name, str) for name in variables):
        raise BadVariables(path="", type="name")
    count = 0
    while stack:
        path, value, depth = stack.pop()
        count += 1
        if count > MAX_VALUES or depth > MAX_NESTING:
            raise BadVariables(path=path, type="too large")
        kind = type(value)
        if value is None or kind is bool or kind is str:
            continue
        if kind is int:
            if abs(value) > BIGGEST_INTEGER:
                raise BadVariables(path=path, type="integer of more than 64 bits")
        elif kind is float:
            if value != value or value in (float("inf"), float("-inf")):
                raise BadVariables(path=path, type="not a finite number")
        elif kind is list:
            stack.extend((f"{path}[{i}]", item, depth + 1) for i, item in enumerate(value))
        elif kind is dict:
            if not all(isinstance(key, str) for key in value):
                raise BadVariables(path=path, type="key")
            stack.extend((f"{path}.{key}", item, depth + 1) for key, item in value.items())
        else:
            raise BadVariables(path=path, type=kind.__name__)
