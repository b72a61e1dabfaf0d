"""The composition root: the one place that knows every slice."""

from __future__ import annotations

import importlib
import importlib.util
from datetime import timedelta
from typing import TYPE_CHECKING

from flask import Flask

import engine
from app import auditing, doorbells, migrations, observing, packaged, purging
from app.business_objects import BusinessObjects
from app.db import Database
from app.db.request import install as install_database
from app.imports import ImportTargets
from app.registries import DemoPart, Registries
from app.web import health, navigation, people
from app.web.application import create

if TYPE_CHECKING:
    from config import Settings

__all__ = ["SLICES", "DemoPart", "Registries", "build", "build_runtime", "load_models", "registries"]

EXTENSION = "keliu.registries"

SLICES = (
    "app.security",
    "app.accounts",
    "app.calendars",
    "app.formkit",
    "app.files",
    "app.notifications",
    "app.saved_views",
    "app.absences",
    "app.imports",
    "app.customers",
    "app.complaints",
    "app.leads",
    "app.matters",
    "app.surveys",
    "app.sandbox",
    "app.inbox",
    "app.monitor",
    "app.designer",
    "app.api",
    "app.engine_rest",
)
"""In order of imports: a slice may use those above it."""


def build(settings: Settings, *, clock: engine.Clock | None = None, bell: engine.Doorbell | None = None) -> Flask:
    """An application with every slice registered and its database bound."""
    app = create(settings)
    found = Registries(handlers=engine.HandlerRegistry(), business_objects=BusinessObjects(), imports=ImportTargets())
    app.extensions[EXTENSION] = found
    found.demo.append(DemoPart("Processes and forms", packaged.deploy))
    for name in SLICES:
        importlib.import_module(name).register(app, found)
    auditing.register(found)
    purging.register(found, timedelta(days=settings.batch_days))
    observing.register(found)
    app.extensions[health.REVISION] = migrations.head()
    install_database(app, open_database(settings, found, clock=clock, bell=bell))
    _name_people(app)
    navigation.search_in(app, "complaints.index")
    return app


def open_database(
    settings: Settings,
    found: Registries,
    *,
    clock: engine.Clock | None = None,
    bell: engine.Doorbell | None = None,
) -> Database:
    """The database of these settings, with the engine's surroundings."""
    runtime = build_runtime(settings, found, clock=clock, bell=bell)
    return Database(
        settings.database_url, runtime, synchronous=settings.sqlite_synchronous, pool_size=settings.pool_size
    )


def build_runtime(
    settings: Settings,
    found: Registries,
    *,
    clock: engine.Clock | None = None,
    bell: engine.Doorbell | None = None,
) -> engine.Runtime:
    """The engine's surroundings in this process, from what the slices registered."""
    if found.calendars is None:
        raise RuntimeError("no slice provides working calendars")
    return engine.Runtime(
        clock=clock or engine.SystemClock(),
        calendars=found.calendars,
        handlers=found.handlers,
        listeners=tuple(found.listeners),
        stand_in=found.stand_in,
        bell=bell or doorbells.ringing(settings),
        zone=settings.zone,
        lease=timedelta(minutes=settings.lease_minutes),
    )


def load_models() -> None:
    """Import every slice's tables, so that ``Base.metadata`` is complete."""
    for name in SLICES:
        if importlib.util.find_spec(f"{name}.models"):
            importlib.import_module(f"{name}.models")


def registries(app: Flask) -> Registries:
    """What the slices of ``app`` registered."""
    found: Registries = app.extensions[EXTENSION]
    return found


def _name_people(app: Flask) -> None:
    """Error pages name people ("Wang Fang was faster"); the accounts slice knows their names."""
    from app.accounts.queries import display_names

    people.install(app, display_names)
