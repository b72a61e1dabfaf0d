"""The days a page of figures is about: chosen in the address, cut into days, weeks or months."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, and_
from sqlalchemy.orm import InstrumentedAttribute
from werkzeug.datastructures import MultiDict

Moment = InstrumentedAttribute[datetime] | InstrumentedAttribute[datetime | None] | ColumnElement[Any]
LONGEST_DAYS = 1096
EARLIEST = 2000
DAYS_SHOWN, WEEKS_SHOWN = 93, 54
"""Up to so many days are shown one by one, then up to so many weeks, then months."""
WEEK = timedelta(days=7)
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Period:
    """Days from ``first`` to ``last``, both included, in the business ``zone``."""

    first: date
    last: date
    zone: ZoneInfo

    @property
    def days(self) -> int:
        """How many."""
        return (self.last - self.first).days + 1

    def moments(self) -> tuple[datetime, datetime]:
        """When it begins, and when the day after it begins."""
        return midnight(self.first, self.zone), midnight(self.last + ONE_DAY, self.zone)

    def has(self, moment: Moment) -> ColumnElement[bool]:
        """Condition: ``moment`` lies in it."""
        start, end = self.moments()
        return and_(moment >= start, moment < end)

    def query(self, name: str) -> dict[str, str]:
        """The parameters of a list's filter ``name`` for these days."""
        return {f"{name}_from": self.first.isoformat(), f"{name}_to": self.last.isoformat()}

    def cut(self, following: Callable[[date], date]) -> list[Period]:
        """It in pieces; ``following`` gives the day on which the piece after that of a day begins."""
        found, day = [], self.first
        while day <= self.last:
            after = following(day)
            found.append(Period(day, min(after - ONE_DAY, self.last), self.zone))
            day = after
        return found

    @property
    def grain(self) -> str:
        """In what it is shown: "day", "week" (from Monday) or "month"."""
        return "day" if self.days <= DAYS_SHOWN else "week" if self.days <= 7 * (WEEKS_SHOWN - 1) else "month"

    def pieces(self) -> list[Period]:
        """Its days, weeks or months, as :attr:`grain` says."""
        return self.cut(_FOLLOWING[self.grain])


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """When ``day`` begins in ``zone``."""
    try:
        return datetime.combine(day, time(), zone).astimezone(UTC)
    except OverflowError:  # the first days of year 1, east of Greenwich
        return datetime.min.replace(tzinfo=UTC)


def months_before(day: date, count: int) -> date:
    """The first of the month, ``count`` months before that of ``day``."""
    months = day.year * 12 + day.month - 1 - count
    return date(months // 12, months % 12 + 1, 1)


_FOLLOWING: dict[str, Callable[[date], date]] = {
    "day": lambda day: day + ONE_DAY,
    "week": lambda day: day - timedelta(days=day.weekday()) + WEEK,
    "month": lambda day: months_before(day, -1),
}


def last_months(today: date, zone: ZoneInfo) -> Period:
    """The month of ``today`` and the eleven before it."""
    return Period(months_before(today, 11), today, zone)


def last_days(today: date, zone: ZoneInfo, count: int = 90) -> Period:
    """The last ``count`` days, today included."""
    return Period(today - timedelta(days=count - 1), today, zone)


def chosen(arguments: MultiDict[str, str], usual: Period) -> tuple[Period, str]:
    """The days that ``from`` and ``to`` of an address ask for, and what is wrong with them; then ``usual`` is shown."""
    asked: Sequence[str] = [arguments.get(name, "")[:10] for name in ("from", "to")]
    try:
        first = date.fromisoformat(asked[0]) if asked[0] else usual.first
        last = date.fromisoformat(asked[1]) if asked[1] else usual.last
    except ValueError:
        return usual, str(_("Give days like 2026-11-30."))
    if last < first:
        return usual, str(_("The last day is before the first."))
    late = last.year > usual.last.year + 1
    if first.year < EARLIEST or late or (last - first).days >= LONGEST_DAYS:
        return usual, str(_("Choose a period of at most three years."))
    return Period(first, last, usual.zone), ""
