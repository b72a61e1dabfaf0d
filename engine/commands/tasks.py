"""What people do with user tasks: claim, release, assign, complete."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from engine.commands.audit import audit
from engine.commands.model import AssignTask, ClaimTask, CompleteTask, ReleaseTask, Result
from engine.commands.projection import Done, known
from engine.commands.saving import save
from engine.commands.unit import Locked, Unit, executing, require_active, restore, unit_of
from engine.commands.values import checked
from engine.commands.worked import worked_minutes
from engine.errors import NotAllowed, TaskAlreadyClaimed, TaskAlreadyCompleted, TaskCancelled, TaskNotFound
from engine.events import TaskAssigned, TaskCompleted
from engine.model import Delegation, InstanceState, TaskState, WaitingTask
from engine.rows import TaskRow
from engine.store import statements as sql
from engine.store.rows import TASK, task_row
from engine.store.tables import user_task

AWAKE = (InstanceState.ACTIVE,)
ASLEEP = (InstanceState.ACTIVE, InstanceState.SUSPENDED)
_TASK_FIELDS = tuple(column.name for column in TASK)


def complete(session: Session, command: CompleteTask) -> Result:
    """The task is completed by the actor and the instance has moved on to its next stable point.

    Raises TaskNotFound, TaskAlreadyCompleted, TaskCancelled, TaskAlreadyClaimed, NotAllowed, BadVariables,
    InstanceNotActive, ExecutionFailed, InstanceChanged.
    """
    variables = checked(command.variables)
    unit, row = lock_task(session, command.task_id, command.actor, with_state=True)
    execution = restore(unit, row)
    rows = known(execution.waiting())
    waiting = rows.tasks[command.task_id]
    if row["delegation"] == Delegation.PENDING:  # who does it for somebody else gives it back
        raise NotAllowed(task_id=command.task_id, actor=command.actor, reason="delegated")
    _may_complete(row["assignee"], waiting, command)
    with executing(unit.instance_id):
        execution.complete(command.task_id, variables)
    done = _completed(unit, row, waiting)
    if done.on_behalf_of is not None:
        _for_somebody(unit, command, done)
    unit.events.append(TaskCompleted(**unit.facts(), task=done, variables=variables))
    created = save(unit, execution, rows, done=Done(task=done))
    return Result(
        instance_id=unit.instance_id, business_key=unit.business_key, state=unit.state, created=created, task=done
    )


def _may_complete(assignee: str | None, waiting: WaitingTask, command: CompleteTask) -> None:
    """The candidates are in the state as well as in a table, so they need not be read."""
    not_excluded(command.task_id, waiting.excluded_users, command.actor)
    if command.override or assignee == command.actor:
        return
    if assignee is not None:
        raise TaskAlreadyClaimed(task_id=command.task_id, assignee=assignee)
    _candidate(command.task_id, waiting.candidate_users, waiting.candidate_groups, command)


def not_excluded(task_id: str, excluded: Collection[str], login: str) -> None:
    """Raises NotAllowed for somebody who must not do this task."""
    if login in excluded:
        raise NotAllowed(task_id=task_id, actor=login, reason="excluded")


def _candidate(
    task_id: str, users: Collection[str], groups: Collection[str], command: CompleteTask | ClaimTask
) -> None:
    if command.actor not in users and command.groups.isdisjoint(groups):
        raise NotAllowed(task_id=task_id, actor=command.actor, reason="no_candidate")


def claim(session: Session, command: ClaimTask) -> Result:
    """The task is the actor's; claiming one's own task again changes nothing.

    Raises TaskNotFound, TaskAlreadyCompleted, TaskCancelled, TaskAlreadyClaimed, NotAllowed.
    """
    unit, task = lock_open(session, command.task_id, command.actor)
    not_excluded(task.id, task.excluded_users, command.actor)
    if task.assignee == command.actor:
        return Result(instance_id=unit.instance_id, business_key=unit.business_key, state=unit.state, task=task)
    if task.assignee is not None:
        raise TaskAlreadyClaimed(task_id=task.id, assignee=task.assignee)
    _candidate(task.id, task.candidate_users, task.candidate_groups, command)
    return give(unit, task, command.actor, "task_claimed", {})


def release(session: Session, command: ReleaseTask) -> Result:
    """The task waits for its candidates again, a delegated one for its owner. Raises NotAllowed when it is somebody
    else's."""
    unit, task = lock_open(session, command.task_id, command.actor)
    if task.assignee is None:
        return Result(instance_id=unit.instance_id, business_key=unit.business_key, state=unit.state, task=task)
    if task.assignee != command.actor and not command.override:
        raise NotAllowed(task_id=task.id, actor=command.actor, reason="assigned_to_other")
    if task.delegation == Delegation.PENDING and task.owner != task.assignee:
        facts = {"previous": task.assignee, "assignee": task.owner}
        return give(unit, task, task.owner, "task_resolved", facts, delegation=Delegation.RESOLVED.value)
    return give(unit, task, None, "task_released", {"assignee": task.assignee})


