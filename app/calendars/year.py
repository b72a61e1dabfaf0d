"""A year of a calendar laid out for the page: months, weeks, days, with what each day is."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date

from babel.dates import format_date, get_day_names, get_month_names
from sqlalchemy.orm import Session

from app.calendars import hours, queries


@dataclass(frozen=True, slots=True)
class Day:
    """One cell. ``kind``: work, rest (an ordinary free day), holiday, extra (work on a weekend), other (own hours)."""

    date: date
    kind: str
    mark: str
    title: str
    edited: bool


@dataclass(frozen=True, slots=True)
class Month:
    """A month as weeks of seven cells; None outside of the month. ``working``: its working days."""

    name: str
    weeks: tuple[tuple[Day | None, ...], ...]
    working: int


MARKS = {
    "zh": {"holiday": "休", "extra": "班", "other": "时"},
    "en": {"holiday": "off", "extra": "work", "other": "hrs"},
}


def weekday_names(language: str, width: str = "narrow") -> list[str]:
    """Names of the weekdays, Monday first."""
    names = get_day_names(width, locale=language)  # type: ignore[arg-type]  # babel lists the widths as literals
    return [names[number] for number in range(7)]


def months(session: Session, row: queries.CalendarRow, year: int, language: str) -> tuple[Month, ...]:
    """The twelve months of ``year``."""
    special = {found.date: found for found in queries.days(session, row.key, year)}
    names = get_month_names("wide", context="stand-alone", locale=language)
    return tuple(_month(row, special, year, number, names[number], language) for number in range(1, 13))


def _month(
    row: queries.CalendarRow, special: dict[date, queries.DayRow], year: int, number: int, name: str, language: str
) -> Month:
    weeks = tuple(
        tuple(_day(row, special, day, language) if day.month == number else None for day in week)
        for week in calendar.Calendar().monthdatescalendar(year, number)
    )
    working = sum(1 for week in weeks for day in week if day and day.kind in ("work", "extra", "other"))
    return Month(name, weeks, working)


def _day(row: queries.CalendarRow, special: dict[date, queries.DayRow], at: date, language: str) -> Day:
    found, usual = special.get(at), row.week[at.weekday()]
    kind = _kind(found, works_usually=bool(usual))
    mark = MARKS["zh" if language.startswith("zh") else "en"].get(kind, "")
    words = [format_date(at, "full", locale=language)]
    if found and found.name(language):
        words.append(found.name(language))
    if kind in ("work", "extra", "other"):
        own = found.hours if found else None
        worked = own if own is not None else (usual or queries.ordinary_hours(row.week))
        words.append(hours.write(worked))
    return Day(at, kind, mark, " · ".join(words), bool(found and found.source == "edited"))


def _kind(found: queries.DayRow | None, *, works_usually: bool) -> str:
    if found is None:
        return "work" if works_usually else "rest"
    if not found.working:
        return "holiday"
    if found.hours is not None:
        return "other"
    return "work" if works_usually else "extra"
