"""What happened in a test run, line by line and on a calendar."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_skeleton
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

import engine
from app.accounts import queries as accounts
from app.calendars import queries as calendars
from app.calendars import year as years
from app.notifications import wording
from app.notifications.models import Notice, OutboxMessage
from app.process_names import step_name
from app.sandbox import queries, running
from app.web.i18n import language
from engine.tables import history_event, process_instance

MOST = 2_000
"""Lines of the timeline."""
ICONS = {
    "task": "user",
    "done": "check",
    "gone": "x",
    "timer": "clock",
    "deadline": "bell",
    "message": "mail-opened",
    "letter": "mail",
    "notice": "bell",
    "process": "player-play",
    "planned": "clock",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One line. ``kind`` is one of :data:`ICONS`; ``detail``: more of it, as text."""

    at: datetime
    kind: str
    text: str
    detail: str = ""
    planned: bool = False
    """Still to come, unless something else happens before."""

    @property
    def icon(self) -> str:
        """The sign for its kind."""
        return ICONS[self.kind]


@dataclass(frozen=True, slots=True)
class Day:
    """A cell of the calendar. ``kind`` as in :class:`app.calendars.year.Day`."""

    date: date
    kind: str
    mark: str
    title: str
    entries: tuple[Entry, ...]
    today: bool


@dataclass(frozen=True, slots=True)
class Month:
    """A month as weeks of seven cells; None outside of it."""

    name: str
    weekdays: tuple[str, ...]
    weeks: tuple[tuple[Day | None, ...], ...]
    first: date


Wording = Callable[[str, str, Mapping[str, Any]], tuple[str, str]]


def _task_created(step: str, _who: str, _facts: Mapping[str, Any]) -> tuple[str, str]:
    return "task", _("%(step)s waits for somebody", step=step)


def _task_completed(step: str, who: str, _facts: Mapping[str, Any]) -> tuple[str, str]:
    return "done", _("%(step)s was done by %(who)s", step=step, who=who)


def _task_cancelled(step: str, _who: str, _facts: Mapping[str, Any]) -> tuple[str, str]:
    return "gone", _("%(step)s is not needed any more", step=step)


def _timer_fired(step: str, _who: str, _facts: Mapping[str, Any]) -> tuple[str, str]:
    return "timer", _("Timer: %(step)s", step=step)


def _received(step: str, who: str, _facts: Mapping[str, Any]) -> tuple[str, str]:
    return "message", _("Received: %(step)s (%(who)s)", step=step, who=who)


def _deadline(step: str, _who: str, facts: Mapping[str, Any]) -> tuple[str, str]:
    words = {
        "reminder": _("%(step)s: reminder, most of the time is over", step=step),
        "overdue": _("%(step)s is overdue", step=step),
    }
    return "deadline", words.get(str(facts.get("stage")), _("%(step)s: escalated", step=step))


def _started(_step: str, who: str, _facts: Mapping[str, Any]) -> tuple[str, str]:
    return "process", _("The process was started by %(who)s", who=who)


def _ended(_step: str, _who: str, _facts: Mapping[str, Any]) -> tuple[str, str]:
    return "process", _("The process has ended")


WORDS: Mapping[str, Wording] = {
    "task_created": _task_created,
    "task_completed": _task_completed,
    "task_cancelled": _task_cancelled,
    "timer_fired": _timer_fired,
    "message_received": _received,
    "signal_received": _received,
    "deadline_reached": _deadline,
    "instance_started": _started,
    "instance_ended": _ended,
}
"""Of each kind of history row that is shown: kind of entry and words."""


def timeline(session: Session) -> list[Entry]:
    """Everything that happened, the first first."""
    found = [*_history(session), *_letters(session), *_notices(session)]
    return sorted(found, key=lambda entry: entry.at)[:MOST]


def planned(session: Session) -> list[Entry]:
    """What will happen if nothing comes between: timers, and the deadlines of open tasks."""
    found = [
        Entry(row.at, "planned", _("Timer: %(step)s", step=row.step), planned=True)
        for row in queries.timers(session)
        if row.at is not None and row.name == engine.JobKind.TIMER
    ]
    for task in running.open_tasks(session):
        if task.due_at is not None and task.due_at > engine.now(session):
            step = step_name(session, task.definition_id, task.node_id)
            found.append(Entry(task.due_at, "deadline", _("%(step)s is due", step=step), planned=True))
    return sorted(found, key=lambda entry: entry.at)


def month(session: Session, wanted: date, entries: list[Entry], calendar_key: str = calendars.OFFICE) -> Month:
    """The month of ``wanted`` with its entries; rest days are those of the calendar."""
    zone = ZoneInfo(engine.runtime(session).zone)
    by_day: dict[date, list[Entry]] = {}
    for entry in entries:
        by_day.setdefault(entry.at.astimezone(zone).date(), []).append(entry)
    today = engine.now(session).astimezone(zone).date()
    row = calendars.calendar(session, calendar_key) or calendars.calendar_of(session, None)
    drawn = years.months(session, row, wanted.year, language())[wanted.month - 1]
    weeks = tuple(
        tuple(
            Day(day.date, day.kind, day.mark, day.title, tuple(by_day.get(day.date, ())), day.date == today)
            if day
            else None
            for day in week
        )
        for week in drawn.weeks
    )
    name = format_skeleton("yMMMM", wanted, locale=language())
    return Month(name, tuple(years.weekday_names(language(), "short")), weeks, wanted)


def _history(session: Session) -> Iterator[Entry]:
    statement = (
        select(history_event, process_instance.c.definition_id)
        .join(process_instance, process_instance.c.id == history_event.c.instance_id)
        .where(history_event.c.kind.in_(sorted(WORDS)))
        .order_by(history_event.c.id)
        .limit(MOST)
    )
    rows = session.execute(statement).all()
    names = accounts.display_names(session, {row.actor for row in rows}, language())
    for row in rows:
        step = step_name(session, row.definition_id, row.node_id) if row.node_id else ""
        kind, text = WORDS[row.kind](step, names.get(row.actor, row.actor), row.changes)
        shown = row.changes if row.kind in ("task_completed", "message_received", "instance_started") else {}
        yield Entry(row.at, kind, text, "\n".join(f"{name}: {value}" for name, value in sorted(shown.items()))[:2_000])


def _letters(session: Session) -> Iterator[Entry]:
    statement = select(OutboxMessage).order_by(OutboxMessage.id).limit(MOST)
    for row in session.scalars(statement):
        chinese = language() == "zh"
        subject, body = (row.subject_zh, row.body_zh) if chinese else (row.subject_en, row.body_en)
        text = _("Letter to %(who)s: %(subject)s", who=row.recipient or _("the customer"), subject=subject)
        yield Entry(row.created_at, "letter", text, body)


def _notices(session: Session) -> Iterator[Entry]:
    """What employees are told: the same said to several is one line."""
    said: dict[tuple[datetime, str], list[str]] = {}
    for row in session.scalars(select(Notice).order_by(Notice.id).limit(MOST)):
        text = wording.notice_text(row.template, row.facts, language())
        said.setdefault((row.created_at, text), []).append(row.recipient)
    names = accounts.display_names(session, {login for logins in said.values() for login in logins}, language())
    for (at, text), logins in said.items():
        who = _(", ").join(names[login] for login in logins)
        yield Entry(at, "notice", _("Notice to %(who)s: %(text)s", who=who, text=text))
