"""ISO 8601 durations, moments and repetitions with calendar arithmetic in the business time zone.

Months and years move the wall clock (31 January + 1 month = 28 February at the same hour, also across a change of the
clock), hours and smaller units move real time.
"""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_DURATION = re.compile(
    r"(?P<sign>-)?P(?:(?P<years>\d+)Y)?(?:(?P<months>\d+)M)?(?:(?P<weeks>\d+(?:\.\d+)?)W)?(?:(?P<days>\d+(?:\.\d+)?)D)?"
    r"(?:T(?=\d)(?:(?P<hours>\d+(?:\.\d+)?)H)?(?:(?P<minutes>\d+(?:\.\d+)?)M)?(?:(?P<seconds>\d+(?:\.\d+)?)S)?)?"
)
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}.*)?")


class TimeRefused(ValueError):
    """The text is no moment, duration or repetition we know; the message is the reason."""


@dataclass(frozen=True, slots=True)
class Duration:
    """A span of calendar months, calendar days and real time."""

    months: int
    days: int
    rest: timedelta

    def after(self, start: datetime, zone: ZoneInfo, times: int = 1) -> datetime:
        """``start`` + ``times`` × this, in UTC. The day of the month is clamped once, from ``start``."""
        local = start.astimezone(zone)
        if self.months:
            local = _add_months(local, self.months * times)
        if self.days:
            local = local + timedelta(days=self.days * times)
        wall = local.replace(tzinfo=None)
        return (
            datetime.combine(wall.date(), wall.time(), zone).replace(fold=local.fold).astimezone(UTC)
            + self.rest * times
        )

    def __radd__(self, moment: datetime) -> datetime:
        """``moment + duration``: the wall clock of the moment's own zone moves."""
        if not isinstance(moment, datetime):
            return NotImplemented
        zone = moment.tzinfo if isinstance(moment.tzinfo, ZoneInfo) else ZoneInfo("UTC")
        return self.after(moment if moment.tzinfo else moment.replace(tzinfo=UTC), zone).astimezone(zone)

    @property
    def is_zero(self) -> bool:
        """Whether nothing passes."""
        return not self.months and not self.days and not self.rest


def _add_months(moment: datetime, months: int) -> datetime:
    year, month = divmod(moment.year * 12 + moment.month - 1 + months, 12)
    if not 1 <= year <= 9998:
        raise TimeRefused("out of the calendar")
    return moment.replace(year=year, month=month + 1, day=min(moment.day, monthrange(year, month + 1)[1]))


def parse_duration(text: str) -> Duration:
    """``P1Y2M3DT4H`` as a duration. Raises TimeRefused."""
    match = _DURATION.fullmatch(text.strip())
    if match is None or not any(
        match[unit] for unit in ("years", "months", "weeks", "days", "hours", "minutes", "seconds")
    ):
        raise TimeRefused(f"{text[:40]!r} is no ISO 8601 duration such as P3D or PT4H")
    if match["sign"]:
        raise TimeRefused("a duration can't be negative")
    try:
        days = float(match["days"] or 0) + 7 * float(match["weeks"] or 0)
        whole = int(days)
        rest = timedelta(
            days=days - whole,
            hours=float(match["hours"] or 0),
            minutes=float(match["minutes"] or 0),
            seconds=float(match["seconds"] or 0),
        )
    except OverflowError:
        raise TimeRefused("the duration is too long") from None
    months = int(match["years"] or 0) * 12 + int(match["months"] or 0)
    if months > 12_000 or whole > 400_000 or rest > timedelta(days=400_000):
        raise TimeRefused("the duration is longer than a thousand years")
    return Duration(months, whole, rest)


def parse_moment(text: str, zone: ZoneInfo) -> datetime:
    """An ISO moment in UTC; without an offset it is meant in ``zone``. Raises TimeRefused."""
    if not _MOMENT.fullmatch(text.strip()):
        raise TimeRefused(f"{text[:40]!r} is no ISO 8601 moment such as 2026-05-01T09:00")
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise TimeRefused(f"{text[:40]!r} is no moment of the calendar") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)


def moment_of(value: object, now: datetime, zone: ZoneInfo) -> datetime:
    """What an expression or literal means as a moment: a moment, a day, a duration from now, or their ISO texts."""
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=zone)).astimezone(UTC)
    if isinstance(value, date):
        return datetime.combine(value, time(0), zone).astimezone(UTC)
    if isinstance(value, timedelta):
        return now + value
    if isinstance(value, Duration):
        return value.after(now, zone)
    if isinstance(value, str):
        if value.strip().startswith(("P", "-P")):
            return parse_duration(value).after(now, zone)
        return parse_moment(value, zone)
    raise TimeRefused(f"a moment or duration is needed, not {type(value).__name__}")


@dataclass(frozen=True, slots=True)
class Cycle:
    """``R3/start/P1D``: ``count`` times (None: for ever), the n-th at ``anchor`` + n × ``interval``."""

    count: int | None
    start: datetime | None
    interval: Duration

    def due(self, anchor: datetime, number: int, zone: ZoneInfo) -> datetime:
        """The moment of firing ``number`` (from 0)."""
        if self.start is not None:
            return self.interval.after(self.start, zone, number) if number else self.start
        return self.interval.after(anchor, zone, number + 1)


def parse_cycle(text: str, zone: ZoneInfo) -> Cycle:
    """``R[n]/[start/]duration``. Raises TimeRefused."""
    parts = text.strip().split("/")
    if not re.fullmatch(r"R\d*", parts[0]) or len(parts) not in (2, 3):
        raise TimeRefused(f"{text[:40]!r} is no repetition such as R3/PT1H")
    interval = parse_duration(parts[-1])
    if interval.is_zero:
        raise TimeRefused("a repetition needs time between two firings")
    count = int(parts[0][1:]) if len(parts[0]) > 1 else None
    return Cycle(count, parse_moment(parts[1], zone) if len(parts) == 3 else None, interval)