def assign(session: Session, command: AssignTask) -> Result:
    """The task is ``assignee``'s. Raises NotAllowed when the assignee is excluded."""
    unit, task = lock_open(session, command.task_id, command.actor, states=ASLEEP if command.asleep else AWAKE)
    not_excluded(task.id, task.excluded_users, command.assignee)
    facts = {"assignee": command.assignee, "previous": task.assignee, "reason": command.reason}
    if command.on_behalf_of:
        facts["on_behalf_of"] = command.on_behalf_of
    audit(session, command, unit.instance_id, task.id, facts)
    return give(unit, task, command.assignee, "task_assigned", facts, on_behalf_of=command.on_behalf_of)


def give(
    unit: Unit, task: TaskRow, assignee: str | None, kind: str, changes: dict[str, Any], **more: str | None
) -> Result:
    """The locked task is the assignee's, or free; ``more`` columns change with it. Nobody is stood in for, unless
    ``on_behalf_of`` says so."""
    more = {"on_behalf_of": None, **more}
    state = TaskState.CREATED if assignee is None else TaskState.CLAIMED
    claimed_at = None if assignee is None else unit.at
    unit.connection.execute(
        update(user_task)
        .where(user_task.c.id == task.id)
        .values(state=state.value, assignee=assignee, claimed_at=claimed_at, **more)
    )
    changed = replace(task, state=state, assignee=assignee, claimed_at=claimed_at, **more)  # type: ignore[arg-type]  # texts
    unit.record(kind, task.node_id, task.id, changes)
    unit.write_history()
    unit.events.append(TaskAssigned(**unit.facts(), task=changed, assignee=assignee, previous=task.assignee))
    unit.publish()
    return Result(instance_id=unit.instance_id, business_key=unit.business_key, state=unit.state, task=changed)


def lock_open(
    session: Session, task_id: str, actor: str, *, states: tuple[InstanceState, ...] = AWAKE
) -> tuple[Unit, TaskRow]:
    """Lock the instance and its open task, with candidates, without its state."""
    unit, row = lock_task(session, task_id, actor, with_state=False, states=states)
    candidates = [(kind, name) for kind, name in unit.connection.execute(sql.CANDIDATES, {"task": task_id})]
    return unit, _task(row, candidates)


def lock_task(
    session: Session, task_id: str, actor: str, *, with_state: bool, states: tuple[InstanceState, ...] = AWAKE
) -> tuple[Unit, Locked]:
    """Lock the instance and its open task. Raises what a task can no longer be done for."""
    connection = session.connection()
    statement = sql.LOCK_TASK_WITH_STATE if with_state else sql.LOCK_TASK
    row = statement.first(connection, {"id": task_id})
    if row is None:
        raise TaskNotFound(task_id=task_id)
    if row["state"] == TaskState.COMPLETED:
        raise TaskAlreadyCompleted(task_id=task_id, completed_by=row["ended_by"], completed_at=row["ended_at"])
    if row["state"] == TaskState.CANCELLED:
        raise TaskCancelled(task_id=task_id)
    unit = unit_of(session, connection, row, actor)
    require_active(unit, states)
    return unit, row


def _for_somebody(unit: Unit, command: CompleteTask, done: TaskRow) -> None:
    """History and audit log say for whom it was done."""
    facts = {"assignee": unit.actor, "on_behalf_of": done.on_behalf_of}
    unit.record("task_completed_for", done.node_id, done.id, facts)
    audit(unit.session, command, unit.instance_id, done.id, facts)


def _completed(unit: Unit, row: Locked, waiting: WaitingTask) -> TaskRow:
    values = {name: row[name] for name in _TASK_FIELDS}
    values["state"] = TaskState.COMPLETED
    values["assignee"] = values["assignee"] or unit.actor
    values["claimed_at"] = values["claimed_at"] or unit.at
    values["ended_at"] = unit.at
    values["ended_by"] = unit.actor
    values["worked_minutes"] = worked_minutes(unit, row)
    return TaskRow(
        **values,
        candidate_groups=waiting.candidate_groups,
        candidate_users=waiting.candidate_users,
        excluded_users=waiting.excluded_users,
    )


def _task(row: Locked, candidates: Collection[tuple[str, str]]) -> TaskRow:
    return task_row({name: row[name] for name in _TASK_FIELDS}, candidates)
