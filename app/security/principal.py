"""Who is asking. A frozen value, read once per request; it never goes stale within one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from flask import g, has_app_context, has_request_context
from sqlalchemy.orm import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """A signed-in person. ``login`` never changes and is the actor string everywhere."""

    login: str
    name: str
    name_en: str = ""
    department_id: int | None = None
    department_key: str = ""
    department_path: str = ""
    """Ids from the root to the own department, ``/1/4/``; empty for a person without department."""
    groups: frozenset[str] = frozenset()
    roles: frozenset[str] = frozenset()
    permissions: frozenset[str] = frozenset()
    language: str | None = None
    """``zh`` or ``en``; None lets the browser decide."""
    is_admin: bool = False
    supervises_all: bool = False
    """Whether the person supervises the department that all others are part of."""
    few_offers: bool = False
    """Whether so few tasks were ever offered to the person that lists read all of those, rather than all that wait."""

    @property
    def signed_in(self) -> bool:
        """False for the anonymous principal only."""
        return True

    def has(self, permission: str) -> bool:
        """Whether one of the person's roles has ``permission`` (its predicate not asked)."""
        return permission in self.permissions

    def sees_all(self, permission: str) -> bool:
        """Whether the person sees every case of a kind: by that permission, or because a case of no department at all
        is still one of the company the person supervises."""
        return self.supervises_all or self.has(permission)


@dataclass(frozen=True, slots=True, kw_only=True)
class AnonymousPrincipal(Principal):
    """Nobody. ``login`` is None, so that writing it as an actor fails loudly at the database."""

    login: str = cast(str, None)
    name: str = ""

    @property
    def signed_in(self) -> bool:
        """Nobody is signed in."""
        return False


ANONYMOUS = AnonymousPrincipal()

PrincipalLoader = Callable[[Session, str], Principal | None]
"""Builds the principal of an active user, or None. Given by the slice that owns users."""


def current() -> Principal:
    """The principal of this request; :data:`ANONYMOUS` on public pages without a session, and outside of requests."""
    if not (has_request_context() or has_app_context()):
        return ANONYMOUS
    return cast(Principal, g.get("principal", ANONYMOUS))


def impersonate(principal: Principal) -> None:
    """Make ``principal`` the current one. For the request hook and for commands run outside of a request."""
    g.principal = principal
