"""What a page of instances shows, read for its ids alone."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, literal, null, select, text
from sqlalchemy.orm import Session

import engine
from engine.tables import IS_OPEN, incident, job, process_instance, subscription, user_task

PLACES = frozenset({"userTask", "manualTask", "receiveTask", "serviceTask", "sendTask", "businessRuleTask"})
EVENTS = frozenset({"intermediateCatchEvent", "boundaryEvent"})
UNFINISHED = ("scheduled", "available", "running", "retryable")


@dataclass(frozen=True, slots=True)
class InstanceRow:
    """An instance without state and variables."""

    id: str
    definition_id: str
    definition_key: str
    business_key: str | None
    title: str
    state: str
    started_at: datetime
    started_by: str
    updated_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Place:
    """Where an instance waits. ``kind``: user_task, timer, service_task, message, signal. ``created_at``: since when,
    of a timer when it fires. A task has what its deadline is computed from."""

    instance_id: str
    kind: str
    node_id: str
    created_at: datetime
    assignee: str | None = None
    due_at: datetime | None = None
    service_minutes: int | None = None
    calendar: str | None = None
    ended_at: datetime | None = None


def rows(session: Session, ids: Collection[str]) -> dict[str, InstanceRow]:
    """The instances by id (pk_process_instance)."""
    columns = [process_instance.c[name] for name in InstanceRow.__dataclass_fields__]
    query = select(*columns).where(process_instance.c.id.in_(list(ids)))
    return {row.id: InstanceRow(*row) for row in session.execute(query)}


def places(session: Session, ids: Collection[str]) -> dict[str, list[Place]]:
    """Where each waits: open tasks first, the oldest before the others, then what happens next
    (ix_user_task_instance_id, ix_job_instance_id_state, ix_subscription_instance_id)."""
    wanted, task, sub = list(ids), user_task.c, subscription.c
    tasks = select(
        task.instance_id,
        literal("user_task").label("kind"),
        task.node_id,
        task.created_at.label("since"),
        task.assignee,
        task.due_at,
        task.service_minutes,
        task.calendar,
    ).where(task.instance_id.in_(wanted), IS_OPEN)
    nothing = (null(), null(), null(), null())
    jobs = select(job.c.instance_id, job.c.kind, job.c.node_id, job.c.due_at, *nothing).where(
        job.c.instance_id.in_(wanted), job.c.state.in_(UNFINISHED), job.c.kind.in_(("timer", "service_task"))
    )
    events = select(sub.instance_id, sub.kind, sub.node_id, sub.created_at, *nothing)
    found: dict[str, list[Place]] = {}
    for part in (tasks, jobs, events.where(sub.instance_id.in_(wanted))):
        for row in sorted(session.execute(part).all(), key=lambda row: (row[3], row[2] or "")):
            found.setdefault(row[0], []).append(Place(row[0], row[1], row[2] or "", *row[3:]))
    return found


def open_incidents(session: Session, ids: Collection[str]) -> dict[str, int]:
    """How many open incidents each has (ix_incident_instance_id)."""
    query = select(incident.c.instance_id, func.count()).where(
        incident.c.instance_id.in_(list(ids)), text("state = 'open'")
    )
    return {key: number for key, number in session.execute(query.group_by(incident.c.instance_id)) if key}


def activities(session: Session, definition_ids: Sequence[str]) -> list[tuple[str, str]]:
    """Nodes of these versions where a token can stand: (id, id of the newest version that has it)."""
    found: dict[str, str] = {}
    for definition_id in definition_ids:
        for node_id, node in engine.queries.definition(session, definition_id).nodes.items():
            if node["type"] in PLACES or node["type"] in EVENTS:
                found.setdefault(node_id, definition_id)
    return list(found.items())


def logins(found: Iterable[InstanceRow], waiting: Iterable[Iterable[Place]]) -> set[str]:
    """Everybody named in these rows."""
    named = {row.started_by for row in found}
    return named | {place.assignee for listed in waiting for place in listed if place.assignee}
