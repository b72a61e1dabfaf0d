"""What an instance waits for now: tasks, timers, messages, services, and what went wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

import engine
from app.accounts import queries as accounts
from app.assigning import may_reassign
from app.calendars import explanation
from app.process_names import step_name
from app.security import Principal
from app.web.due import Due, standing
from app.web.i18n import language
from engine.tables import subscription

MOST = 100
"""So many of a kind are listed."""
MOST_EXPLAINED = 20
"""Computing a deadline anew reads the calendar's days; of more timers only the moment is told."""


@dataclass(frozen=True, slots=True)
class OpenTask:
    """A task that waits. ``holder`` is empty while nobody has it; ``absent``: for whom the holder stands in."""

    row: engine.TaskRow
    step: str
    holder: str
    absent: str
    groups: tuple[str, ...]
    due: Due | None
    how: explanation.Explanation | None
    may_reassign: bool


@dataclass(frozen=True, slots=True)
class Timer:
    """A timer that waits. ``how`` explains working time; else ``expression`` and ``start`` say what it was computed
    from."""

    row: engine.JobRow
    step: str
    how: explanation.Explanation | None
    expression: str
    start: datetime | None


@dataclass(frozen=True, slots=True)
class Awaited:
    """A message or signal somebody waits for, by its name; or a service task, by its topic."""

    kind: str
    step: str
    name: str
    correlation_key: str
    since: datetime
    attempts: int = 0
    error: str = ""


@dataclass(frozen=True, slots=True)
class Incident:
    """Something that went wrong, and where."""

    row: engine.IncidentRow
    step: str
    resolver: str


def open_tasks(session: Session, principal: Principal, instance_id: str) -> list[OpenTask]:
    """Tasks that wait, the oldest first (ix_user_task_instance_id)."""
    rows = engine.queries.open_tasks(session, instance_id)[:MOST]
    people = {row.assignee or "" for row in rows} | {row.on_behalf_of or "" for row in rows}
    names = accounts.display_names(session, people, language())
    titles = accounts.group_titles(session, {name for row in rows for name in row.candidate_groups}, language())
    due = standing(session)
    return [
        OpenTask(
            row=row,
            step=step_name(session, row.definition_id, row.node_id),
            holder=names.get(row.assignee or "", ""),
            absent=names.get(row.on_behalf_of or "", ""),
            groups=tuple(titles.get(name, name) for name in row.candidate_groups),
            due=due(row),
            how=explanation.of_task(session, row) if number < MOST_EXPLAINED else None,
            may_reassign=may_reassign(session, principal, row),
        )
        for number, row in enumerate(rows)
    ]


def timers(session: Session, instance: engine.InstanceRow) -> list[Timer]:
    """Timers that wait, the next first (ix_job_instance_id_state)."""
    rows = engine.queries.jobs(session, instance_id=instance.id, kinds=(engine.JobKind.TIMER,), limit=MOST)
    return [_timer(session, instance, row, explained=number < MOST_EXPLAINED) for number, row in enumerate(rows)]


def _timer(session: Session, instance: engine.InstanceRow, row: engine.JobRow, *, explained: bool) -> Timer:
    facts: Mapping[str, Any] = row.payload.get("explanation", {})
    start = facts.get("start")
    return Timer(
        row=row,
        step=step_name(session, instance.definition_id, row.node_id or ""),
        how=explanation.of_timer(session, row) if explained else None,
        expression=str(facts.get("expression", "")),
        start=datetime.fromisoformat(start) if start else None,
    )


def awaited(session: Session, instance: engine.InstanceRow) -> list[Awaited]:
    """Messages and signals that are waited for, then service tasks (ix_subscription_instance_id,
    ix_job_instance_id_state)."""
    sub = subscription.c
    query = select(sub.kind, sub.node_id, sub.name, sub.correlation_key, sub.created_at)
    query = query.where(sub.instance_id == instance.id).order_by(sub.created_at, sub.id).limit(MOST)
    found = [
        Awaited(row.kind, step_name(session, instance.definition_id, row.node_id), row.name, row[3] or "", row[4])
        for row in session.execute(query)
    ]
    states = (*engine.UNFINISHED_JOBS, engine.JobState.FAILED)
    kinds = (engine.JobKind.SERVICE_TASK,)
    services = engine.queries.jobs(session, instance_id=instance.id, kinds=kinds, states=states, limit=MOST)
    return found + [
        Awaited(
            kind="service_task",
            step=step_name(session, instance.definition_id, row.node_id or ""),
            name=row.topic or "",
            correlation_key="",
            since=row.created_at,
            attempts=row.attempts,
            error=row.last_error or "",
        )
        for row in services
    ]


def incidents(session: Session, instance: engine.InstanceRow) -> list[Incident]:
    """What went wrong, what is open first, then the newest (ix_incident_instance_id)."""
    states = (engine.IncidentState.OPEN, engine.IncidentState.RESOLVED)
    found = engine.queries.incidents(session, instance_id=instance.id, states=states, limit=MOST)
    rows = sorted(found, key=lambda row: row.state != engine.IncidentState.OPEN)
    names = accounts.display_names(session, {row.resolved_by or "" for row in rows}, language())
    return [
        Incident(
            row=row,
            step=step_name(session, instance.definition_id, row.node_id) if row.node_id else "",
            resolver=names.get(row.resolved_by or "", ""),
        )
        for row in rows
    ]
