"""The agenda: which timers fire when, for whom, and how many on each day."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import current_app
from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, Row, Select, and_, or_, select, text
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

import engine
from app.business_objects import Summary, objects
from app.monitor import cases
from app.monitor.sight import EXPORTS
from app.process_names import process_name, step_name
from app.security import Principal
from app.visibility import sees_every_instance, sees_listed
from app.web.lists import BoundFilter, ChoiceFilter, Column, DateFilter, ListSpec, Sort, matching
from app.web.lists.filters import FilterContext, clean
from app.web.periods import midnight
from engine.tables import asked_each, job, process_instance

WAITING = text("job.kind = 'timer' AND job.ended_at IS NULL")
"""The condition of ix_job_timer_due_at, word for word."""
HORIZONS: Mapping[str, int] = {"7": 7, "30": 30, "365": 365}
OVERDUE = "overdue"
FORESEEABLE = timedelta(days=3660)
MOST_COUNTED = 300
MOST_OF_DAYS = 5_000
"""Timers of the days of one page that are counted."""


@dataclass(frozen=True, slots=True)
class TimerLine:
    """One timer: when it fires, for whom, and what its moment came from. ``process_key`` is set for one that starts a
    process."""

    id: int
    due_at: datetime
    instance_id: str | None
    node_id: str | None
    definition_id: str | None
    business_key: str | None
    title: str
    customer: str
    process: str
    step: str
    suspended: bool
    starts: bool
    explanation: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Day:
    """What fires on one day. ``count``: of all that match, or (``capped``) at least so many; ``works``: it is a working
    day on the reader's calendar."""

    day: date
    lines: tuple[TimerLine, ...]
    count: int
    works: bool
    capped: bool = False
    overdue: bool = False


def _zone() -> ZoneInfo:
    return ZoneInfo(current_app.extensions["keliu.settings"].zone)


def _select(session: Session, principal: Principal) -> Select[*tuple[Any, ...]]:
    """Ids only, ix_job_timer_due_at: what a page shows is read for its rows alone. About the instance it is asked timer
    by timer, so that a page is read along the agenda until it is full."""
    statement = select(job.c.id).where(WAITING)
    if sees_every_instance(principal):
        return statement
    return statement.where(_instance_is(sees_listed(session, principal, objects())))


def _foreseeable(session: Session, principal: Principal) -> Select[*tuple[Any, ...]]:
    """What fires in the next ten years. A process that has no moment for a timer puts it further away: it is no
    appointment, and stands at its instance only."""
    return _select(session, principal).where(job.c.due_at < engine.now(session) + FORESEEABLE)


