"""Reading calendars: rows for the pages, and the value the engine computes with."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlalchemy.pool import Pool

import engine
from app.calendars import holidays_cn, hours
from app.calendars.models import Calendar, CalendarAssignment, CalendarDay, CalendarVersion
from engine import WorkingCalendar

OFFICE = "office"
OFFICE_WEEK = [[["09:00", "18:00"]]] * 5 + [[], []]
"""What holds when nobody set up calendars."""

YEARS_BEFORE, YEARS_AFTER = 3, 6
"""For these years around now the engine knows special days even if nobody loaded them."""


@dataclass(frozen=True, slots=True)
class CalendarRow:
    """One calendar and the groups that work by it."""

    key: str
    name_zh: str
    name_en: str
    week: tuple[tuple[tuple[str, str], ...], ...]
    groups: tuple[str, ...]

    def name(self, language: str) -> str:
        """The name in ``language``."""
        return self.name_zh if language.startswith("zh") else self.name_en


@dataclass(frozen=True, slots=True)
class DayRow:
    """One date of a calendar that differs or has a name. ``hours`` None: those of an ordinary working day."""

    date: date
    working: bool
    hours: tuple[tuple[str, str], ...] | None
    name_zh: str
    name_en: str
    source: str

    def name(self, language: str) -> str:
        """The name in ``language``, whichever was given if only one was."""
        first, second = (self.name_zh, self.name_en)[:: 1 if language.startswith("zh") else -1]
        return first or second


@dataclass(frozen=True, slots=True)
class _Loaded:
    token: str
    year: int
    calendars: Mapping[str, WorkingCalendar]
    assigned: Mapping[str, str]


_loaded: WeakKeyDictionary[Pool, _Loaded] = WeakKeyDictionary()
_lock = threading.Lock()


def working_calendar(session: Session, group: str | None) -> WorkingCalendar:
    """The calendar a candidate group works by; the office's for None and for groups nobody assigned one.
    Kept in this process until somebody changes a calendar (one small read per call finds out)."""
    token = session.scalars(select(CalendarVersion.token)).first() or ""
    year, pool = engine.now(session).year, session.get_bind().engine.pool
    known = _loaded.get(pool)
    if known is None or (known.token, known.year) != (token, year):
        known = _load(session, token, year)
        with _lock:
            _loaded[pool] = known
    return known.calendars[known.assigned.get(group or "", OFFICE)]


def assigned(session: Session) -> dict[str, str]:
    """Candidate group → key of its calendar, for groups that do not work by the office's."""
    found = select(CalendarAssignment.group_name, CalendarAssignment.calendar_key)
    return {row[0]: row[1] for row in session.execute(found)}


def calendars(session: Session) -> tuple[CalendarRow, ...]:
    """All calendars by key."""
    groups: dict[str, list[str]] = {}
    for row in session.scalars(select(CalendarAssignment).order_by(CalendarAssignment.group_name)):
        groups.setdefault(row.calendar_key, []).append(row.group_name)
    return tuple(
        CalendarRow(row.key, row.name_zh, row.name_en, _frozen_week(row.week), tuple(groups.get(row.key, ())))
        for row in session.scalars(select(Calendar).order_by(Calendar.key))
    )


def calendar_of(session: Session, group: str | None) -> CalendarRow:
    """The calendar a candidate group works by; the office's for None and for groups nobody assigned one."""
    key = assigned(session).get(group or "", OFFICE)
    return calendar(session, key) or CalendarRow(key, "办公室", "Office", _frozen_week(OFFICE_WEEK), ())


def calendar(session: Session, key: str) -> CalendarRow | None:
    """One calendar by key."""
    return next((row for row in calendars(session) if row.key == key), None)


def days(session: Session, key: str, year: int) -> tuple[DayRow, ...]:
    """The special days of a year: stored ones, and for a year nobody loaded those of the package."""
    found = select(CalendarDay).where(
        CalendarDay.calendar_key == key, CalendarDay.date >= date(year, 1, 1), CalendarDay.date <= date(year, 12, 31)
    )
    stored = tuple(_day_row(row) for row in session.scalars(found.order_by(CalendarDay.date)))
    if any(row.source != "edited" for row in stored):
        return stored
    by_date = {row.date: row for row in _computed(year)} | {row.date: row for row in stored}
    return tuple(by_date[day] for day in sorted(by_date))


def is_estimated(session: Session, key: str, year: int) -> bool:
    """Whether the adjusted days of the year were not announced when the days were loaded."""
    return any(row.source == "estimated" for row in days(session, key, year))


def ordinary_hours(week: Sequence[Sequence[Sequence[str]]]) -> Sequence[Sequence[str]]:
    """The hours of an ordinary working day: the first weekday with work."""
    return next((day for day in week if day), [])


def _computed(year: int) -> tuple[DayRow, ...]:
    known = holidays_cn.days_of(year)
    source = "official" if known.official else "estimated"
    return tuple(DayRow(day.date, day.working, None, day.name_zh, day.name_en, source) for day in known.days)


def _day_row(row: CalendarDay) -> DayRow:
    own = None if row.hours is None else tuple((start, end) for start, end in row.hours)
    return DayRow(row.date, row.working, own, row.name_zh, row.name_en, row.source)


def _frozen_week(week: Sequence[Sequence[Sequence[str]]]) -> tuple[tuple[tuple[str, str], ...], ...]:
    return tuple(tuple((start, end) for start, end in day) for day in week)


def _load(session: Session, token: str, year: int) -> _Loaded:
    zone = engine.runtime(session).zone
    weeks: dict[str, Any] = {row.key: row.week for row in session.scalars(select(Calendar))}
    stored: dict[str, dict[int, list[DayRow]]] = {key: {} for key in weeks}
    for row in session.scalars(select(CalendarDay)):
        stored[row.calendar_key].setdefault(row.date.year, []).append(_day_row(row))
    weeks.setdefault(OFFICE, OFFICE_WEEK)
    years = range(year - YEARS_BEFORE, year + YEARS_AFTER + 1)
    made = {key: _value(zone, week, stored.get(key, {}), years) for key, week in weeks.items()}
    return _Loaded(token, year, made, assigned(session))


def _value(
    zone: str, week: Sequence[Sequence[Sequence[str]]], stored: Mapping[int, Sequence[DayRow]], years: range
) -> WorkingCalendar:
    ordinary = ordinary_hours(week)
    special: dict[date, hours.Hours] = {}
    for year in sorted({*years, *stored}):
        own = stored.get(year, ())
        loaded = any(row.source != "edited" for row in own)
        for row in (*(() if loaded else _computed(year)), *own):
            special[row.date] = hours.read(row.hours if row.hours is not None else ordinary) if row.working else ()
    monday, tuesday, wednesday, thursday, friday, saturday, sunday = (hours.read(day) for day in week)
    return WorkingCalendar(zone, (monday, tuesday, wednesday, thursday, friday, saturday, sunday), special)
