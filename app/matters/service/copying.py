"""Copies (抄送): departments that are told of a matter and have nothing to do."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select, update
from sqlalchemy.orm import Session

import engine
from app import notifications
from app.accounts import queries as accounts
from app.matters import letters
from app.matters.models import Matter, MatterCopy
from app.security import Principal

EXCERPT = 120


def copy(session: Session, matter: Matter, departments: Iterable[str], actor: str) -> int:
    """Tell each department's supervisors, or all its people where it has none; returns how many people are new.

    Telling a department again changes nothing.
    """
    new = 0
    for department in dict.fromkeys(departments):
        told = set(
            session.scalars(
                select(MatterCopy.login).where(
                    MatterCopy.number == matter.number, MatterCopy.department_key == department
                )
            )
        )
        people = [login for login in _people(session, department) if login not in told]
        session.add_all(_row(session, matter, department, login, actor) for login in people)
        new += len(people)
        _notify(session, matter, department, people)
    session.flush()
    return new


def mark_read(session: Session, principal: Principal, number: str) -> int:
    """The person has read the matter that was copied to them; returns how many copies were unread."""
    statement = (
        update(MatterCopy)
        .where(MatterCopy.number == number, MatterCopy.login == principal.login, MatterCopy.read_at.is_(None))
        .values(read_at=engine.now(session))
    )
    return int(getattr(session.execute(statement), "rowcount", 0))


def _people(session: Session, department: str) -> tuple[str, ...]:
    leads = accounts.users_in_groups(session, [f"{department}_lead"])
    return leads or accounts.users_in_groups(session, [department])


def _row(session: Session, matter: Matter, department: str, login: str, actor: str) -> MatterCopy:
    at = engine.now(session)
    return MatterCopy(number=matter.number, department_key=department, login=login, copied_by=actor, at=at)


def _notify(session: Session, matter: Matter, department: str, people: list[str]) -> None:
    text = (matter.summary or matter.verbatim or "")[:EXCERPT]
    notifications.notify(
        session,
        people,
        letters.COPIED,
        {"business_key": matter.number, "text": text},
        link=f"/matters/{matter.number}",
        dedupe_key=f"{letters.COPIED}:{matter.number}:{department}",
    )
