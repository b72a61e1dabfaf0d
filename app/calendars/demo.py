"""The demo company's calendars, read from ``demo/calendars.json``. Loading twice changes nothing."""

from __future__ import annotations

import json
from importlib import resources

from sqlalchemy.orm import Session

import engine
from app.calendars import hours, service
from app.calendars.models import Calendar, CalendarAssignment

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
YEARS_BEFORE, YEARS_AFTER = 1, 2


def load(session: Session) -> None:
    """Both calendars, their groups, and the special days of last year to the year after next."""
    this_year, added = engine.now(session).year, False
    for row in json.loads((resources.files("demo") / "calendars.json").read_text("utf-8")):
        if session.get(Calendar, row["key"]) is not None:
            continue
        week = [hours.parse(row["week"][day]) for day in WEEKDAYS]
        session.add(Calendar(key=row["key"], name_zh=row["name_zh"], name_en=row["name_en"], week=week))
        session.flush()
        session.add_all([CalendarAssignment(group_name=name, calendar_key=row["key"]) for name in row["groups"]])
        for year in range(this_year - YEARS_BEFORE, this_year + YEARS_AFTER + 1):
            service.load_year(session, row["key"], year)
        added = True
    if added:
        service.changed(session)
