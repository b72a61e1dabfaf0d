"""The menu: slices add their items, a person sees those that the person may open."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from flask import Flask, current_app, g, request, url_for
from sqlalchemy.orm import Session

import app.db as db
from app.security import current

EXTENSION = "keliu.navigation"
SEARCH = "keliu.navigation.search"


@dataclass(frozen=True, slots=True)
class Item:
    """One entry of the menu. ``permission`` None: for everybody signed in; several: any of them suffices.
    ``count`` gives the number shown beside the label, None or 0 for no number."""

    endpoint: str
    label: Any  # a lazy string
    icon: str
    permission: str | tuple[str, ...] | None
    order: int
    count: Callable[[Session], int | None] | None = None
    group: Any = None
    """Heading under which the item stands; None stands at the top."""


@dataclass(frozen=True, slots=True)
class Entry:
    """An item as shown to this person on this page."""

    url: str
    label: str
    icon: str
    active: bool
    count: int | None
    group: str


def add(item: Item, app: Flask | None = None) -> None:
    """Put ``item`` into the menu of ``app`` (of every application of this process when not given)."""
    target = _SHARED if app is None else app.extensions.setdefault(EXTENSION, {})
    target[item.endpoint] = item


_SHARED: dict[str, Item] = {}


def items() -> list[Item]:
    """Every item of this application, in menu order."""
    known: Iterable[Item] = (_SHARED | current_app.extensions.get(EXTENSION, {})).values()
    present = (item for item in known if item.endpoint in current_app.view_functions)
    return sorted(present, key=lambda item: (item.order, item.endpoint))


def allowed() -> list[Item]:
    """The items this person may open."""
    principal = current()
    if not principal.signed_in:
        return []
    return [item for item in items() if _may(item, principal.permissions)]


def _may(item: Item, permissions: frozenset[str]) -> bool:
    if item.permission is None:
        return True
    wanted = (item.permission,) if isinstance(item.permission, str) else item.permission
    return not permissions.isdisjoint(wanted)


def entries() -> list[Entry]:
    """The menu of this person, with counts; the most specific item of the current address is active.

    Worked out once per request: the page shows it twice, and counting asks the database.
    """
    if "navigation_entries" not in g:
        g.navigation_entries = _entries()
    found: list[Entry] = g.navigation_entries
    return found


def _entries() -> list[Entry]:
    shown = [(item, url_for(item.endpoint)) for item in allowed()]
    within = [url for _, url in shown if (request.path + "/").startswith(url.rstrip("/") + "/")]
    here = max(within, key=len, default=None)
    return [
        Entry(
            url,
            str(item.label),
            item.icon,
            url == here,
            item.count(db.session()) if item.count else None,
            str(item.group or ""),
        )
        for item, url in shown
    ]


@dataclass(frozen=True, slots=True)
class Link:
    """An entry of the account menu in the header."""

    url: str
    label: str
    icon: str


def add_account_link(endpoint: str, label: Any, icon: str) -> None:
    """Put a page of the person's own account into the menu of the header."""
    _ACCOUNT_LINKS[endpoint] = (label, icon)


_ACCOUNT_LINKS: dict[str, tuple[Any, str]] = {}


def account_links() -> list[Link]:
    """The account pages of this application."""
    return [
        Link(url_for(endpoint), str(label), icon)
        for endpoint, (label, icon) in _ACCOUNT_LINKS.items()
        if endpoint in current_app.view_functions
    ]


def search_in(app: Flask, endpoint: str) -> None:
    """Let the search box of the header search the list at ``endpoint`` (its query parameter ``q``)."""
    app.extensions[SEARCH] = endpoint


def search_address() -> str:
    """Where the header's search box leads; empty when this person may not open that list."""
    endpoint = current_app.extensions.get(SEARCH)
    return url_for(endpoint) if endpoint in {item.endpoint for item in allowed()} else ""


def first_page() -> str:
    """Where this person begins: the first item of the own menu."""
    first = next(iter(allowed()), None)
    return url_for(first.endpoint) if first else url_for("notifications.index")
