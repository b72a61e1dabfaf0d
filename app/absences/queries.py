"""Reading absences: who is away, who gets the tasks then, and how that came about."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

import engine
from app.absences.models import ALL, Absence, AbsenceDeputy, HandedOver
from app.accounts import queries as accounts
from engine.tables import user_task

MOST_STEPS = 3
"""A deputy who is away as well may be stood in for, at most so often; then the supervisor gets the task."""
MOST_SUPERVISORS = 10


@dataclass(frozen=True, slots=True)
class AbsenceRow:
    """One absence with its deputies by process key (:data:`ALL`: every other process)."""

    id: int
    login: str
    from_at: datetime
    to_at: datetime
    reason: str
    give_back: bool
    entered_by: str
    entered_at: datetime
    cancelled_at: datetime | None
    deputies: Mapping[str, str]

    def state(self, now: datetime) -> str:
        """planned, current, over, or cancelled (it never began)."""
        if self.cancelled_at is not None:
            return "cancelled" if self.cancelled_at < self.from_at else "over"
        if now < self.from_at:
            return "planned"
        return "current" if now < self.to_at else "over"

    def covers(self, process_key: str) -> str | None:
        """The deputy for a process, None when the absence leaves that process alone."""
        return self.deputies.get(process_key) or self.deputies.get(ALL)


@dataclass(frozen=True, slots=True)
class Choice:
    """Who gets a task. ``asked``: everybody who was tried before, the absent person first. ``how``: deputy,
    supervisor (no deputy could), successor (the person left); ``login`` None: nobody, it stays where it is."""

    login: str | None
    how: str
    asked: tuple[str, ...]


def stand_in(session: Session, process_key: str, login: str, excluded: Collection[str]) -> str | None:
    """Who gets a task meant for ``login`` now; None while the person is there, or when nobody can stand in."""
    found = choose(session, process_key, login, excluded, engine.now(session))
    return found.login if found else None


def choose(session: Session, process_key: str, login: str, excluded: Collection[str], at: datetime) -> Choice | None:
    """The deputy, the deputy's deputy (at most :data:`MOST_STEPS`), else the nearest supervisor who is there and not
    excluded. None for somebody who is there."""
    first = _next(session, process_key, login, at)
    if first is None:
        return None
    how, deputy, asked = first[0], first[1], [login]
    for _step in range(MOST_STEPS):
        if deputy is None or deputy in asked or deputy in excluded or not _active(session, deputy):
            break
        following = _next(session, process_key, deputy, at)
        if following is None:
            return Choice(deputy, how, tuple(asked))
        asked.append(deputy)
        deputy = following[1]
    return _supervisor(session, process_key, login, excluded, at, asked)


def _next(session: Session, process_key: str, login: str, at: datetime) -> tuple[str, str | None] | None:
    """(how, who) of the person next to ask, None when ``login`` is there."""
    absence = current(session, login, process_key, at)
    if absence is not None:
        return "deputy", absence.covers(process_key)
    left = successor_of(session, login)
    return None if left is None else ("successor", left)


def _supervisor(
    session: Session, process_key: str, login: str, excluded: Collection[str], at: datetime, asked: list[str]
) -> Choice:
    seen, above = {login}, accounts.supervisor_of(session, login)
    for _step in range(MOST_SUPERVISORS):
        if above is None or above in seen:
            break
        if above not in excluded and _active(session, above) and _next(session, process_key, above, at) is None:
            return Choice(above, "supervisor", tuple(asked))
        seen.add(above)
        above = accounts.supervisor_of(session, above)
    return Choice(None, "nobody", tuple(asked))


def _active(session: Session, login: str) -> bool:
    found = accounts.user(session, login)
    return found is not None and found.active


def current(session: Session, login: str, process_key: str, at: datetime) -> AbsenceRow | None:
    """The absence of ``login`` that covers the process at that moment (ix_absence_login_to_at)."""
    mine = _all().where(Absence.login == login, Absence.to_at > at, Absence.from_at <= at)
    for row in _rows(session, mine.where(or_(Absence.cancelled_at.is_(None), Absence.cancelled_at > at))):
        if row.covers(process_key):
            return row
    return None


def successor_of(session: Session, login: str) -> str | None:
    """Who got the tasks of somebody who left and has no account any more."""
    left = select(HandedOver.successors).where(HandedOver.leaver == login).order_by(HandedOver.id.desc()).limit(1)
    successors = session.scalars(left).first()
    return successors.get("tasks") if successors and not _active(session, login) else None


def absence(session: Session, absence_id: int) -> AbsenceRow | None:
    """One absence."""
    return next(iter(_rows(session, _all().where(Absence.id == absence_id))), None)


def absences_of(session: Session, logins: Collection[str], *, limit: int = 200) -> list[AbsenceRow]:
    """The absences of these people, those that end last first."""
    mine = _all().where(Absence.login.in_(sorted(logins))).order_by(None)
    return _rows(session, mine.order_by(Absence.to_at.desc(), Absence.id.desc()).limit(limit))


def standing_in(session: Session, deputy: str) -> list[AbsenceRow]:
    """The absences, now or planned, in which ``deputy`` stands in for somebody (ix_absence_deputy_deputy)."""
    ids = select(AbsenceDeputy.absence_id).where(AbsenceDeputy.deputy == deputy)
    open_ones = (Absence.id.in_(ids), Absence.to_at > engine.now(session), Absence.cancelled_at.is_(None))
    return _rows(session, _all().where(*open_ones))


def overlapping(session: Session, login: str, from_at: datetime, to_at: datetime) -> AbsenceRow | None:
    """An absence of ``login`` that is not over or called off and shares time with these moments."""
    mine = (Absence.login == login, Absence.from_at < to_at, Absence.to_at > from_at, Absence.cancelled_at.is_(None))
    return next(iter(_rows(session, _all().where(*mine))), None)


def on_behalf(session: Session, task_ids: Iterable[str]) -> dict[str, str]:
    """By task id the absent person for whom it is or was done."""
    mine = (user_task.c.id.in_(list(task_ids)), user_task.c.on_behalf_of.is_not(None))
    return {
        row.id: row.on_behalf_of
        for row in session.execute(select(user_task.c.id, user_task.c.on_behalf_of).where(*mine))
    }


def process_names(session: Session, language: str) -> dict[str, str]:
    """Deployed processes by key, with their names."""
    found = {}
    for row in engine.queries.definitions(session, latest_only=True):
        name = row.name
        if not language.startswith("zh"):
            name = _english(session, row) or name
        found[row.key] = name
    return dict(sorted(found.items()))


def _english(session: Session, row: engine.DefinitionRow) -> str | None:
    try:
        words = json.loads(engine.queries.part(session, row.id, "translation", "en"))
    except engine.DefinitionNotFound:
        return None
    return words.get("elements", {}).get(row.key) or None


def _all() -> Select[Any]:
    return select(Absence).order_by(Absence.from_at, Absence.id)


def _rows(session: Session, statement: Select[Any]) -> list[AbsenceRow]:
    found: list[Absence] = list(session.scalars(statement))
    if not found:
        return []
    deputies: dict[int, dict[str, str]] = {row.id: {} for row in found}
    for one in session.scalars(select(AbsenceDeputy).where(AbsenceDeputy.absence_id.in_(list(deputies)))):
        deputies[one.absence_id][one.process_key] = one.deputy
    names = [name for name in AbsenceRow.__dataclass_fields__ if name != "deputies"]
    return [AbsenceRow(**{name: getattr(row, name) for name in names}, deputies=deputies[row.id]) for row in found]
