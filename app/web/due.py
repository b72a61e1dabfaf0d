"""How a deadline stands: in working time, worded the same wherever a task or a case is shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Protocol

from sqlalchemy.orm import Session

import engine

AT_RISK = 0.8
"""Part of the service level after which a task is at risk [C15]."""


class Dated(Protocol):
    """A task, as far as its deadline goes."""

    @property
    def due_at(self) -> datetime | None: ...
    @property
    def created_at(self) -> datetime: ...
    @property
    def ended_at(self) -> datetime | None: ...
    @property
    def calendar(self) -> str | None: ...
    @property
    def service_minutes(self) -> int | None: ...


@dataclass(frozen=True, slots=True)
class Due:
    """How a deadline stands. ``remaining`` is working time, negative when it is over."""

    at: datetime
    remaining: timedelta
    state: str  # ok, risk, late


Calendars = Callable[[str | None], engine.WorkingCalendar]


def calendars_of(session: Session) -> Calendars:
    """The working calendars, each read once for a whole page."""
    return lru_cache(maxsize=None)(lambda name: engine.runtime(session).calendars(session, name))


def due_of(session: Session, task: Dated, calendars: Calendars) -> Due | None:
    """How the deadline of a task stands on its calendar; at the moment it ended for one that is over."""
    if task.due_at is None:
        return None
    now, calendar = task.ended_at or engine.now(session), calendars(task.calendar)
    if task.due_at <= now:
        return Due(task.due_at, -calendar.between(task.due_at, now), "late")
    remaining = calendar.between(now, task.due_at)
    minutes = task.service_minutes
    allowed = timedelta(minutes=minutes) if minutes else calendar.between(task.created_at, task.due_at)
    return Due(task.due_at, remaining, "risk" if remaining <= allowed * (1 - AT_RISK) else "ok")


def standing(session: Session) -> Callable[[Dated | None], Due | None]:
    """:func:`due_of` for the tasks of one page; None for no task."""
    calendars = calendars_of(session)
    return lambda task: due_of(session, task, calendars) if task else None
