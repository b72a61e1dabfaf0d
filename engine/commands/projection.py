"""Rows that say what an instance waits for: tasks, jobs and subscriptions follow the workflow at every save."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, text

from engine.commands import ledger
from engine.commands.audit import audit
from engine.commands.deadlines import REMINDER_SHARE, deadline_jobs, risk_from
from engine.commands.model import AssignTask
from engine.commands.unit import Unit
from engine.errors import LimitExceeded
from engine.events import TaskCancelled, TaskCreated
from engine.model import (
    JobKind,
    TaskState,
    Waiting,
    WaitingService,
    WaitingSubscription,
    WaitingTask,
    WaitingTimer,
)
from engine.rows import TaskRow
from engine.store import statements as sql
from engine.store.rows import TASK, task_row
from engine.store.tables import OPEN_TASK, user_task

NONE: frozenset[str] = frozenset()
NOTHING = Waiting(tasks=(), timers=(), subscriptions=(), services=())


@dataclass(frozen=True, slots=True)
class Done:
    """What the command itself has finished already: the task it completed, the job it ran."""

    task: TaskRow | None = None
    job_key: str | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """What the rows say before the change. They are written with the state in one commit, so the restored workflow
    knows them, and nothing is read."""

    tasks: Mapping[str, WaitingTask]
    jobs: frozenset[tuple[str, str]]
    """(task id, dedupe key) of timers and service tasks."""
    subscriptions: frozenset[tuple[str, str]]
    """(task id, name)"""
    calls: frozenset[str] = NONE
    """Task ids of call activities."""


def known(waiting: Waiting) -> Known:
    """The rows of an instance that waits like this."""
    return Known(
        tasks={task.task_id: task for task in waiting.tasks},
        jobs=frozenset((entry.task_id, job_key(entry)) for entry in jobs_of(waiting)),
        subscriptions=frozenset((sub.task_id, sub.name) for sub in waiting.subscriptions),
        calls=frozenset(call.task_id for call in waiting.calls) if waiting.calls else NONE,
    )


def jobs_of(waiting: Waiting) -> tuple[WaitingTimer | WaitingService, ...]:
    """Everything a job stands for."""
    return (*waiting.timers, *waiting.services)


def job_key(entry: WaitingTimer | WaitingService) -> str:
    """The dedupe key: one unfinished job per timer and cycle, one per service task."""
    if isinstance(entry, WaitingTimer):
        return f"timer:{entry.task_id}:{entry.key}"
    return f"service:{entry.task_id}"


def project(
    unit: Unit, rows: Known, waiting: Waiting, *, done: Done | None = None, late: int = 0
) -> tuple[TaskRow, ...]:
    """Bring the rows up to date with ``waiting``; returns the tasks that are new.

    ``done`` is what the command has already finished. ``late`` is how many cycles of a timer have already fired one
    after the other to catch up.
    """
    done = done or Done()
    if done.task is not None:
        _complete_task(unit, done.task)
    open_now = {task.task_id for task in waiting.tasks}
    gone = {task_id: task for task_id, task in rows.tasks.items() if task_id not in open_now}
    _cancel_tasks(unit, [task_id for task_id in gone if done.task is None or task_id != done.task.id])
    created = _create_tasks(unit, [task for task in waiting.tasks if task.task_id not in rows.tasks])
    _cancel_deadlines(unit, [task_id for task_id, task in gone.items() if task.service_level])
    _jobs(unit, rows, waiting, created, done, late)
    _subscriptions(unit, rows, waiting.subscriptions)
    return created


def _complete_task(unit: Unit, done: TaskRow) -> None:
    values = {
        "b_id": done.id,
        "assignee": done.assignee,
        "claimed_at": done.claimed_at,
        "ended_at": done.ended_at,
        "ended_by": done.ended_by,
        "worked_minutes": done.worked_minutes,
    }
    unit.write(sql.COMPLETE_TASK, [values])


def _create_tasks(unit: Unit, new: list[WaitingTask]) -> tuple[TaskRow, ...]:
    if not new:
        return ()
    values = [task_values(unit, task) for task in new]
    unit.write(sql.INSERT_TASK, values)
    insert_candidates(unit, new)
    created = tuple(created_row(row, task) for row, task in zip(values, new, strict=True))
    for row in created:
        unit.record("task_created", row.node_id, row.id, _substituted(unit, row))
        unit.events.append(
            TaskCreated(
                **unit.facts(),
                task=row,
                groups=row.candidate_groups,
                users=row.candidate_users,
                excluded=row.excluded_users,
            )
        )
    return created


def task_values(unit: Unit, task: WaitingTask) -> dict[str, Any]:
    """The row of a task that begins to wait. An assignee of the model who is excluded does not get it."""
    assignee, absent = assignee_of(unit, task)
    level = task.service_level
    calendar = level.calendar if level else (task.due_basis or {}).get("calendar")
    return {
        "id": task.task_id,
        "instance_id": unit.instance_id,
        "definition_id": unit.definition_id,
        "definition_key": unit.process_key,
        "business_key": unit.business_key,
        "node_id": task.node_id,
        "name": task.name,
        "form_key": task.form_key,
        "state": TaskState.CLAIMED.value if assignee else TaskState.CREATED.value,
        "assignee": assignee,
        "priority": task.priority,
        "created_at": unit.at,
        "claimed_at": unit.at if assignee else None,
        "due_at": task.due_at,
        "follow_up_at": task.follow_up_at,
        "service_minutes": round(level.hours * 60) if level else None,
        "calendar": calendar,
        "ended_at": None,
        "ended_by": None,
        "local_variables": dict(task.local_variables),
        "on_behalf_of": absent,
        "due_basis": dict(task.due_basis) if task.due_basis else None,
        "risk_at": _risk(unit, task, calendar),
    }


def _risk(unit: Unit, task: WaitingTask, group: str | None) -> datetime | None:
    """When a task that begins now will be at risk."""
    if task.due_at is None:
        return None
    calendar, level = unit.calendar(group), task.service_level
    if level is not None and task.due_basis is None:
        return calendar.add(unit.at, timedelta(hours=level.hours * REMINDER_SHARE))
    return risk_from(calendar, unit.at, task.due_at, round(level.hours * 60) if level else None)


def assignee_of(unit: Unit, task: WaitingTask) -> tuple[str | None, str | None]:
    """Who gets a task that begins to wait, and for which absent person."""
    wanted, stand_in = task.assignee, unit.runtime.stand_in
    if wanted is None or wanted in task.excluded_users:
        return None, None
    deputy = stand_in(unit.session, unit.process_key, wanted, task.excluded_users) if stand_in else None
    return (wanted, None) if deputy is None else (deputy, wanted)


def _substituted(unit: Unit, row: TaskRow) -> dict[str, Any]:
    """What history and audit log say of a task that went to somebody who stands in."""
    if row.on_behalf_of is None or row.assignee is None:
        return {}
    facts = {"assignee": row.assignee, "on_behalf_of": row.on_behalf_of}
    command = AssignTask(task_id=row.id, assignee=row.assignee, actor=unit.actor)
    audit(unit.session, command, unit.instance_id, row.id, facts)
    return facts


def insert_candidates(unit: Unit, tasks: Iterable[WaitingTask]) -> None:
    """Who may claim the tasks, and who may not."""
    values = [
        {"task_id": task.task_id, "kind": kind, "name": name}
        for task in tasks
        for kind, names in (
            ("group", task.candidate_groups),
            ("user", task.candidate_users),
            ("excluded", task.excluded_users),
        )
        for name in dict.fromkeys(names)
    ]
    if values:
        unit.write(sql.INSERT_CANDIDATE, values)


def created_row(values: Mapping[str, Any], task: WaitingTask) -> TaskRow:
    """The row as events and results carry it, without asking the database again."""
    return TaskRow(
        **{**values, "state": TaskState(values["state"])},
        candidate_groups=task.candidate_groups,
        candidate_users=task.candidate_users,
        excluded_users=task.excluded_users,
    )


def _cancel_tasks(unit: Unit, gone: list[str]) -> None:
    if not gone:
        return
    found = unit.connection.execute(select(*TASK).where(user_task.c.id.in_(gone)).order_by(user_task.c.id)).all()
    ended = [{"b_id": row.id, "ended_at": unit.at, "ended_by": unit.actor} for row in found]
    unit.connection.execute(sql.CANCEL_TASK, ended)
    for row in found:
        unit.record("task_cancelled", row.node_id, row.id)
        unit.events.append(TaskCancelled(**unit.facts(), task=task_row(row)))


def _cancel_deadlines(unit: Unit, gone: list[str]) -> None:
    if gone:
        values = [{"b_instance": unit.instance_id, "b_task": task_id, "ended_at": unit.at} for task_id in gone]
        unit.write(sql.CANCEL_DEADLINES, values)


def cancel_jobs(unit: Unit, keys: Sequence[str]) -> None:
    """The jobs with these dedupe keys are wanted no more, and what failed in them troubles nobody."""
    if keys:
        values = [{"b_instance": unit.instance_id, "b_key": key, "ended_at": unit.at} for key in keys]
        unit.connection.execute(sql.CANCEL_JOB, values)
        unit.write(sql.RESOLVE_CANCELLED, [{"instance": unit.instance_id, "at": unit.at, "by": unit.actor}])


def _jobs(unit: Unit, rows: Known, waiting: Waiting, created: tuple[TaskRow, ...], done: Done, late: int) -> None:
    wanted = {(entry.task_id, job_key(entry)): entry for entry in jobs_of(waiting)}
    cancel_jobs(unit, [key for _task, key in sorted(rows.jobs - wanted.keys()) if key != done.job_key])
    levels = {task.task_id: task.service_level for task in waiting.tasks}
    entries = [entry for row in created for entry in deadline_jobs(unit, row, levels[row.id])]
    entries += [
        _job(unit, key, entry, late) for (task_id, key), entry in wanted.items() if (task_id, key) not in rows.jobs
    ]
    if entries:
        ledger.add(unit.session, unit.connection, entries)


def _job(unit: Unit, key: str, source: WaitingTimer | WaitingService, late: int) -> dict[str, Any]:
    if isinstance(source, WaitingTimer):
        return _timer_job(unit, key, source, late)
    return _service_job(unit, key, source)


def _timer_job(unit: Unit, key: str, timer: WaitingTimer, late: int) -> dict[str, Any]:
    overdue = late + 1 if timer.due_at <= unit.at else 0
    allowed = unit.runtime.limits.catch_up
    if overdue > allowed:
        raise LimitExceeded(limit="catch_up", value=overdue, allowed=allowed, node_id=timer.node_id)
    payload = {"key": timer.key, "late": overdue, "explanation": dict(timer.explanation)}
    return ledger.entry(
        JobKind.TIMER,
        unit.at,
        due_at=timer.due_at,
        instance_id=unit.instance_id,
        task_id=timer.task_id,
        node_id=timer.node_id,
        dedupe_key=key,
        payload=payload,
        priority=timer.priority,
    )


def _service_job(unit: Unit, key: str, service: WaitingService) -> dict[str, Any]:
    return ledger.entry(
        JobKind.SERVICE_TASK,
        unit.at,
        instance_id=unit.instance_id,
        task_id=service.task_id,
        node_id=service.node_id,
        topic=service.topic,
        dedupe_key=key,
        attempts=service.attempts,
        priority=service.priority,
    )


def _subscriptions(unit: Unit, rows: Known, waiting: tuple[WaitingSubscription, ...]) -> None:
    wanted = {(sub.task_id, sub.name): sub for sub in waiting}
    gone = [{"b_task": task_id, "b_name": name} for task_id, name in sorted(rows.subscriptions - wanted.keys())]
    if gone:
        unit.connection.execute(sql.DELETE_SUBSCRIPTION, gone)
    values = [
        {
            "instance_id": unit.instance_id,
            "task_id": sub.task_id,
            "node_id": sub.node_id,
            "kind": sub.kind,
            "name": sub.name,
            "correlation_key": sub.correlation_key,
            "created_at": unit.at,
        }
        for key, sub in wanted.items()
        if key not in rows.subscriptions
    ]
    if values:
        unit.connection.execute(sql.INSERT_SUBSCRIPTION, values)


def clear(unit: Unit) -> None:
    """Nothing waits any more, whatever the state says: for an instance that is cancelled."""
    open_tasks = select(user_task.c.id).where(user_task.c.instance_id == unit.instance_id, text(OPEN_TASK))
    _cancel_tasks(unit, list(unit.connection.scalars(open_tasks)))
    unit.connection.execute(sql.CANCEL_ALL_JOBS, {"b_instance": unit.instance_id, "ended_at": unit.at})
    unit.connection.execute(sql.DELETE_ALL_SUBSCRIPTIONS, {"b_instance": unit.instance_id})
