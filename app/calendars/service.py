"""Changing calendars. Every change is written down and tells all processes that their copy is old."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import date

from flask_babel import lazy_gettext as _l
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

import engine
from app.accounts import service as accounts
from app.accounts.models import Group
from app.calendars import holidays_cn, hours, queries, recomputing
from app.calendars.models import Calendar, CalendarAssignment, CalendarDay, CalendarVersion
from app.errors import FieldErrors, NotVisible

FIRST_YEAR, LAST_YEAR = 2001, 2099
"""The years for which days may be edited and computed."""


def changed(session: Session) -> None:
    """Tell every process that calendars changed. A random token, not a counter: a number that was rolled back could
    come again with another meaning."""
    row = session.get(CalendarVersion, 1)
    if row is None:
        session.add(CalendarVersion(id=1, token=secrets.token_hex(8)))
    else:
        row.token = secrets.token_hex(8)
    session.flush()


def create(session: Session, actor: str, *, key: str, name_zh: str, name_en: str) -> None:
    """A new calendar with office hours and the public holidays of the years around now."""
    if session.get(Calendar, key) is not None:
        raise FieldErrors({"key": [_l("There is a calendar of this key.")]})
    session.add(Calendar(key=key, name_zh=name_zh, name_en=name_en, week=queries.OFFICE_WEEK))
    session.flush()
    this_year = engine.now(session).year
    for year in range(this_year - 1, this_year + 3):
        load_year(session, key, year)
    changed(session)
    accounts.record(session, actor, "calendar.created", key)


def save_week(session: Session, actor: str, key: str, week: list[hours.Stored], groups: Iterable[str]) -> None:
    """Set the hours of an ordinary week and the groups that work by this calendar."""
    row = _calendar(session, key)
    if not any(week):
        raise FieldErrors({"": [_l("At least one day needs working hours.")]})
    row.week = [[list(pair) for pair in day] for day in week]
    moved = set(queries.assigned(session).items())
    known = set(session.scalars(select(Group.name).where(Group.name.in_(list(groups)))))
    session.execute(delete(CalendarAssignment).where(CalendarAssignment.calendar_key == key))
    session.execute(delete(CalendarAssignment).where(CalendarAssignment.group_name.in_(sorted(known))))
    if key != queries.OFFICE:
        session.add_all([CalendarAssignment(group_name=name, calendar_key=key) for name in sorted(known)])
    changed(session)
    moved ^= set(queries.assigned(session).items())
    recomputing.request(session, actor, key, {group for group, _calendar_key in moved})
    accounts.record(session, actor, "calendar.hours", key, week=row.week, groups=sorted(known))


def save_day(
    session: Session,
    actor: str,
    key: str,
    day: date,
    *,
    working: bool,
    own_hours: hours.Stored | None,
    name_zh: str,
    name_en: str,
) -> None:
    """Say what a date is: rest, or working with ``own_hours`` (None: those of an ordinary day)."""
    _calendar(session, key)
    load_year(session, key, day.year)
    row = session.get(CalendarDay, (key, day)) or CalendarDay(calendar_key=key, date=day)
    row.working, row.hours = working, own_hours if working else None
    row.name_zh, row.name_en, row.source = name_zh, name_en, "edited"
    session.add(row)
    changed(session)
    recomputing.request(session, actor, key)
    accounts.record(session, actor, "calendar.day", key, date=day.isoformat(), working=working, hours=row.hours)


def forget_day(session: Session, actor: str, key: str, day: date) -> None:
    """Make a date what it was before anybody edited it."""
    _calendar(session, key)
    session.execute(delete(CalendarDay).where(CalendarDay.calendar_key == key, CalendarDay.date == day))
    session.flush()
    known = holidays_cn.days_of(day.year)
    source = "official" if known.official else "estimated"
    session.add_all([_seeded(key, special, source) for special in known.days if special.date == day])
    changed(session)
    recomputing.request(session, actor, key)
    accounts.record(session, actor, "calendar.day_forgotten", key, date=day.isoformat())


def load_year(session: Session, key: str, year: int) -> None:
    """Store the special days the package knows for a year, unless they are stored already."""
    if any(row.source != "edited" for row in _stored(session, key, year)):
        return
    _store_year(session, key, year)


def reload_year(session: Session, actor: str, key: str, year: int) -> None:
    """Take the days of a year from the package again (it learnt the announced ones); edited days stay."""
    _calendar(session, key)
    for row in _stored(session, key, year):
        if row.source != "edited":
            session.delete(row)
    session.flush()
    _store_year(session, key, year)
    changed(session)
    recomputing.request(session, actor, key)
    accounts.record(session, actor, "calendar.year_loaded", key, year=year)


def _store_year(session: Session, key: str, year: int) -> None:
    edited = {row.date for row in _stored(session, key, year)}
    known = holidays_cn.days_of(year)
    source = "official" if known.official else "estimated"
    session.add_all([_seeded(key, special, source) for special in known.days if special.date not in edited])
    session.flush()


def _seeded(key: str, special: holidays_cn.SpecialDay, source: str) -> CalendarDay:
    return CalendarDay(
        calendar_key=key,
        date=special.date,
        working=special.working,
        hours=None,
        name_zh=special.name_zh,
        name_en=special.name_en,
        source=source,
    )


def _stored(session: Session, key: str, year: int) -> list[CalendarDay]:
    found = select(CalendarDay).where(
        CalendarDay.calendar_key == key, CalendarDay.date >= date(year, 1, 1), CalendarDay.date <= date(year, 12, 31)
    )
    return list(session.scalars(found))


def _calendar(session: Session, key: str) -> Calendar:
    row = session.get(Calendar, key)
    if row is None:
        raise NotVisible
    return row
