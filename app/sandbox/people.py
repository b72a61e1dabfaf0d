"""As whom a designer acts in a test run: the company's people, and invented ones where a group has nobody."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from flask_babel import gettext as _
from sqlalchemy.orm import Session

import engine
from app.accounts import queries as accounts
from app.business_objects import BusinessObject
from app.errors import FieldErrors
from app.security import Principal, current, impersonate
from app.web.i18n import language

GROUP = "group:"
MOST = 200
"""People that are offered, or looked through for somebody who may."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody to act as. ``value`` is a login, or ``group:<name>`` for somebody invented."""

    value: str
    name: str


@contextmanager
def acting(principal: Principal) -> Iterator[None]:
    """Within the block this person is the current one; pages keep the language of the reader."""
    before = current()
    impersonate(principal)
    try:
        yield
    finally:
        impersonate(before)


def principal(session: Session, who: str) -> Principal:
    """The person, with the rights of that person. Raises FieldErrors at ``who``."""
    if who.startswith(GROUP):
        group = who.removeprefix(GROUP)
        return _invented(f"sample.{group}"[:60], frozenset({group}))
    found = accounts.principal(session, who)
    if found is None:
        raise FieldErrors({"who": [_("Say as whom.")]})
    return replace(found, language=current().language)


def of_task(session: Session, task: engine.TaskRow, who: str) -> Principal:
    """The person for this task; an assignee whom nobody knows is invented."""
    if task.assignee == who and accounts.user(session, who) is None:
        return _invented(who, frozenset())
    return principal(session, who)


def for_task(session: Session, task: engine.TaskRow) -> tuple[Person, ...]:
    """Who may do the task: whoever has it, else its candidates, else everybody."""
    if task.assignee:
        logins = [task.assignee]
    else:
        found = {*accounts.users_in_groups(session, task.candidate_groups), *task.candidate_users}
        logins = sorted(found - set(task.excluded_users))
    people = _named(session, logins[:MOST])
    if not people and task.candidate_groups:
        titles = accounts.group_titles(session, task.candidate_groups, language())
        return tuple(
            Person(GROUP + name, _("Somebody of %(group)s", group=title)) for name, title in sorted(titles.items())
        )
    return people or everybody(session)


def everybody(session: Session) -> tuple[Person, ...]:
    """All active people, by login."""
    return _named(session, [row.login for row in accounts.users(session)[:MOST]])


def who_may_start(session: Session, known: BusinessObject | None, groups: tuple[str, ...]) -> str:
    """Somebody of these groups who may start the process, else anybody who may; empty when nobody may."""
    first = accounts.users_in_groups(session, groups)
    rest = [row.login for row in accounts.users(session) if row.login not in first]
    for login in [*first, *rest][:MOST]:
        if known is None:
            return login
        found = accounts.principal(session, login)
        if found is not None and known.start_url(found) is not None:
            return login
    return ""


def _named(session: Session, logins: list[str]) -> tuple[Person, ...]:
    names = accounts.display_names(session, logins, language())
    return tuple(Person(login, f"{names[login]} ({login})") for login in logins)


def _invented(login: str, groups: frozenset[str]) -> Principal:
    return Principal(
        login=login, name=login, groups=groups, permissions=frozenset({"task.work"}), language=current().language
    )
