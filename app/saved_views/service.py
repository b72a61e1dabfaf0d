"""Keeping, renaming and forgetting views."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlencode

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

import engine
from app.errors import FieldErrors, NotVisible
from app.saved_views import queries
from app.saved_views.models import LONGEST_QUERY, LONGEST_TITLE, SavedView

PASSING = frozenset({"after", "before", "export", "lang"})
"""Parameters of an address that say nothing about what a list shows."""
MOST_OWN = 50


def tidy(query: str) -> str:
    """The part of an address that says what a list shows: no cursors, nothing empty."""
    kept = [(name, value) for name, value in parse_qsl(query, max_num_fields=200) if name not in PASSING]
    return urlencode(kept)


def keep(session: Session, login: str, page: str, title: str, query: str, *, shared: bool) -> SavedView:
    """The person has a view of this title; one that had it before shows this now. Raises :class:`FieldErrors`."""
    title, query = _title(title), tidy(query)
    if len(query) > LONGEST_QUERY:
        raise FieldErrors({"title": [_("The filters are too many to be saved.")]})
    named = select(SavedView).where(SavedView.page == page, SavedView.owner == login, SavedView.title == title)
    view = session.scalars(named).first()
    if view is None:
        if queries.count(session, page, login) >= MOST_OWN:
            raise FieldErrors({"title": [_("You have %(count)s views here. Delete one first.", count=MOST_OWN)]})
        view = SavedView(owner=login, page=page, title=title, created_at=engine.now(session))
        session.add(view)
    view.query, view.shared = query, shared
    session.flush()
    return view


def rename(session: Session, login: str, view_id: int, title: str, *, shared: bool) -> SavedView:
    """The view has this title, and others see it or not. Raises :class:`NotVisible`, :class:`FieldErrors`."""
    view = _own(session, login, view_id)
    view.title, view.shared = _title(title), shared
    return view


def forget(session: Session, login: str, view_id: int) -> SavedView:
    """The view is gone. Raises :class:`NotVisible`."""
    view = _own(session, login, view_id)
    session.delete(view)
    return view


def _own(session: Session, login: str, view_id: int) -> SavedView:
    view = queries.own(session, view_id, login)
    if view is None:
        raise NotVisible
    return view


def _title(text: str) -> str:
    title = "".join(c for c in text if c.isprintable()).strip()
    errors: list[Any] = []
    if not title:
        errors.append(_("Give the view a name."))
    elif len(title) > LONGEST_TITLE:
        errors.append(_("At most %(count)s characters.", count=LONGEST_TITLE))
    if errors:
        raise FieldErrors({"title": errors})
    return title