def _instance_is(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """The instance of the timer fulfils the condition on ``process_instance``."""
    found = select(process_instance.c.id).where(process_instance.c.id == job.c.instance_id, condition)
    return asked_each(found.correlate(job))


def _lines(principal: Principal) -> Any:
    def lines(session: Session, ids: Sequence[Row[*tuple[Any, ...]]]) -> list[TimerLine]:
        found = _rows(session, [row.id for row in ids])
        known = cases.summaries(
            session, principal, objects(), ((row.definition_key, row.business_key) for row in found)
        )
        standing = _starting(session, {row.topic for row in found if row.instance_id is None})
        return [_line(session, row, known.get((row.definition_key, row.business_key)), standing) for row in found]

    return lines


def _rows(session: Session, ids: Sequence[int]) -> list[Row[*tuple[Any, ...]]]:
    """Timers with their instances, in the order of ``ids``."""
    statement = (
        select(job, process_instance.c.definition_id, process_instance.c.definition_key)
        .add_columns(process_instance.c.business_key, process_instance.c.title, process_instance.c.state.label("of"))
        .outerjoin(process_instance, process_instance.c.id == job.c.instance_id)
        .where(job.c.id.in_(ids))
    )
    found = {row.id: row for row in session.execute(statement)}
    return [found[key] for key in ids]


def _line(session: Session, row: Row[*tuple[Any, ...]], summary: Summary | None, standing: dict[str, str]) -> TimerLine:
    version = row.definition_id or standing.get(row.topic)
    process = process_name(session, version) if version else str(row.topic or "")
    return TimerLine(
        id=row.id,
        due_at=row.due_at,
        instance_id=row.instance_id,
        node_id=row.node_id,
        definition_id=version,
        business_key=row.business_key,
        title=cases.title(objects(), summary, row.definition_key or "", row.title or ""),
        customer=summary.customer if summary else "",
        process=process,
        step=step_name(session, version, row.node_id) if version and row.node_id else str(row.node_id or ""),
        suspended=row.of == engine.InstanceState.SUSPENDED,
        starts=row.instance_id is None,
        explanation=row.payload.get("explanation", {}),
    )


def _starting(session: Session, keys: set[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for key in sorted(filter(None, keys)):
        found[key] = engine.queries.latest_definition(session, key).id
    return found


def horizon(session: Session, chosen: str) -> ColumnElement[bool]:
    """Condition on ``job``: it fires within so many days of the business zone (or should have fired already)."""
    return job.c.due_at <= _last(session, chosen)


def _last(session: Session, chosen: str) -> datetime:
    """The last moment of the horizon."""
    now = engine.now(session)
    if chosen == OVERDUE:
        return now
    end = now.astimezone(_zone()).date() + timedelta(days=HORIZONS[chosen])
    return _midnight(end) - timedelta(microseconds=1)


def _midnight(day: date) -> datetime:
    return midnight(day, _zone())


@dataclass(frozen=True, slots=True)
class Within:
    """How far ahead to look: one of the horizons; as far as there are timers when nothing was said."""

    name: str
    label: Any

    def parameters(self) -> tuple[str, ...]:
        """One parameter."""
        return (self.name,)

    def bind(self, arguments: MultiDict[str, str], context: FilterContext) -> BoundFilter:
        """One of them, or none."""
        chosen = clean(arguments.get(self.name, ""))
        options = tuple((value, str(label)) for value, label in HORIZON_NAMES.items())
        if chosen not in HORIZON_NAMES:
            return BoundFilter(self.name, str(self.label), "choice", (), options)
        return BoundFilter(self.name, str(self.label), "choice", (chosen,), options, horizon(context.session, chosen))


HORIZON_NAMES: Mapping[str, Any] = {
    OVERDUE: _l("overdue"),
    "7": _l("within 7 days"),
    "30": _l("within 30 days"),
    "365": _l("within 365 days"),
}


@dataclass(frozen=True, slots=True)
class KeyFilter:
    """Business keys that begin like this (ix_process_instance_business_key)."""

    name: str
    label: Any

    def parameters(self) -> tuple[str, ...]:
        """One parameter."""
        return (self.name,)

    def bind(self, arguments: MultiDict[str, str], context: FilterContext) -> BoundFilter:
        """From the beginning of the key to where its end would be."""
        value = clean(arguments.get(self.name, ""))
        if not value:
            return BoundFilter(self.name, str(self.label), "text")
        key = process_instance.c.business_key
        begins = and_(key >= value, key < value + "\U0010ffff")
        ids = select(process_instance.c.id).where(begins)
        return BoundFilter(self.name, str(self.label), "text", (value,), condition=job.c.instance_id.in_(ids))


def _processes(session: Session) -> list[tuple[str, str]]:
    return [(one.key, process_name(session, one.id)) for one in engine.queries.definitions(session)]


def _of_process(chosen: Sequence[str]) -> ColumnElement[bool]:
    starts = and_(job.c.instance_id.is_(None), job.c.topic == chosen[0])
    return or_(_instance_is(process_instance.c.definition_key == chosen[0]), starts)


def agenda(principal: Principal) -> ListSpec[TimerLine]:
    """The timers that this person may know of."""
    return ListSpec(
        name="timers",
        title=_l("Timers"),
        select=_foreseeable,
        rows=_lines(principal),
        key=job.c.id,
        columns=(
            Column("due", _l("Fires"), lambda row: row.due_at, sort="due"),
            Column("business_key", _l("Number"), lambda row: row.business_key),
            Column("title", _l("Instance"), lambda row: row.title),
            Column("customer", _l("Customer"), lambda row: row.customer),
            Column("process", _l("Process"), lambda row: row.process),
            Column("step", _l("Step"), lambda row: row.step),
        ),
        sorts={"due": Sort(job.c.due_at)},  # ix_job_timer_due_at
        default_sort="due",
        export_permission=EXPORTS,
        most_counted=MOST_COUNTED,
        filters=(
            Within("within", _l("Fires")),
            DateFilter("day", _l("Days"), job.c.due_at),
            ChoiceFilter("process", _l("Process"), _processes, condition=_of_process),
            KeyFilter("number", _l("Number begins with")),
        ),
    )


def totals(session: Session, principal: Principal) -> list[tuple[str, Any, int]]:
    """How many fire within each horizon: (value, name, number), counted to three hundred (ix_job_timer_due_at)."""
    last = {value: _last(session, value) for value in HORIZON_NAMES}
    statement = _select(session, principal).with_only_columns(job.c.due_at)
    first = statement.where(job.c.due_at <= max(last.values())).order_by(job.c.due_at).limit(MOST_COUNTED + 1)
    moments = session.scalars(first).all()
    return [(value, name, bisect_right(moments, last[value])) for value, name in HORIZON_NAMES.items()]


def days(
    session: Session, principal: Principal, lines: Sequence[TimerLine], arguments: MultiDict[str, str]
) -> list[Day]:
    """The lines by day of the business zone, each day with how many fire on it and whether its people work."""
    by_day: dict[date, list[TimerLine]] = {}
    zone, today = _zone(), engine.now(session).astimezone(_zone()).date()
    for line in lines:
        by_day.setdefault(line.due_at.astimezone(zone).date(), []).append(line)
    found = matching(agenda(principal), session, principal, arguments)
    counts, counted_to = _counts(session, found, list(by_day))
    calendar = engine.runtime(session).calendars(session, principal.department_key or None)
    return [
        Day(
            day,
            tuple(some),
            max(counts[day], len(some)),
            _works(calendar, day),
            capped=counted_to is not None and day >= counted_to,
            overdue=day < today,
        )
        for day, some in by_day.items()
    ]


def _works(calendar: engine.WorkingCalendar, day: date) -> bool:
    return calendar.between(_midnight(day), _midnight(day + timedelta(days=1))) > timedelta()


def _counts(session: Session, found: Select[*tuple[Any, ...]], some: list[date]) -> tuple[Counter[date], date | None]:
    """How many fire on each day from the first of the page to the last, and from which day on not all were counted
    (ix_job_timer_due_at)."""
    if not some:
        return Counter(), None
    within = (job.c.due_at >= _midnight(min(some)), job.c.due_at < _midnight(max(some) + timedelta(days=1)))
    moments = found.with_only_columns(job.c.due_at).where(*within)
    zone = _zone()
    every = [
        moment.astimezone(zone).date()
        for moment in session.scalars(moments.order_by(job.c.due_at).limit(MOST_OF_DAYS + 1))
    ]
    return Counter(every), every[-1] if len(every) > MOST_OF_DAYS else None


def visible_timer(session: Session, principal: Principal, job_id: int) -> TimerLine | None:
    """One timer that waits, if this person may know of it."""
    row = session.execute(_select(session, principal).where(job.c.id == job_id)).first()
    return None if row is None else _lines(principal)(session, [row])[0]


__all__ = ["Day", "TimerLine", "agenda", "days", "totals", "visible_timer"]
