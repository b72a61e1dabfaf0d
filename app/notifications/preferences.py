"""How each person wants to hear of each kind of notice, and where."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.notifications import house
from app.notifications.models import NoticePreference, NoticeSetting, Pace
from app.notifications.wording import KINDS


@dataclass(frozen=True, slots=True)
class Wish:
    """Of one kind of notice: does the bell count it, and how soon does an e-mail come."""

    page: bool
    email: Pace


DEFAULTS: Mapping[str, Wish] = {
    "reminder": Wish(True, Pace.HOURLY),
    "overdue": Wish(True, Pace.NOW),
    "task": Wish(True, Pace.HOURLY),
    "case": Wish(True, Pace.OFF),
}
"""What holds for who has chosen nothing."""


@dataclass(frozen=True, slots=True)
class Preferences:
    """Everything one person chose. ``email`` is the address that is used, empty for none; ``own_email`` the one the
    person gave."""

    login: str
    own_email: str = ""
    email: str = ""
    working_hours: bool = False
    wishes: Mapping[str, Wish] = field(default_factory=lambda: DEFAULTS)

    def wish(self, kind: str) -> Wish:
        """What holds for one kind of notice."""
        return self.wishes.get(kind, DEFAULTS["case"])


def of(session: Session, logins: Iterable[str]) -> dict[str, Preferences]:
    """The preferences of each of ``logins``; who gave no address has one at the house's domain, if there is one."""
    domain = house.of(session).mail_domain
    wanted = sorted(set(logins))
    settings = {
        row.login: row for row in session.scalars(sa.select(NoticeSetting).where(NoticeSetting.login.in_(wanted)))
    }
    chosen: dict[str, dict[str, Wish]] = {login: {} for login in wanted}
    for row in session.scalars(sa.select(NoticePreference).where(NoticePreference.login.in_(wanted))):
        chosen[row.login][row.kind] = Wish(row.page, Pace(row.email))
    found = {}
    for login in wanted:
        setting = settings.get(login)
        own = setting.email if setting else ""
        found[login] = Preferences(
            login=login,
            own_email=own,
            email=own or (f"{login}@{domain}" if domain else ""),
            working_hours=bool(setting and setting.working_hours),
            wishes={**DEFAULTS, **chosen[login]},
        )
    return found


def save(session: Session, login: str, *, email: str, working_hours: bool, wishes: Mapping[str, Wish]) -> None:
    """What the person wants from now on; what is on its way already goes on."""
    session.merge(NoticeSetting(login=login, email=email, working_hours=working_hours))
    for kind in KINDS:
        session.merge(NoticePreference(login=login, kind=kind, page=wishes[kind].page, email=wishes[kind].email.value))
    session.flush()
