"""The core without slices: a database of a test's own, and an application of layout, lists and errors only."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from flask import Flask

import engine
from app.db import Base, Database
from app.db.numbers import NumberSequence
from app.db.request import install
from app.db.search import SearchEntry
from app.web.application import create
from config import Settings
from tests.support.thrift import create_tables, share_statements

TABLES = [NumberSequence.__table__, SearchEntry.__table__]


def _no_calendar(_session: Any, _group: str | None) -> Any:
    raise AssertionError("no test of the core asks for working time")


@contextmanager
def opened(url: str, *, listeners: tuple[Any, ...] = ()) -> Iterator[Database]:
    """A database with the tables of the core and the engine."""
    runtime = engine.Runtime(clock=engine.SystemClock(), calendars=_no_calendar, listeners=listeners)
    database = share_statements(Database(url, runtime, synchronous="NORMAL"))
    create_tables(database, engine.metadata)
    create_tables(database, Base.metadata, TABLES)
    try:
        yield database
    finally:
        database.dispose()


def core_app(database: Database, data: Path, **given: Any) -> Flask:
    """Layout, errors, lists; no sign-in. Routes are added by the test."""
    url = database.engine.url.render_as_string(hide_password=False)
    settings = Settings(data=data, database_url=url, secret_key="s" * 48, **{"base_url": "http://localhost"} | given)
    app = create(settings)
    app.testing = True
    install(app, database)
    return app
