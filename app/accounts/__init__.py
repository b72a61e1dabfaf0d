"""People, departments, groups and roles: who there is, and how they sign in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Flask

if TYPE_CHECKING:
    from app.registries import Registries


def register(app: Flask, registries: Registries) -> None:
    """Add the pages, name the people for the guards, offer the demo organisation."""
    from app.accounts import demo, models, queries, references, service, views
    from app.registries import DemoPart, Reference
    from app.security import identity
    from app.web import i18n

    identity.people_come_from(app, queries.principal)
    i18n.on_language_chosen(service.choose_language)
    views.install(app)
    references.register(app)
    registries.demo.append(DemoPart("Organisation, people and groups", demo.load))
    registries.references += [
        Reference(models.Department),
        Reference(models.User, blank=("password_hash",)),
        Reference(models.Group),
        Reference(models.GroupMember),
        Reference(models.Role),
        Reference(models.RolePermission),
        Reference(models.UserRole),
    ]
