"""Each activity of an instance: how often it was reached and how long it took."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

import engine
from app.process_names import step_name
from app.web.due import Calendars, calendars_of
from engine.tables import history_event, job

WAITING_KINDS = ("timer", "service_task")


@dataclass(frozen=True, slots=True)
class Activity:
    """A node with its visits. ``working``: working time of people on their calendars, without pauses where the engine
    counted it; None for nodes that are not done by people, whose ``elapsed`` time is by the clock. ``waits``: it is
    reached now."""

    node_id: str
    name: str
    visits: int
    working: timedelta | None
    elapsed: timedelta | None
    first_at: datetime
    waits: bool


def of_instance(session: Session, instance: engine.InstanceRow) -> list[Activity]:
    """Activities in the order in which they were first reached: tasks of people, timers, service tasks
    (ix_user_task_instance_id, ix_job_instance_id_state)."""
    calendars = calendars_of(session)
    found: dict[str, Activity] = {}
    for task in engine.queries.tasks_of(session, instance.id):
        _add(found, _of_task(session, task, calendars))
    for one in _of_jobs(session, instance):
        _add(found, one)
    named = (replace(one, name=step_name(session, instance.definition_id, one.node_id)) for one in found.values())
    return sorted(named, key=lambda one: (one.first_at, one.node_id))


def _of_task(session: Session, task: engine.TaskRow, calendars: Calendars) -> Activity:
    if task.worked_minutes is not None:
        worked = timedelta(minutes=task.worked_minutes)
    else:
        worked = calendars(task.calendar).between(task.created_at, task.ended_at or engine.now(session))
    return Activity(task.node_id, "", 1, worked, None, task.created_at, task.is_open)


def _of_jobs(session: Session, instance: engine.InstanceRow) -> Iterable[Activity]:
    mine = (job.c.instance_id == instance.id, job.c.kind.in_(WAITING_KINDS), job.c.node_id.is_not(None))
    query = select(job.c.node_id, job.c.created_at, job.c.ended_at).where(*mine).order_by(job.c.id)
    now = engine.now(session)
    for row in session.execute(query):
        yield Activity(row[0], "", 1, None, (row[2] or now) - row[1], row[1], row[2] is None)


def _add(found: dict[str, Activity], one: Activity) -> None:
    before = found.get(one.node_id)
    if before is None:
        found[one.node_id] = one
        return
    found[one.node_id] = replace(
        before,
        visits=before.visits + 1,
        working=_sum(before.working, one.working),
        elapsed=_sum(before.elapsed, one.elapsed),
        first_at=min(before.first_at, one.first_at),
        waits=before.waits or one.waits,
    )


def _sum(one: timedelta | None, other: timedelta | None) -> timedelta | None:
    return one if other is None else other if one is None else one + other


def visits(session: Session, instance_id: str) -> Counter[str]:
    """How often each node was passed, gateways and events too (ix_history_event_instance_id_id)."""
    event = history_event.c
    passed = event.kind.in_(("node_passed", "task_completed", "timer_fired"))
    query = select(event.node_id, func.count()).where(event.instance_id == instance_id, passed)
    return Counter({node: number for node, number in session.execute(query.group_by(event.node_id)) if node})
