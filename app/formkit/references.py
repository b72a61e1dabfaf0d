"""Fields that point to something elsewhere: each slice says how its things are found and named.

The page searches with htmx, REST clients read ``options_url``; both ask the same source, which returns only what the
person may see.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from flask import Flask, current_app
from sqlalchemy.orm import Session

from app.security import Principal

EXTENSION = "keliu.formkit.references"
API_PREFIX = "/api/v1/references/"
SHOWN = 20


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing a reference may point to. ``value`` is kept, ``label`` shown."""

    value: str
    label: str


Search = Callable[[Session, Principal, str, int], Sequence[Choice]]
"""Session, who asks, words (empty: the likeliest), at most how many."""
Labels = Callable[[Session, Principal, Sequence[str]], Mapping[str, str]]
"""Session, who asks, values → label by value; unknown and invisible ones are left out."""


@dataclass(frozen=True, slots=True)
class Source:
    """How one kind of thing is found and named."""

    search: Search
    labels: Labels


def add(app: Flask, kind: str, search: Search, labels: Labels) -> None:
    """Let fields with ``options_url`` ``/api/v1/references/<kind>`` point to these things."""
    app.extensions.setdefault(EXTENSION, {})[kind] = Source(search, labels)


def kind_of(options_url: str | None) -> str | None:
    """The kind an address asks for; None for an address that is not ours."""
    if options_url is None or not options_url.startswith(API_PREFIX):
        return None
    return options_url.removeprefix(API_PREFIX).partition("?")[0]


def source(kind: str | None) -> Source | None:
    """The registered source of a kind."""
    found: dict[str, Source] = current_app.extensions.get(EXTENSION, {})
    return found.get(kind) if kind else None


def kinds() -> list[str]:
    """Everything that can be pointed to."""
    return sorted(current_app.extensions.get(EXTENSION, {}))


def search(session: Session, principal: Principal, kind: str, words: str, limit: int = SHOWN) -> Sequence[Choice]:
    """What ``words`` may mean; nothing for a kind nobody registered."""
    found = source(kind)
    return found.search(session, principal, words.strip()[:100], limit) if found else ()


def labels(session: Session, principal: Principal, kind: str | None, values: Sequence[str]) -> Mapping[str, str]:
    """The names of these values; unknown ones are left out."""
    found = source(kind)
    return found.labels(session, principal, values) if found and values else {}
