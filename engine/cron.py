"""Cron expressions as cycles of timers: ``0 0 9 * * ?`` is nine o'clock every day, by the wall clock of a zone.

Six or seven fields are Quartz (seconds first, days of the week from 1 = Sunday), five are those of Unix.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from engine.iso8601 import TimeRefused

MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
MOST_DAYS = 366 * 8
"""How far ahead a moment is looked for: 29 February of a leap year after one that is none."""
_ITEM = re.compile(r"(\*|\?|\w+)(?:-(\w+))?(?:/(\d{1,4}))?")


@dataclass(frozen=True, slots=True)
class Cron:
    """The moments of a cron expression. Days of the week count from 0 = Sunday; None: every day."""

    seconds: tuple[int, ...]
    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: frozenset[int] | None
    months: frozenset[int]
    weekdays: frozenset[int] | None
    years: frozenset[int] | None

    def after(self, moment: datetime, zone: ZoneInfo) -> datetime:
        """The first moment later than ``moment``, in UTC. Raises TimeRefused when there is none."""
        local = moment.astimezone(zone)
        day = local.date()
        for _ in range(MOST_DAYS):
            if self._is_day(day):
                found = self._on(day, moment, zone)
                if found is not None:
                    return found
            day += timedelta(days=1)
        raise TimeRefused("the cron expression names no moment of the next years")

    def _is_day(self, day: date) -> bool:
        if day.month not in self.months or (self.years is not None and day.year not in self.years):
            return False
        by_number = self.days is None or day.day in self.days
        by_name = self.weekdays is None or day.isoweekday() % 7 in self.weekdays
        if self.days is not None and self.weekdays is not None:
            return day.day in self.days or by_name
        return by_number and by_name

    def _on(self, day: date, moment: datetime, zone: ZoneInfo) -> datetime | None:
        last = datetime.combine(day, time(23, 59, 59), zone).astimezone(UTC)
        if last < moment:
            return None
        for hour in self.hours:
            if datetime.combine(day, time(hour, 59, 59), zone).astimezone(UTC) < moment:
                continue
            for minute in self.minutes:
                for second in self.seconds:
                    found = datetime.combine(day, time(hour, minute, second), zone).astimezone(UTC)
                    if found > moment:
                        return found
        return None


def is_cron(text: str) -> bool:
    """Whether a cycle is written as a cron expression."""
    return len(text.split()) in (5, 6, 7) and not text.startswith(("R", "P"))


@lru_cache(maxsize=512)
def parse_cron(text: str) -> Cron:
    """The cron expression ``text``. Raises TimeRefused."""
    fields = text.upper().split()
    if len(fields) not in (5, 6, 7) or len(text) > 200:
        raise TimeRefused(f"{text[:40]!r} is no cron expression such as 0 0 9 * * ?")
    quartz = len(fields) > 5
    if not quartz:
        fields = ["0", *fields]
    weekdays = _field(fields[5], 1 if quartz else 0, 7, DAYS, 1 if quartz else 0)
    shifted = frozenset((number - 1) if quartz else number % 7 for number in weekdays)
    return Cron(
        _field(fields[0], 0, 59),
        _field(fields[1], 0, 59),
        _field(fields[2], 0, 23),
        None if fields[3] in ("*", "?") else frozenset(_field(fields[3], 1, 31)),
        frozenset(_field(fields[4], 1, 12, MONTHS, 1)),
        None if fields[5] in ("*", "?") else shifted,
        None if len(fields) < 7 or fields[6] in ("*", "?") else frozenset(_field(fields[6], 1970, 2199)),
    )


def _field(text: str, low: int, high: int, names: tuple[str, ...] = (), first: int = 0) -> tuple[int, ...]:
    found: set[int] = set()
    for item in text.split(","):
        match = _ITEM.fullmatch(item)
        if match is None:
            raise TimeRefused(f"{item!r} in a cron expression is not supported")
        step = int(match[3] or 1)
        if match[1] in ("*", "?"):
            begin, end = low, high
        else:
            begin = _number(match[1], names, first)
            end = _number(match[2], names, first) if match[2] else high if match[3] else begin
        if not low <= begin <= high or not low <= end <= high or step < 1:
            raise TimeRefused(f"{item!r} in a cron expression is out of its range")
        numbers = range(begin, end + 1, step) if begin <= end else (*range(begin, high + 1), *range(low, end + 1))
        found.update(numbers)
    return tuple(sorted(found))


def _number(text: str, names: tuple[str, ...], first: int) -> int:
    if text in names:
        return names.index(text) + first
    if not text.isascii() or not text.isdigit() or len(text) > 4:
        raise TimeRefused(f"{text!r} in a cron expression is not supported")
    return int(text)
