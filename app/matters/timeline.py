"""What happened in a matter, in order, and who held it when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from flask_babel import gettext as _
from sqlalchemy.orm import Session

import engine
from app import formkit
from app.absences import naming
from app.accounts import queries as accounts
from app.accounts.in_forms import with_departments
from app.calendars import timeline as clocks
from app.matters import labels, queries
from app.matters.models import Matter, MatterHolding
from app.matters.service.holding import by_whom
from app.notifications import queries as notices
from app.web.i18n import language

COLOURS = 8
"""As many departments have a colour of their own in the picture."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the timeline. ``document`` and ``values``: what was filled in."""

    at: datetime
    title: str
    who: str = ""
    icon: str = "circle-dot"
    text: str = ""
    document: formkit.FormDocument | None = None
    values: Mapping[str, Any] = field(default_factory=dict)
    files: tuple[int, ...] = ()


ICONS = {
    "register": "headset",
    "classify": "category",
    "handle_matter": "message-2",
    "answer_technical": "tool",
    "cco_decide": "scale",
    "reply_customer": "phone",
    "verify_with_customer": "checkbox",
}


def of(session: Session, matter: Matter) -> list[Entry]:
    """Everything that happened, the latest first."""
    steps = queries.steps(session, matter.number)
    later = queries.supplements(session, matter.number)
    moves = queries.transfers(session, matter.number)
    logins = {matter.registered_by} | {row.actor for row in steps} | {row.added_by for row in later}
    people = accounts.display_names(session, logins | {row.actor for row in moves}, language())
    entries = [
        Entry(matter.registered_at, _("Matter registered"), people.get(matter.registered_by, ""), "plus"),
        *_letters(session, matter),
        *_steps(session, steps, people),
        *_moves(session, moves, people),
        *(Entry(one.at, one.title, one.who, one.icon, one.text) for one in clocks.of(session, matter.instance_id)),
    ]
    for row in later:
        files = tuple(int(item) for item in row.files)
        who = people.get(row.added_by, row.added_by)
        entries.append(Entry(row.added_at, _("The customer added"), who, "message", row.text, files=files))
    if matter.closed_at is not None:
        entries.append(Entry(matter.closed_at, _("Matter closed"), icon="circle-check"))
    # what happened at the same moment stays in the order of the course
    return sorted(entries, key=lambda entry: entry.at)[::-1]


def _steps(session: Session, steps: Sequence[Any], people: Mapping[str, str]) -> list[Entry]:
    names = labels.step_names(session, ((step.definition_id, step.node_id) for step in steps))
    for_others = naming.for_whom(session, {step.task_id: step.actor for step in steps})
    found = []
    for step in steps:
        document = formkit.load(session, step.definition_id, step.form_key) if step.form_key else None
        found.append(
            Entry(
                at=step.at,
                title=names[step.definition_id, step.node_id],
                who=for_others.get(step.task_id) or people.get(step.actor, step.actor),
                icon=ICONS.get(step.node_id, "circle-check"),
                document=with_departments(session, document) if document else None,
                values=step.values if document else {},
            )
        )
    return found


def _moves(session: Session, moves: Sequence[Any], people: Mapping[str, str]) -> list[Entry]:
    keys = {row.from_department for row in moves} | {row.to_department for row in moves}
    names = accounts.department_names(session, keys, language())
    found = []
    for row in moves:
        title = _("%(before)s → %(after)s", before=names[row.from_department], after=names[row.to_department])
        found.append(Entry(row.at, title, by_whom(row.actor, people), "transfer", row.reason))
    return found


def _letters(session: Session, matter: Matter) -> list[Entry]:
    kind = "zh" if language() == "zh" else "en"
    return [
        Entry(letter.created_at, _("Letter to the customer"), letter.recipient, "mail", letter.subject[kind])
        for letter in notices.outbox_of(session, matter.number)
    ]


@dataclass(frozen=True, slots=True)
class Interval:
    """A department's, and perhaps a person's, time with the matter. ``start`` and ``width`` are parts of the whole in
    percent; the intervals lie side by side without gap. ``completed_by``: who completed what nobody had claimed."""

    department: str
    person: str
    completed_by: str
    step: str
    from_at: datetime
    to_at: datetime | None
    lasted: timedelta
    start: float
    width: float
    colour: int


@dataclass(frozen=True, slots=True)
class Responsibility:
    """Who had the matter from its receipt until it was closed, or until now."""

    intervals: tuple[Interval, ...]
    elapsed: timedelta
    by_department: tuple[tuple[str, int, timedelta], ...]
    """Department, its colour, how long in all; in the order of their first turn."""


def responsibility(session: Session, matter: Matter) -> Responsibility:
    """The holdings of a matter as a picture and a table; they add up to its whole life."""
    rows = queries.holdings(session, matter.number)
    if not rows:
        return Responsibility((), timedelta(), ())
    end = rows[-1].to_at or max(engine.now(session), rows[-1].from_at)
    names = accounts.department_names(session, {row.department_key for row in rows}, language())
    completed = queries.completers(session, rows)
    people = accounts.display_names(session, {row.person or completed.get(row.id, "") for row in rows}, language())
    colours = {key: index % COLOURS for index, key in enumerate(dict.fromkeys(row.department_key for row in rows))}
    steps = _held_steps(session, matter, rows)
    whole = (end - rows[0].from_at) or timedelta(microseconds=1)
    intervals = []
    for row in rows:
        lasted = (row.to_at or end) - row.from_at
        intervals.append(
            Interval(
                department=names[row.department_key],
                person=people.get(row.person or "", ""),
                completed_by=people.get(completed.get(row.id, ""), ""),
                step=steps.get(row.node_id, ""),
                from_at=row.from_at,
                to_at=row.to_at,
                lasted=lasted,
                start=round(100 * ((row.from_at - rows[0].from_at) / whole), 3),
                width=round(100 * (lasted / whole), 3),
                colour=colours[row.department_key],
            )
        )
    return Responsibility(tuple(intervals), end - rows[0].from_at, _sums(intervals))


def _sums(intervals: Sequence[Interval]) -> tuple[tuple[str, int, timedelta], ...]:
    sums: dict[tuple[str, int], timedelta] = {}
    for one in intervals:
        sums[one.department, one.colour] = sums.get((one.department, one.colour), timedelta()) + one.lasted
    return tuple((department, colour, lasted) for (department, colour), lasted in sums.items())


def _held_steps(session: Session, matter: Matter, rows: Sequence[MatterHolding]) -> dict[str, str]:
    """Names of the steps of the matter's own process; those of its complaint are told on the complaint's page."""
    if matter.instance_id is None:
        return {}
    definition = engine.queries.definition(session, engine.queries.instance(session, matter.instance_id).definition_id)
    wanted = {row.node_id for row in rows} & set(definition.nodes)
    return {node: engine.queries.node_name(session, definition.id, node, language()) for node in wanted}
