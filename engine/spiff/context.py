"""What a running workflow may know of the world outside: the time, calendars, limits and who it runs for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from engine.calendar import WorkingCalendar
from engine.limits import Limits

LONGEST_HOURS = 100_000


@dataclass(frozen=True, slots=True)
class Working:
    """One call of ``working_time`` (unit hours) or ``working_days`` (days), counted from now, and what it said."""

    unit: str
    amount: float
    end: datetime


@dataclass(frozen=True)
class ExecutionContext:
    """Given by the command that runs the workflow. ``calendar`` takes a candidate group, None is the office."""

    now: datetime
    calendar: Callable[[str | None], WorkingCalendar]
    zone: str = "Asia/Shanghai"
    limits: Limits = field(default_factory=Limits)
    business_key: str | None = None
    starter: str = "system"
    called: bool = False
    """Whether another process waits for this one."""
    computed: list[Working] = field(default_factory=list)
    """The working time that expressions asked for, since somebody last emptied the list."""

    @cached_property
    def time_zone(self) -> ZoneInfo:
        """The business time zone."""
        return ZoneInfo(self.zone)

    def functions(self, calendar: str | None = None) -> Mapping[str, Callable[..., Any]]:
        """``now``, ``today``, ``working_time`` and ``working_days`` for an expression, on that calendar."""

        def working_time(hours: float) -> datetime:
            amount = _bounded(hours)
            end = self.calendar(calendar).add(self.now, timedelta(hours=amount))
            self.computed.append(Working("hours", amount, end))
            return end

        def working_days(days: float) -> datetime:
            amount = int(_bounded(days))
            end = self.calendar(calendar).add_days(self.now, amount)
            self.computed.append(Working("days", amount, end))
            return end

        def now() -> datetime:
            return self.now.astimezone(self.time_zone)

        def today() -> date:
            return self.now.astimezone(self.time_zone).date()

        return {"now": now, "today": today, "working_time": working_time, "working_days": working_days}


def basis_of(context: ExecutionContext, value: object, calendar: str | None) -> dict[str, Any] | None:
    """How to compute ``value`` again on a changed calendar: the working time it is, or the one it was derived from
    with a fixed ``offset`` in seconds. None when no working time, or too much of it, went into it."""
    if not isinstance(value, datetime) or value.tzinfo is None:
        return None
    found = next((one for one in context.computed if one.end == value), None)
    if found is None and len(context.computed) == 1:
        found = context.computed[0]
    if found is None:
        return None
    basis: dict[str, Any] = {"start": context.now.isoformat(), found.unit: found.amount, "calendar": calendar}
    offset = (value - found.end).total_seconds()
    return {**basis, "offset": offset} if offset else basis


def _bounded(amount: object) -> float:
    if isinstance(amount, bool) or not isinstance(amount, int | float) or not abs(amount) <= LONGEST_HOURS:
        raise ValueError("working time must be a number of hours or days")
    return float(amount)
