"""Names of people for pages below the accounts slice; the composition root says who knows them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from flask import Flask, current_app
from sqlalchemy.orm import Session

import app.db as db

EXTENSION = "keliu.people"
NameSource = Callable[[Session, Iterable[str]], Mapping[str, str]]


def install(app: Flask, names: NameSource) -> None:
    """Ask ``names`` for display names from now on."""
    app.extensions[EXTENSION] = names


def display_name(login: str | None) -> str:
    """The name of ``login`` in the reader's language; the login itself for a stranger."""
    if not login:
        return ""
    source: NameSource | None = current_app.extensions.get(EXTENSION)
    if source is None:
        return login
    return source(db.session(), [login]).get(login, login)
