"""How a deadline came about, for the person who asks: from when, how much working time, on which calendar, day by
day with the name of every day that does not count, and the pauses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

import engine
from app.calendars import queries
from engine import PauseRow, WorkingCalendar

MOST_DAYS = 400
"""Longer deadlines are explained for so many days."""


@dataclass(frozen=True, slots=True)
class Days:
    """One line: a day that counts with its working time, or days in a row that do not, and why (``kind``: work, extra,
    other, rest, holiday, paused)."""

    first: date
    last: date
    worked: timedelta
    kind: str
    name_zh: str = ""
    name_en: str = ""

    def name(self, language: str) -> str:
        """What the day is called, empty for an ordinary one."""
        return self.name_zh if language.startswith("zh") else self.name_en


@dataclass(frozen=True, slots=True)
class Explanation:
    """How ``due_at`` was computed. ``rule``: hours (of working time), days (working days) or date (somebody said so);
    ``amount`` is of the first two. ``due_at`` None: the clock stands still and nobody knows until when."""

    rule: str
    amount: float | None
    start: datetime
    due_at: datetime | None
    calendar: queries.CalendarRow
    days: tuple[Days, ...]
    pauses: tuple[PauseRow, ...]
    more: bool = False
    """Whether there are more days than are listed."""

    @property
    def paused(self) -> PauseRow | None:
        """The pause that is under way."""
        return next((pause for pause in self.pauses if pause.ended_at is None), None)


def of_task(session: Session, task: engine.TaskRow) -> Explanation | None:
    """How the deadline of a task was computed; None for a task that never had one."""
    if task.service_minutes is None and task.due_basis is None and task.due_at is None:
        return None
    pauses = engine.queries.pauses_of(session, task.id)
    basis = task.due_basis
    if basis is None and task.service_minutes is None:
        basis = {"start": task.created_at.isoformat(), "fixed": True}
    if basis is None:
        basis = {"start": task.created_at.isoformat(), "hours": (task.service_minutes or 0) / 60}
    return _explain(session, basis, task.calendar, task.due_at, pauses, task.ended_at)


def of_timer(session: Session, job: engine.JobRow) -> Explanation | None:
    """How the moment of a timer was computed; None unless in working time."""
    explanation = job.payload.get("explanation", {})
    basis = explanation.get("working")
    if basis is None:
        return None
    owner = explanation.get("owner")
    pauses = engine.queries.pauses_of(session, owner) if owner else ()
    return _explain(session, basis, basis["calendar"], job.due_at, pauses, job.ended_at)


def _explain(
    session: Session,
    basis: Mapping[str, Any],
    group: str | None,
    due_at: datetime | None,
    pauses: Sequence[PauseRow],
    ended_at: datetime | None,
) -> Explanation:
    start = datetime.fromisoformat(basis["start"])
    rule = next((name for name in ("hours", "days") if name in basis), "date")
    row = queries.calendar_of(session, group)
    calendar = queries.working_calendar(session, group)
    end = due_at or next((pause.from_at for pause in pauses if pause.to_at is None), None) or ended_at or start
    spans = _running(start, end, pauses)
    days = _days(session, row, calendar, spans, (start, end))
    return Explanation(
        rule=rule,
        amount=basis.get(rule),
        start=start,
        due_at=due_at,
        calendar=row,
        days=tuple(days[:MOST_DAYS]),
        pauses=tuple(pauses),
        more=len(days) > MOST_DAYS,
    )


def _running(start: datetime, end: datetime, pauses: Iterable[PauseRow]) -> list[tuple[datetime, datetime]]:
    """When the clock ran between start and end."""
    spans, begin = [], start
    for pause in pauses:
        if pause.from_at >= end:
            break
        if pause.from_at > begin:
            spans.append((begin, pause.from_at))
        begin = max(begin, pause.to_at or end)
    if begin < end:
        spans.append((begin, end))
    return spans


def _days(
    session: Session,
    row: queries.CalendarRow,
    calendar: WorkingCalendar,
    spans: Iterable[tuple[datetime, datetime]],
    whole: tuple[datetime, datetime],
) -> list[Days]:
    worked: dict[date, timedelta] = {}
    for span in spans:
        for day, time in calendar.worked_by_day(*span):
            worked[day] = worked.get(day, timedelta()) + time
    dates = [day for day, _time in calendar.worked_by_day(*whole)]
    special = _special(session, row, dates)
    lines: list[Days] = []
    for day in dates:
        line = _line(row, special.get(day), calendar, day, worked.get(day))
        before = lines[-1] if lines else None
        if before and not line.worked and not before.worked and _alike(before, line):
            lines[-1] = Days(before.first, day, timedelta(), before.kind, before.name_zh, before.name_en)
        else:
            lines.append(line)
    return lines


def _alike(one: Days, other: Days) -> bool:
    return (one.kind, one.name_zh, one.name_en) == (other.kind, other.name_zh, other.name_en)


def _special(session: Session, row: queries.CalendarRow, dates: Sequence[date]) -> dict[date, queries.DayRow]:
    years = sorted({day.year for day in dates})
    return {found.date: found for year in years for found in queries.days(session, row.key, year)}


def _line(
    row: queries.CalendarRow,
    found: queries.DayRow | None,
    calendar: WorkingCalendar,
    day: date,
    worked: timedelta | None,
) -> Days:
    names = (found.name("zh"), found.name("en")) if found else ("", "")
    if not calendar.hours_of(day):
        kind = "holiday" if found else "rest"
    elif worked is None:
        kind, names = "paused", ("", "")
    elif found is None or found.working is False:
        kind = "work"
    else:
        kind = "other" if found.hours is not None else "work" if row.week[day.weekday()] else "extra"
    return Days(day, day, worked or timedelta(), kind, *names)


def as_json(found: Explanation) -> dict[str, Any]:
    """For programs."""
    return {
        "rule": found.rule,
        "amount": found.amount,
        "start": found.start.isoformat(),
        "due_at": found.due_at.isoformat() if found.due_at else None,
        "calendar": {"key": found.calendar.key, "name": {"zh": found.calendar.name_zh, "en": found.calendar.name_en}},
        "paused": found.paused is not None,
        "days": [
            {
                "from": line.first.isoformat(),
                "to": line.last.isoformat(),
                "worked_minutes": round(line.worked.total_seconds() / 60, 2),
                "kind": line.kind,
                "name": {"zh": line.name_zh, "en": line.name_en},
            }
            for line in found.days
        ],
        "pauses": [
            {
                "from": pause.from_at.isoformat(),
                "until": pause.until_at.isoformat() if pause.until_at else None,
                "ended_at": pause.ended_at.isoformat() if pause.ended_at else None,
                "reason": pause.reason,
                "by": pause.paused_by,
            }
            for pause in found.pauses
        ],
    }
