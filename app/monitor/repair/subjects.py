"""For whom an order is: one subject, or the first ten thousand of a list, and which of them it does not fit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, Row, Select, null, select, union_all
from sqlalchemy.orm import Session

import engine
from app.monitor.repair.orders import INCIDENT, INSTANCE, Order, Wanted
from engine import InstanceState, JobKind, JobState
from engine.tables import incident, job, process_instance, subscription, user_task

MOST = 10_000
"""What one order may be about: more are left for the next one."""
TOGETHER = 1_000
OVER = (InstanceState.COMPLETED.value, InstanceState.CANCELLED.value)
SERVICES = ("service_task", "external_task")
"""Kinds of incidents of a service step: of a handler here, of a program outside."""
CHANGING = ("edit", "skip")
IDLE = (JobState.SCHEDULED.value, JobState.AVAILABLE.value, JobState.RETRYABLE.value)


@dataclass(frozen=True, slots=True)
class Subject:
    """One instance, incident or timer. ``state`` is the instance's, None when there is none."""

    id: Any
    instance_id: str | None
    definition_id: str | None
    title: str
    business_key: str | None
    state: str | None
    node_id: str | None = None
    job_id: int | None = None
    job_state: str | None = None
    closed: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """Who an order is for. ``capped``: the list has more."""

    subjects: tuple[Subject, ...]
    capped: bool = False


_INSTANCE = (
    process_instance.c.id.label("instance_id"),
    process_instance.c.definition_id,
    process_instance.c.title,
    process_instance.c.business_key,
    process_instance.c.state,
)


def load(session: Session, about: str, ids: Sequence[Any]) -> Found:
    """The subjects with these ids that are there, in that order."""
    capped, wanted = len(ids) > MOST, list(ids)[:MOST]
    statement, key = _statement(about)
    rows = {row[0]: row for some in _chunks(wanted) for row in session.execute(statement.where(key.in_(some))).all()}
    return Found(tuple(_subject(rows[one]) for one in wanted if one in rows), capped)


INSTANCE_COLUMNS = (process_instance.c.id, *_INSTANCE, null(), null(), null(), null())
"""In the order of the fields of :class:`Subject`; thousands of rows are read by place, not by name."""


def listed(rows: Sequence[Row[Any]]) -> Found:
    """The instances of a list, from rows of :data:`INSTANCE_COLUMNS`."""
    return Found(tuple(map(_subject, rows[:MOST])), len(rows) > MOST)


def _chunks(ids: Iterable[Any]) -> Iterator[list[Any]]:
    wanted = list(ids)
    return (wanted[start : start + TOGETHER] for start in range(0, len(wanted), TOGETHER))


def _statement(about: str) -> tuple[Any, ColumnElement[Any]]:
    """Columns in the order of :data:`INSTANCE_COLUMNS`."""
    joined = process_instance.c.id
    if about == INSTANCE:
        return select(*INSTANCE_COLUMNS), joined
    if about == INCIDENT:
        failed = (
            incident.c.node_id,
            incident.c.job_id,
            job.c.state.label("job_state"),
            incident.c.state.label("closed"),
        )
        found = select(incident.c.id, *_INSTANCE, *failed)
        found = found.outerjoin_from(incident, process_instance, joined == incident.c.instance_id)
        return found.outerjoin(job, job.c.id == incident.c.job_id), incident.c.id
    timer = (job.c.node_id, job.c.id.label("job_id"), job.c.state.label("job_state"), null())
    waiting = select(job.c.id, *_INSTANCE, *timer).outerjoin_from(job, process_instance, joined == job.c.instance_id)
    return waiting.where(job.c.kind == JobKind.TIMER.value), job.c.id


def _subject(row: Any) -> Subject:
    number, instance_id, definition_id, title, key, state, node, job_id, job_state, incident_state = row
    closed = incident_state == engine.IncidentState.RESOLVED.value
    return Subject(number, instance_id, definition_id, title or "", key, state, node, job_id, job_state, closed)


def unfit(session: Session, order: Order, wanted: Wanted, found: Found) -> dict[Any, str]:
    """Why the order does not fit some subjects: reason by subject id, in the reader's words."""
    reasons = {one.id: reason for one in found.subjects if (reason := _reason(session, order, one))}
    if order.name == "skip":
        left = [one.id for one in found.subjects if one.id not in reasons]
        why = str(_("Only a service step can be skipped. Move the instance to another step instead."))
        reasons |= dict.fromkeys(_other_failures(session, left), why)
    if order.name == "move" and wanted.source:
        left = [one.id for one in found.subjects if one.id not in reasons]
        there = _standing(session, left, wanted.source)
        reasons |= {one: _("It does not stand at this step.") for one in left if one not in there}
    if order.name == "move" and wanted.target:
        reasons |= {
            one.id: _("Its version has no such step.")
            for one in found.subjects
            if one.id not in reasons and wanted.target not in _nodes(session, one)
        }
    return reasons


def _other_failures(session: Session, ids: Iterable[int]) -> list[int]:
    """Which of these incidents are of anything but a service step."""
    kinds = incident.c.kind.not_in(SERVICES)
    found = (session.scalars(select(incident.c.id).where(incident.c.id.in_(some), kinds)) for some in _chunks(ids))
    return [one for some in found for one in some]


def _nodes(session: Session, one: Subject) -> Any:
    return engine.queries.definition(session, str(one.definition_id)).nodes


