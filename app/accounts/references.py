"""People as things a form can point to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import formkit
from app.accounts import queries
from app.accounts.models import User
from app.formkit import Choice
from app.security.principal import Principal


def register(app: Flask) -> None:
    """Serve the kind ``user``: its values are logins."""
    formkit.add_reference(app, "user", _search, _labels)


def _search(session: Session, principal: Principal, words: str, limit: int) -> Sequence[Choice]:
    """Active people whose name or login contains every word, by login."""
    statement = select(User.login).where(User.active)
    for word in words.split():
        anywhere = [column.icontains(word, autoescape=True) for column in (User.login, User.name, User.name_en)]
        statement = statement.where(anywhere[0] | anywhere[1] | anywhere[2])
    logins = list(session.scalars(statement.order_by(User.login).limit(limit)))
    names = _labels(session, principal, logins)
    return [Choice(login, names[login]) for login in logins]


def _labels(session: Session, principal: Principal, values: Sequence[str]) -> Mapping[str, str]:
    known = set(session.scalars(select(User.login).where(User.login.in_(values))))
    names = queries.display_names(session, known)
    return {login: f"{names[login]} ({login})" for login in known}
