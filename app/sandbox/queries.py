"""What there is to see in a test run: who has to act, what is waited for, what will happen by itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

import engine
from app.process_names import process_name, step_name
from app.sandbox import running
from engine.tables import incident, job, process_instance

MOST = 100
"""Rows of each kind on a page."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """Something that waits. ``place`` (process, node, nth) names it in a step; ``name``: of a message, topic of a
    service task. ``at``: since when a task waits, or when a timer is due."""

    kind: str
    """task, message, signal, service, timer."""
    process: str
    node: str
    nth: int
    name: str
    step: str
    process_name: str
    instance_id: str
    at: datetime | None = None
    trouble: str = ""

    @property
    def place(self) -> str:
        """As one value of a form or an address."""
        return f"{self.process}/{self.node}/{self.nth}"


@dataclass(frozen=True, slots=True)
class Instance:
    """One process instance of the test run."""

    id: str
    process: str
    process_name: str
    business_key: str
    state: str
    variables: Mapping[str, Any]


def instances(session: Session) -> tuple[Instance, ...]:
    """All of them, the first started first."""
    found = select(process_instance.c.id).order_by(process_instance.c.started_at, process_instance.c.id).limit(MOST)
    rows = (engine.queries.instance(session, instance_id) for instance_id in session.scalars(found))
    return tuple(
        Instance(
            row.id,
            row.definition_key,
            process_name(session, row.definition_id),
            row.business_key or "",
            row.state.value,
            row.variables,
        )
        for row in rows
    )


def tasks(session: Session) -> tuple[Waiting, ...]:
    """The tasks that wait for somebody."""
    return _numbered(
        _waiting(session, "task", row.definition_id, row.node_id, row.instance_id, at=row.created_at)
        for row in running.open_tasks(session)[:MOST]
    )


def messages(session: Session) -> tuple[Waiting, ...]:
    """The messages and signals that are waited for."""
    return _numbered(
        _waiting(session, row.kind, row.definition_id, row.node_id, row.instance_id, name=row.name)
        for row in running.waiting_messages(session)[:MOST]
    )


def services(session: Session) -> tuple[Waiting, ...]:
    """The service tasks that a program outside would do."""
    return _numbered(
        _waiting(
            session,
            "service",
            _definition(session, row.instance_id),
            row.node_id,
            row.instance_id,
            name=row.topic or "",
            trouble=row.last_error or "",
        )
        for row in running.external(session)[:MOST]
    )


def timers(session: Session) -> tuple[Waiting, ...]:
    """What will happen by itself, the next first: timers, deadlines of tasks, what is tried again."""
    states = (engine.JobState.SCHEDULED, engine.JobState.RETRYABLE)
    kinds = (engine.JobKind.TIMER, engine.JobKind.DEADLINE, engine.JobKind.SERVICE_TASK)
    statement = select(job).where(job.c.state.in_(states), job.c.kind.in_(kinds), job.c.instance_id.is_not(None))
    return tuple(
        _waiting(
            session,
            "timer",
            _definition(session, row.instance_id),
            row.node_id or "",
            row.instance_id,
            name=row.kind,
            at=row.due_at,
            trouble=row.last_error or "",
        )
        for row in session.execute(statement.order_by(job.c.due_at, job.c.id).limit(MOST))
    )


def troubles(session: Session) -> tuple[tuple[str, str], ...]:
    """The open incidents: (step, what was said)."""
    statement = (
        select(incident.c.node_id, incident.c.message, process_instance.c.definition_id)
        .outerjoin(process_instance, process_instance.c.id == incident.c.instance_id)
        .where(incident.c.state == engine.IncidentState.OPEN)
        .order_by(incident.c.id)
        .limit(MOST)
    )
    return tuple(
        (step_name(session, row.definition_id, row.node_id) if row.definition_id and row.node_id else "", row.message)
        for row in session.execute(statement)
    )


def next_moment(found: Iterable[Waiting]) -> datetime | None:
    """When something happens by itself next."""
    return min((row.at for row in found if row.at is not None), default=None)


def _definition(session: Session, instance_id: str) -> str:
    return engine.queries.instance(session, instance_id).definition_id


def _waiting(
    session: Session,
    kind: str,
    definition_id: str,
    node: str,
    instance_id: str,
    *,
    name: str = "",
    at: datetime | None = None,
    trouble: str = "",
) -> Waiting:
    return Waiting(
        kind=kind,
        process=definition_id.partition(":")[0],
        node=node,
        nth=0,
        name=name,
        step=step_name(session, definition_id, node),
        process_name=process_name(session, definition_id),
        instance_id=instance_id,
        at=at,
        trouble=trouble,
    )


def _numbered(found: Iterable[Waiting]) -> tuple[Waiting, ...]:
    """Several that wait at one node are told apart by their number."""
    seen: Counter[tuple[str, str, str]] = Counter()
    numbered = []
    for row in found:
        same = (row.process, row.node, row.name)
        numbered.append(replace(row, nth=seen[same]))
        seen[same] += 1
    return tuple(numbered)