def _reason(session: Session, order: Order, one: Subject) -> str:
    if order.about == INSTANCE:
        return _of_instance(order.name, str(one.state))
    if order.about == INCIDENT:
        return _of_incident(order.name, one)
    return _of_timer(session, order.name, one)


def _of_instance(name: str, state: str) -> str:
    if state in OVER:
        return str(_("It is over."))
    asleep = state == InstanceState.SUSPENDED
    if name == "suspend" and asleep:
        return str(_("It is suspended already."))
    if name == "resume" and not asleep:
        return str(_("It is not suspended."))
    return str(_("It is suspended: resume it first.")) if name == "variables" and asleep else ""


def _of_incident(name: str, one: Subject) -> str:
    if one.closed:
        return str(_("It is closed already."))
    if name == "resolve":
        return ""
    if one.job_id is None:
        return str(_("It failed under somebody's hands. The task is still open: it can be completed again."))
    if one.job_state not in (JobState.FAILED.value, JobState.RETRYABLE.value):
        return str(_("It is being tried already."))
    if name in CHANGING and one.state is None:
        return str(_("It belongs to no instance."))
    if name in CHANGING and one.state != InstanceState.ACTIVE:
        return str(_("Its instance is suspended or over."))
    return ""


def _of_timer(session: Session, name: str, one: Subject) -> str:
    if one.state is None:
        return str(_("It starts a process. Suspend that version instead."))
    if one.job_state not in IDLE:
        return str(_("It has fired, or fires at this moment."))
    if one.state != InstanceState.ACTIVE:
        return str(_("Its instance is suspended: resume it first."))
    if name == "drop" and not engine.queries.is_optional(session, str(one.definition_id), _job(session, one.id)):
        return str(_("The instance waits for nothing else here. Move it to another step instead."))
    return ""


def _job(session: Session, job_id: int) -> engine.JobRow:
    return engine.queries.job(session, job_id)


def _standing(session: Session, ids: Iterable[str], node_id: str) -> set[str]:
    """Which of these instances stand at a node (ix_user_task_instance_id, ix_job_instance_id_state,
    ix_subscription_instance_id)."""
    found: set[str] = set()
    for some in _chunks(ids):
        found.update(session.scalars(union_all(*_places(some, node_id))))
    return found


def _places(ids: Sequence[str], node_id: str) -> Iterator[Select[Any]]:
    waiting = (*engine.UNFINISHED_JOBS, JobState.FAILED)
    yield select(user_task.c.instance_id).where(
        user_task.c.instance_id.in_(ids), user_task.c.node_id == node_id, user_task.c.state.in_(engine.OPEN_TASKS)
    )
    yield select(job.c.instance_id).where(
        job.c.instance_id.in_(ids), job.c.node_id == node_id, job.c.state.in_(waiting)
    )
    yield select(subscription.c.instance_id).where(
        subscription.c.instance_id.in_(ids), subscription.c.node_id == node_id
    )


def places(session: Session, found: Found) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Where the subjects stand, and where they could: (version, node) pairs of the newest version, the first ones."""
    from_here: dict[str, str] = {}
    for some in _chunks([one.id for one in found.subjects if one.state not in OVER]):
        statement = union_all(*_waiting_places(some))
        from_here |= {row.node_id: row.definition_id for row in session.execute(statement) if row.node_id}
    versions = sorted({str(one.definition_id) for one in found.subjects}, key=_version)
    anywhere = _startable(session, versions[-1]) if versions else []
    here = [(version, node) for node, version in sorted(from_here.items()) if not _at_edge(session, version, node)]
    return here, anywhere


def _at_edge(session: Session, definition_id: str, node_id: str) -> bool:
    """Whether the node only listens: no token stands at it."""
    node = engine.queries.definition(session, definition_id).nodes.get(node_id, {})
    return node.get("type") in ("boundaryEvent", "startEvent")


def _version(definition_id: str) -> tuple[str, int]:
    key, number = definition_id.split(":")[:2]
    return key, int(number) if number.isdecimal() else 0


def _waiting_places(ids: Sequence[str]) -> Iterator[Select[Any]]:
    version = process_instance.c.definition_id
    tasks = select(user_task.c.node_id, version).join(
        process_instance, process_instance.c.id == user_task.c.instance_id
    )
    yield tasks.where(user_task.c.instance_id.in_(ids), user_task.c.state.in_(engine.OPEN_TASKS)).distinct()
    kinds = (JobKind.TIMER.value, JobKind.SERVICE_TASK.value, JobKind.CALL.value)
    jobs = select(job.c.node_id, version).join(process_instance, process_instance.c.id == job.c.instance_id)
    states = (*engine.UNFINISHED_JOBS, JobState.FAILED)
    yield jobs.where(job.c.instance_id.in_(ids), job.c.state.in_(states), job.c.kind.in_(kinds)).distinct()
    messages = select(subscription.c.node_id, version)
    messages = messages.join(process_instance, process_instance.c.id == subscription.c.instance_id)
    yield messages.where(subscription.c.instance_id.in_(ids)).distinct()


STARTABLE = ("Task", "task", "Activity", "Gateway", "CatchEvent", "ThrowEvent", "endEvent", "subProcess", "transaction")
"""How the types of nodes end before which a token can be put."""


def _startable(session: Session, definition_id: str) -> list[tuple[str, str]]:
    nodes = engine.queries.definition(session, definition_id).nodes
    return [(definition_id, name) for name, node in nodes.items() if str(node.get("type", "")).endswith(STARTABLE)]
