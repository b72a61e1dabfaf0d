"""What people do with user tasks: claim, release, assign, complete."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any

from sqlalchemy import Row, update
from sqlalchemy.orm import Session

from engine.commands.audit import audit
from engine.commands.model import AssignTask, ClaimTask, CompleteTask, ReleaseTask, Result
from engine.commands.projection import Done, known
from engine.commands.saving import save
from engine.commands.unit import Unit, executing, require_active, restore, unit_of
from engine.commands.values import checked
from engine.errors import NotAllowed, TaskAlreadyClaimed, TaskAlreadyCompleted, TaskCancelled, TaskNotFound
from engine.events import TaskAssigned, TaskCompleted
from engine.model import TaskState, WaitingTask
from engine.rows import TaskRow
from engine.store import statements as sql
from engine.store.rows import TASK, task_row
from engine.store.tables import user_task

_TASK_FIELDS = tuple(column.name for column in TASK)


def complete(session: Session, command: CompleteTask) -> Result:
    """The task is completed by the actor and the instance has moved on to its next stable point.

    Raises TaskNotFound, TaskAlreadyCompleted, TaskCancelled, TaskAlreadyClaimed, NotAllowed, BadVariables,
    InstanceNotActive, ExecutionFailed, InstanceChanged.
    """
    variables = checked(command.variables)
    unit, row = _lock(session, command.task_id, command.actor, with_state=True)
    execution = restore(unit, row)
    rows = known(execution.waiting())
    task = _with_candidates(row, rows.tasks[command.task_id])
    _may_complete(task, command)
    with executing(unit.instance_id):
        execution.complete(command.task_id, variables)
    done = replace(
        task,
        state=TaskState.COMPLETED,
        assignee=task.assignee or command.actor,
        claimed_at=task.claimed_at or unit.at,
        ended_at=unit.at,
        ended_by=command.actor,
    )
    _write_completion(unit, done)
    unit.events.append(TaskCompleted(**unit.facts(), task=done, variables=variables))
    created = save(unit, execution, rows, done=Done(task_id=task.id))
    return Result(
        instance_id=unit.instance_id, business_key=unit.business_key, state=unit.state, created=created, task=done
    )


def _write_completion(unit: Unit, done: TaskRow) -> None:
    sql.COMPLETE_TASK.run(
        unit.connection,
        {
            "b_id": done.id,
            "assignee": done.assignee,
            "claimed_at": done.claimed_at,
            "ended_at": done.ended_at,
            "ended_by": done.ended_by,
        },
    )


def _may_complete(task: TaskRow, command: CompleteTask) -> None:
    _not_excluded(task, command.actor)
    if command.override or task.assignee == command.actor:
        return
    if task.assignee is not None:
        raise TaskAlreadyClaimed(task_id=task.id, assignee=task.assignee)
    _candidate(task, command.actor, command.groups)


def _not_excluded(task: TaskRow, login: str) -> None:
    if login in task.excluded_users:
        raise NotAllowed(task_id=task.id, actor=login, reason="excluded")


def _candidate(task: TaskRow, login: str, groups: Collection[str]) -> None:
    if login not in task.candidate_users and not set(task.candidate_groups).intersection(groups):
        raise NotAllowed(task_id=task.id, actor=login, reason="no_candidate")


def claim(session: Session, command: ClaimTask) -> Result:
    """The task is the actor's; claiming one's own task again changes nothing.

    Raises TaskNotFound, TaskAlreadyCompleted, TaskCancelled, TaskAlreadyClaimed, NotAllowed.
    """
    unit, task = _lock_task(session, command.task_id, command.actor)
    _not_excluded(task, command.actor)
    if task.assignee == command.actor:
        return Result(instance_id=unit.instance_id, business_key=unit.business_key, state=unit.state, task=task)
    if task.assignee is not None:
        raise TaskAlreadyClaimed(task_id=task.id, assignee=task.assignee)
    _candidate(task, command.actor, command.groups)
    return _give(unit, task, command.actor, "task_claimed", {})


def release(session: Session, command: ReleaseTask) -> Result:
    """The task waits for its candidates again. Raises NotAllowed when it is somebody else's."""
    unit, task = _lock_task(session, command.task_id, command.actor)
    if task.assignee is None:
        return Result(instance_id=unit.instance_id, business_key=unit.business_key, state=unit.state, task=task)
    if task.assignee != command.actor and not command.override:
        raise NotAllowed(task_id=task.id, actor=command.actor, reason="assigned_to_other")
    return _give(unit, task, None, "task_released", {"assignee": task.assignee})


def assign(session: Session, command: AssignTask) -> Result:
    """The task is ``assignee``'s. Raises NotAllowed when the assignee is excluded."""
    unit, task = _lock_task(session, command.task_id, command.actor)
    _not_excluded(task, command.assignee)
    facts = {"assignee": command.assignee, "previous": task.assignee, "reason": command.reason}
    audit(session, command, unit.instance_id, task.id, facts)
    return _give(unit, task, command.assignee, "task_assigned", facts)


def _give(unit: Unit, task: TaskRow, assignee: str | None, kind: str, changes: dict[str, Any]) -> Result:
    state = TaskState.CREATED if assignee is None else TaskState.CLAIMED
    claimed_at = None if assignee is None else unit.at
    unit.connection.execute(
        update(user_task)
        .where(user_task.c.id == task.id)
        .values(state=state.value, assignee=assignee, claimed_at=claimed_at)
    )
    changed = replace(task, state=state, assignee=assignee, claimed_at=claimed_at)
    unit.record(kind, task.node_id, task.id, changes)
    unit.write_history()
    unit.events.append(TaskAssigned(**unit.facts(), task=changed, assignee=assignee, previous=task.assignee))
    unit.publish()
    return Result(instance_id=unit.instance_id, business_key=unit.business_key, state=unit.state, task=changed)


def _lock_task(session: Session, task_id: str, actor: str) -> tuple[Unit, TaskRow]:
    unit, row = _lock(session, task_id, actor, with_state=False)
    candidates = [(kind, name) for kind, name in unit.connection.execute(sql.CANDIDATES, {"task": task_id})]
    return unit, _task(row, candidates)


def _lock(session: Session, task_id: str, actor: str, *, with_state: bool) -> tuple[Unit, Row[Any]]:
    """Lock the instance and its open task. Raises what a task can no longer be done for."""
    connection = session.connection()
    statement = sql.LOCK_TASK_WITH_STATE if with_state else sql.LOCK_TASK
    row = connection.execute(statement, {"id": task_id}).first()
    if row is None:
        raise TaskNotFound(task_id=task_id)
    if row.state == TaskState.COMPLETED:
        raise TaskAlreadyCompleted(task_id=task_id, completed_by=row.ended_by, completed_at=row.ended_at)
    if row.state == TaskState.CANCELLED:
        raise TaskCancelled(task_id=task_id)
    unit = unit_of(session, connection, row, actor)
    require_active(unit)
    return unit, row


def _with_candidates(row: Row[Any], waiting: WaitingTask) -> TaskRow:
    """The row; its candidates are in the state as well as in a table, so they need not be read."""
    return replace(
        _task(row, ()),
        candidate_groups=waiting.candidate_groups,
        candidate_users=waiting.candidate_users,
        excluded_users=waiting.excluded_users,
    )


def _task(row: Row[Any], candidates: Collection[tuple[str, str]]) -> TaskRow:
    return task_row({name: row._mapping[name] for name in _TASK_FIELDS}, candidates)
