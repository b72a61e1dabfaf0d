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

    @cached_property
    def time_zone(self) -> ZoneInfo:
        """The business time zone."""
        return ZoneInfo(self.zone)

    def functions(self, calendar: str | None = None) -> Mapping[str, Callable[..., Any]]:
        """``now``, ``today``, ``working_time`` and ``working_days`` for an expression, on that calendar."""

        def working_time(hours: float) -> datetime:
            return self.calendar(calendar).add(self.now, timedelta(hours=_bounded(hours)))

        def working_days(days: float) -> datetime:
            return self.calendar(calendar).add_days(self.now, int(_bounded(days)))

        def now() -> datetime:
            return self.now.astimezone(self.time_zone)

        def today() -> date:
            return self.now.astimezone(self.time_zone).date()

        return {"now": now, "today": today, "working_time": working_time, "working_days": working_days}


def _bounded(amount: object) -> float:
    if isinstance(amount, bool) or not isinstance(amount, int | float) or not abs(amount) <= LONGEST_HOURS:
        raise ValueError("working time must be a number of hours or days")
    return float(amount)
