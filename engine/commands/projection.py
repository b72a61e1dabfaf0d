"""Rows that say what an instance waits for: tasks, jobs and subscriptions follow the workflow at every save."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, select

from engine.commands import ledger
from engine.commands.deadlines import deadline_jobs
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
from engine.store.tables import user_task

NOTHING = Waiting(tasks=(), timers=(), subscriptions=(), services=())


@dataclass(slots=True)
class Known:
    """What the rows say before the change."""

    tasks: set[str] = field(default_factory=set)
    jobs: dict[str, tuple[int, str]] = field(default_factory=dict)  # dedupe key → (id, task id)
    subscriptions: dict[tuple[str, str], int] = field(default_factory=dict)  # (task id, name) → id
    candidates: list[tuple[str, str]] = field(default_factory=list)  # (kind, name) of the command's task


def known(connection: Connection, instance_id: str, task_id: str = "") -> Known:
    """Read the rows of an instance, and the candidates of one task, in one round trip."""
    found = Known()
    for what, key, name, number in connection.execute(sql.PROJECTION, {"instance": instance_id, "task": task_id}):
        if what == "task":
            found.tasks.add(key)
        elif what == "job":
            found.jobs[key] = (number, name)
        elif what == "subscription":
            found.subscriptions[(key, name)] = number
        else:
            found.candidates.append((what, key))
    return found


def project(unit: Unit, rows: Known, waiting: Waiting, *, late: int = 0) -> tuple[TaskRow, ...]:
    """Bring the rows up to date with ``waiting``; returns the tasks that are new.

    ``late`` is how many cycles of a timer have already fired one after the other to catch up.
    """
    created = _tasks(unit, rows, waiting.tasks)
    _jobs(unit, rows, waiting, created, late)
    _subscriptions(unit, rows, waiting.subscriptions)
    return created


def _tasks(unit: Unit, rows: Known, waiting: tuple[WaitingTask, ...]) -> tuple[TaskRow, ...]:
    open_now = {task.task_id for task in waiting}
    _cancel_tasks(unit, rows.tasks - open_now)
    new = [task for task in waiting if task.task_id not in rows.tasks]
    if not new:
        return ()
    values = [task_values(unit, task) for task in new]
    unit.connection.execute(sql.INSERT_TASK, values)
    insert_candidates(unit, new)
    created = tuple(created_row(row, task) for row, task in zip(values, new, strict=True))
    for row in created:
        unit.record("task_created", row.node_id, row.id)
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
    assignee = None if task.assignee in task.excluded_users else task.assignee
    level = task.service_level
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
        "calendar": level.calendar if level else None,
        "ended_at": None,
        "ended_by": None,
        "local_variables": dict(task.local_variables),
    }


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
        unit.connection.execute(sql.INSERT_CANDIDATE, values)


def created_row(values: Mapping[str, Any], task: WaitingTask) -> TaskRow:
    """The row as events and results carry it, without asking the database again."""
    return TaskRow(
        **{**values, "state": TaskState(values["state"])},
        candidate_groups=task.candidate_groups,
        candidate_users=task.candidate_users,
        excluded_users=task.excluded_users,
    )


def _cancel_tasks(unit: Unit, gone: set[str]) -> None:
    if not gone:
        return
    found = unit.connection.execute(select(*TASK).where(user_task.c.id.in_(gone)).order_by(user_task.c.id)).all()
    ended = [{"b_id": row.id, "ended_at": unit.at, "ended_by": unit.actor} for row in found]
    unit.connection.execute(sql.CANCEL_TASK, ended)
    for row in found:
        unit.record("task_cancelled", row.node_id, row.id)
        unit.events.append(TaskCancelled(**unit.facts(), task=task_row(row)))


def _jobs(unit: Unit, rows: Known, waiting: Waiting, created: tuple[TaskRow, ...], late: int) -> None:
    wanted = {timer_key(timer): timer for timer in waiting.timers} | {
        service_key(service): service for service in waiting.services
    }
    open_tasks = {task.task_id for task in waiting.tasks}
    gone = [
        number
        for key, (number, task_id) in rows.jobs.items()
        if key not in wanted and not (key.startswith("deadline:") and task_id in open_tasks)
    ]
    if gone:
        unit.connection.execute(sql.CANCEL_JOB, [{"b_id": number, "ended_at": unit.at} for number in gone])
    levels = {task.task_id: task.service_level for task in waiting.tasks}
    entries = [entry for row in created for entry in deadline_jobs(unit, row, levels[row.id])]
    for key, source in wanted.items():
        if key not in rows.jobs:
            entries.append(_job(unit, key, source, late))
    ledger.add(unit.session, unit.connection, entries)


def _job(unit: Unit, key: str, source: WaitingTimer | WaitingService, late: int) -> dict[str, Any]:
    if isinstance(source, WaitingTimer):
        return _timer_job(unit, key, source, late)
    return _service_job(unit, key, source)


def timer_key(timer: WaitingTimer) -> str:
    """One unfinished job per timer and cycle."""
    return f"timer:{timer.task_id}:{timer.key}"


def service_key(service: WaitingService) -> str:
    """One unfinished job per service task."""
    return f"service:{service.task_id}"


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
    )


def _subscriptions(unit: Unit, rows: Known, waiting: tuple[WaitingSubscription, ...]) -> None:
    wanted = {(sub.task_id, sub.name): sub for sub in waiting}
    gone = [{"b_id": number} for key, number in rows.subscriptions.items() if key not in wanted]
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
