"""Compensation: what was completed is undone by its handlers, the last first, one after the other.

Each scope remembers what was completed in it and can be undone: the instance in its state, a sub-process in its token.
When a sub-process ends, what it remembers goes to the scope around it; undoing it opens its scope once more. There its
event sub-process for compensation runs, if it has one, and undoes what it throws for; otherwise everything is undone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from SpiffWorkflow.task import Task

from engine.spiff import listeners, variables
from engine.spiff.workflow import UNFINISHED, ScopeTasks, cancel_task

DONE, UNDO, RUNNER = "done", "undo", "runner"
"""In a token: what was completed inside; what is still to be undone; the token that undoes, of a handler."""
CUT = "cut"
"""In what is remembered: a sub-process that ended before it was completed. It has no handler, only what lies inside."""


def remember(task: Task, inside: Mapping[str, Any]) -> None:
    """An activity is completed: keep it if it can be undone. Handlers themselves can't. ``inside``: local variables
    that ended with it, seen again where its scope is opened to undo it."""
    data, node = task.internal_data, task.task_spec
    if RUNNER in data or "interrupted" in data:
        return
    if node.compensation is not None or node.undoing is not None or data.get(DONE):
        _log(task.workflow).append(_entry(task, inside))


def _entry(task: Task, inside: Mapping[str, Any]) -> dict[str, Any]:
    data = task.internal_data
    entry: dict[str, Any] = {"node": task.task_spec.bpmn_id}
    if inside or variables.LOCAL in data:
        entry["local"] = {**inside, **data.get(variables.LOCAL, {})}
    if data.get(DONE):
        entry["done"] = data[DONE]
    return entry


def _log(scope: ScopeTasks) -> list[dict[str, Any]]:
    if scope.owner is None:
        found: list[dict[str, Any]] = scope.top_workflow.compensable  # type: ignore[attr-defined]  # both kinds have it
        return found
    kept: list[dict[str, Any]] = scope.owner.internal_data.setdefault(DONE, [])
    return kept


def begin(task: Task, reference: str = "") -> bool:
    """Undo what was completed in the scope of a throwing event, or only ``reference``. True: nothing to undo."""
    log = _log(_scope(task))
    wanted = [entry for entry in log if reference in ("", entry["node"])]
    log[:] = [entry for entry in log if entry not in wanted]
    if not wanted:
        return True
    task.internal_data[UNDO] = wanted
    proceed(task)
    return False


def _scope(task: Task) -> ScopeTasks:
    """Where a token undoes: in its own scope once that is open; from an event sub-process in the scope around it."""
    workflow: ScopeTasks = task.workflow
    opened: ScopeTasks | None = variables.top(task).subprocesses.get(task.id)
    if opened is not None:
        return opened
    owner = workflow.owner
    return owner.workflow if owner is not None and owner.task_spec.element.by_event else workflow


def proceed(runner: Task) -> None:
    """Undo the next; when there is none, the runner goes on."""
    if not runner._state & UNFINISHED:
        return
    entries = runner.internal_data[UNDO]
    if not entries:
        _end(runner)
        return
    entry, scope = entries.pop(), _scope(runner)
    activity = scope.spec.by_element[entry["node"]]
    more = {variables.LOCAL: entry["local"]} if "local" in entry else {}
    if activity.compensation is not None and CUT not in entry:
        scope.spawn(activity.compensation, **{RUNNER: runner.id}, **more)
    elif activity.undoing is not None and CUT not in entry:
        scope.spawn(activity, **{RUNNER: runner.id, UNDO: [], DONE: entry.get(DONE, [])}, **more)
    else:
        scope.spawn(activity, **{RUNNER: runner.id, UNDO: entry[DONE]}, **more)


def undo_inside(task: Task, scope: ScopeTasks) -> None:
    """The scope of a completed sub-process is open once more: its event sub-process for compensation undoes it."""
    if DONE in task.internal_data:
        scope.spawn(task.task_spec.undoing)
    else:
        proceed(task)


def _end(runner: Task) -> None:
    event = runner.task_spec.element.event
    if event.kind == "cancel":
        variables.top(runner).record("completed", runner)
        leave_transaction(runner)
    elif event.kind == "compensate":
        runner.complete()
    # the scope of a sub-process that is undone closes by itself


def handled(handler: Task) -> None:
    """A handler is done: the next one."""
    if "interrupted" not in handler.internal_data:
        left(handler)


def left(activity: Task) -> None:
    """An activity is over, or left by its boundary event: if it undid something, the next is undone."""
    runner = variables.top(activity).task(activity.internal_data.get(RUNNER))
    if runner is not None:
        proceed(runner)


def cancel(task: Task) -> bool:
    """A cancel end event: what runs in the transaction ends, what was completed is undone. True: it is all over."""
    others = [other for other in task.workflow.live() if other is not task]
    for other in others:
        _cut(other)
    for other in others:
        cancel_task(other)
    if not begin(task):
        return False
    leave_transaction(task)
    return True


def _cut(task: Task) -> None:
    """What was completed in a sub-process that still runs, and in those inside it, is kept to be undone; so is the rest
    of what was being undone."""
    data, scope = task.internal_data, variables.top(task).subprocesses.get(task.id)
    if scope is None:
        _log(_scope(task))[:0] = data.get(UNDO, [])  # an event that was undoing: what it had not begun with
    if RUNNER in data or scope is None:
        return
    for inner in scope.live():
        _cut(inner)
    if data.get(DONE):
        _log(task.workflow).append(_entry(task, {}) | {CUT: True})


def leave_transaction(task: Task) -> None:
    """A token leaves the transaction by its cancel boundary event."""
    owner = task.workflow.owner
    body = owner.internal_data.get("body")
    holder = owner if body is None else owner.workflow.tasks[body]
    boundary = next(node for node in holder.task_spec.boundaries if node.element.event.kind == "cancel")
    listeners.trigger_boundary(holder, boundary)
