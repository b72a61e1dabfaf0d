"""Who may do what. Routes say it with the guards, slices ask the policy and filter by the scope."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from flask import Flask

from app.security import policy, scope
from app.security.guards import Access, polling, public, requires, signed_in
from app.security.permissions import PERMISSIONS, Permission
from app.security.principal import ANONYMOUS, AnonymousPrincipal, Principal, current, impersonate

if TYPE_CHECKING:
    from app.registries import Registries

__all__ = [
    "ANONYMOUS",
    "PERMISSIONS",
    "Access",
    "AnonymousPrincipal",
    "Permission",
    "Principal",
    "current",
    "impersonate",
    "policy",
    "polling",
    "public",
    "register",
    "requires",
    "scope",
    "signed_in",
]


def register(app: Flask, _registries: Registries) -> None:
    """Guard every route of ``app`` with the lifetimes of its settings."""
    from app.security import identity, sessions  # here: they need the database, the marks above do not

    settings = app.extensions["keliu.settings"]
    lifetimes = sessions.Lifetimes(
        idle=timedelta(minutes=settings.session_idle_minutes), absolute=timedelta(hours=settings.session_hours)
    )
    identity.install(app, lifetimes=lifetimes, secure=settings.secure)
