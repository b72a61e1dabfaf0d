"""Who is in a group: everybody, searched and filtered, with a button that takes somebody in or out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, Row, Select, select
from sqlalchemy.orm import Session

from app.accounts import queries
from app.accounts.models import GroupMember, User
from app.accounts.views.users import BY_DEPARTMENT, NAMES
from app.web import i18n, lists

IN, OUT = "in", "out"


@dataclass(frozen=True, slots=True)
class Person:
    """A row of the list. ``member``: whether this person is in the group."""

    login: str
    name: str
    department: str
    active: bool
    member: bool


def people_of(group: str) -> lists.ListSpec[Person]:
    """Everybody, with whether they are in the group; disabled accounts only if they are."""
    inside = User.login.in_(select(GroupMember.login).where(GroupMember.group_name == group))

    def condition(chosen: Sequence[str]) -> ColumnElement[bool]:
        return inside if chosen[0] == IN else ~inside

    return lists.ListSpec(
        name="people",
        title=_l("People in the group"),
        select=lambda _session, _principal: _everybody(inside),
        rows=_people,
        key=User.id,
        columns=(
            lists.Column("name", _l("Full name"), lambda row: row.name, sort="name"),
            lists.Column("department", _l("Department"), lambda row: row.department),
            lists.Column("member", _l("In the group"), lambda row: _("yes") if row.member else _("no")),
        ),
        sorts={"login": lists.Sort(User.login), "name": lists.Sort(User.name)},  # uq_user_account_login, ix_…_name
        default_sort="login",
        filters=(
            lists.TextFilter("q", _l("Name or login"), NAMES),
            lists.ChoiceFilter(
                "member", _l("In the group"), ((IN, _l("in the group")), (OUT, _l("not in it"))), condition=condition
            ),
            BY_DEPARTMENT,
        ),
    )


def _everybody(inside: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    return queries.users_select().add_columns(inside.label("member")).where(User.active | inside)


def _people(_session: Session, rows: Sequence[Row[*tuple[Any, ...]]]) -> list[Person]:
    language = i18n.language()
    found = [(queries.user_row(row), bool(row.member)) for row in rows]
    return [
        Person(person.login, person.shown(language), person.department(language), person.active, member)
        for person, member in found
    ]
