"""Which views a list offers a person."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from app.saved_views.models import SavedView

MOST = 100
"""So many are offered at a list."""


@dataclass(frozen=True, slots=True)
class ViewRow:
    """A saved view. ``mine``: the person who asked owns it."""

    id: int
    page: str
    title: str
    query: str
    shared: bool
    owner: str
    mine: bool


def views(session: Session, page: str, login: str) -> list[ViewRow]:
    """The person's own views of a list, then those of others that are shared, by title (ix_saved_view_page_owner)."""
    found = (
        select(SavedView)
        .where(SavedView.page == page, or_(SavedView.owner == login, SavedView.shared.is_(True)))
        .order_by(SavedView.owner != login, SavedView.title, SavedView.id)
        .limit(MOST)
    )
    return [row_of(view, login) for view in session.scalars(found)]


def row_of(view: SavedView, login: str) -> ViewRow:
    """The view as ``login`` sees it."""
    return ViewRow(view.id, view.page, view.title, view.query, view.shared, view.owner, view.owner == login)


def own(session: Session, view_id: int, login: str) -> SavedView | None:
    """A view of this person's; None if there is none, or it is somebody else's."""
    mine = select(SavedView).where(SavedView.id == view_id, SavedView.owner == login)
    return session.scalars(mine).one_or_none()


def count(session: Session, page: str, login: str) -> int:
    """How many views of a list a person keeps."""
    mine = select(func.count()).where(SavedView.page == page, SavedView.owner == login)
    return int(session.scalar(mine) or 0)
