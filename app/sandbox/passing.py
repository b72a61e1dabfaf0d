"""Letting time pass in a test run: every job runs at the moment it is due, and nobody waits for ever."""

from __future__ import annotations

import time
from calendar import monthrange
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from flask_babel import lazy_gettext as _l
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

import engine
from app.errors import FieldErrors
from app.sandbox.world import World
from engine.tables import job, process_instance, user_task

NAME = "test-run"
MOST_JOBS = 500
"""That one step may run."""
MOST_SECONDS = 8.0
"""That one step may take. A job that is under way is finished; the engine limits each for itself."""
FURTHEST = timedelta(days=3_660)
"""How far from its beginning a test run goes."""
DAYS = {"day": 1, "week": 7}
MONTHS = {"month": 1, "year": 12}
UNTIL = ("due", "task", *DAYS, *MONTHS)
"""How far: to the next moment when something is due, until a task waits for somebody, so long, or (else) a moment."""


class Stop(StrEnum):
    """Why time stopped."""

    REACHED = "reached"
    TASK = "task"
    QUIET = "quiet"
    """Nothing will happen by itself any more."""
    LIMIT = "limit"
    """More jobs or seconds than one step may take: the same again goes on from here."""


@dataclass
class Budget:
    """What is left of the limits of one step."""

    jobs: int = field(default_factory=lambda: MOST_JOBS)
    ends: float = field(default_factory=lambda: time.monotonic() + MOST_SECONDS)

    def spent(self) -> bool:
        """Whether nothing is left."""
        return self.jobs <= 0 or time.monotonic() >= self.ends


def let_pass(world: World, begins_at: datetime, until: str) -> Stop:
    """Time passes. Raises FieldErrors at ``until`` for what is no moment, has passed, or is too far away."""
    budget, last = Budget(), begins_at + FURTHEST
    if until == "task":
        return _run(world, last, budget, _new_task(world))
    moment = _following(world) if until == "due" else _moment(world, until)
    if moment is None:
        return Stop.QUIET
    if not world.clock.now() <= moment <= last:
        raise FieldErrors({"until": [_l("Choose a moment that is still to come, within ten years.")]})
    stop = _run(world, moment, budget)
    if stop is Stop.QUIET:
        world.clock.set(moment)
        return Stop.REACHED
    return stop


def settle(world: World) -> Stop:
    """What is due now has happened."""
    return _run(world, world.clock.now(), Budget())


def _run(
    world: World, until: datetime, budget: Budget, enough: Callable[[Session], bool] = lambda _session: False
) -> Stop:
    """Everything until then happens at its own moment; QUIET when that was all."""
    while _drained(world, budget):
        with world.database.read() as session:
            if enough(session):
                return Stop.TASK
        following = _following(world)
        if following is None or following > until:
            return Stop.QUIET
        world.clock.set(following)
    return Stop.LIMIT


def _drained(world: World, budget: Budget) -> bool:
    """Run what is due now; False when the limits came first."""
    while not budget.spent():
        ran = engine.jobs.run_due(world.database, NAME, limit=min(budget.jobs, 20), stopping=budget.spent)
        if not ran:
            return True
        budget.jobs -= ran
    return False


def _following(world: World) -> datetime | None:
    """When something is due next. What is due already waits for something else than time: a program outside, a
    suspended instance."""
    handlers = world.database.write(engine.runtime).handlers
    outside = [topic for topic in handlers.work_topics if (work := handlers.work(topic)) and work.outside]
    states = (engine.JobState.SCHEDULED, engine.JobState.RETRYABLE)
    waiting = (job.c.state.in_(states), job.c.due_at > world.clock.now())
    ours = or_(job.c.topic.is_(None), job.c.topic.not_in(outside))
    with world.database.read() as session:
        return session.scalar(select(job.c.due_at).where(*waiting, ours).order_by(job.c.due_at).limit(1))


def _new_task(world: World) -> Callable[[Session], bool]:
    """Whether a task waits now that did not before, or nothing runs any more."""
    open_tasks = select(user_task.c.id).where(user_task.c.state.in_(engine.OPEN_TASKS))
    active = select(process_instance.c.id).where(process_instance.c.state == engine.InstanceState.ACTIVE)
    with world.database.read() as session:
        before = set(session.scalars(open_tasks))

    def enough(session: Session) -> bool:
        return bool(set(session.scalars(open_tasks)) - before) or session.scalars(active.limit(1)).first() is None

    return enough


def _moment(world: World, until: str) -> datetime:
    with world.database.read() as session:
        zone = ZoneInfo(engine.runtime(session).zone)
    here = world.clock.now().astimezone(zone)
    if until in DAYS:
        return here + timedelta(days=DAYS[until])
    if until in MONTHS:
        years, month = divmod(here.month - 1 + MONTHS[until], 12)
        year, month = here.year + years, month + 1
        return here.replace(year=year, month=month, day=min(here.day, monthrange(year, month)[1]))
    try:
        given = datetime.fromisoformat(until[:40])
        return (given if given.tzinfo else given.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise FieldErrors({"until": [_l("Date and time like 2026-11-30 09:30 are needed here.")]}) from None
