"""The application as tests use it: its own database from a template, a clock that obeys, people who are signed in."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

import engine
from app import create_app, migrations
from app.bootstrap import registries
from app.db import Database
from app.security import sessions
from app.security.identity import EXTENSION as SECURITY
from app.security.identity import Security
from app.security.principal import Principal
from app.web.application import Application
from config import Settings
from tests.support import thrift, used
from tests.support.npm import alone
from tests.support.postgres import PostgresServer

T = TypeVar("T")
Application.url_rule_class = thrift.Address
DEMO_LOADED = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)
"""The day before every test begins."""

_names = (f"t{number}" for number in itertools.count(1))


def settings_for(url: str, data: Path, **given: Any) -> Settings:
    """Settings of a test application; nothing is read from the environment."""
    return Settings(
        data=data,
        database_url=url,
        secret_key="s" * 48,
        base_url="http://localhost",
        sqlite_synchronous="NORMAL",
        **given,
    )


def database_of(app: Flask) -> Database:
    """The database of an application."""
    found: Database = app.extensions["keliu.database"]
    return found


def principal_of(app: Flask, login: str) -> Principal:
    """The person, as a request would see them."""
    security: Security = app.extensions[SECURITY]
    with database_of(app).read() as session:
        found = security.load(session, login)
    assert found is not None, f"nobody is called {login}"
    return found


def load_company(app: Flask) -> None:
    """The demo company, as ``keliu demo`` loads it."""
    with app.app_context():
        for part in registries(app).demo:
            database_of(app).write(part.load)


@dataclass
class Databases:
    """Fresh databases by copying a template, one template per backend and content. What the templates are made of lies
    in ``shared``: whichever process of a test run needs one first makes it for all of them."""

    home: Path
    server: Callable[[], PostgresServer]
    shared: Path | None = None
    made: dict[tuple[str, bool], str] = field(default_factory=dict)

    def fresh(self, backend: str, *, company: bool) -> str:
        """The URL of a database nobody else uses; with the demo company, or with empty tables."""
        template = self._template(backend, company)
        if backend == "postgresql":
            return self.server().create(next(_names), template=template)
        target = self.home / f"{next(_names)}.sqlite3"
        shutil.copyfile(template, target)
        return f"sqlite:///{target}"

    def drop(self, url: str) -> None:
        """The database is gone."""
        if url.startswith("sqlite"):
            for file in Path(url.removeprefix("sqlite:///")).parent.glob(Path(url).name + "*"):
                file.unlink()
        else:
            self.server().drop(url.split("?")[0].rsplit("/", 1)[1])

    def _template(self, backend: str, company: bool) -> str:
        if (backend, company) not in self.made:
            folder = (self.shared or self.home) / f"template-{backend}"
            folder.mkdir(exist_ok=True)
            make = self._sqlite if backend == "sqlite" else self._postgresql
            with alone(folder):
                self.made[backend, company] = make(folder, "company" if company else "empty")
            thrift.look_for_garbage_less()
        return self.made[backend, company]

    def _sqlite(self, folder: Path, content: str) -> str:
        template, unfinished = folder / f"{content}.sqlite3", folder / f"{content}.unfinished"
        if not template.exists():
            unfinished.unlink(missing_ok=True)
            self._fill(f"sqlite:///{unfinished}", content == "company")
            unfinished.rename(template)
        return str(template)

    def _postgresql(self, folder: Path, content: str) -> str:
        name, dump, unfinished = f"template_{content}", folder / f"{content}.dump", folder / f"{content}.unfinished"
        if dump.exists():
            self.server().restore(name, dump)
        else:
            self.server().drop(name)
            self._fill(self.server().create(name), content == "company")
            self.server().dump(name, unfinished)
            unfinished.rename(dump)
        return name

    def _fill(self, url: str, company: bool) -> None:
        migrations.upgrade(url)
        app = create_app(settings_for(url, self.home), clock=engine.VirtualClock(DEMO_LOADED))
        database = database_of(app)
        if company:
            load_company(app)
        if database.dialect == "sqlite":  # the copy is of one file: nothing may be left in the write-ahead log
            connection = database.engine.raw_connection()  # raw: a checkpoint can't run inside a transaction
            connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
            connection.close()
        database.dispose()


@contextmanager
def running_app(databases: Databases, backend: str, clock: engine.Clock, *, company: bool = True) -> Iterator[Flask]:
    """An application on a database of its own."""
    url = databases.fresh(backend, company=company)
    app = used.application(settings_for(url, databases.home), clock)
    thrift.share_statements(database_of(app))
    try:
        yield app
    finally:
        database_of(app).dispose()
        used.done_with(app)
        databases.drop(url)


def session_cookie(app: Flask, login: str) -> tuple[str, str]:
    """Name and value of the cookie of a living session of ``login``, opened in the database as the login page does."""
    database = database_of(app)
    security: Security = app.extensions[SECURITY]

    def open_session(session: Session) -> str:
        return sessions.open_session(
            session,
            login,
            now=engine.now(session),
            lifetimes=security.lifetimes,
            address="127.0.0.1",
            user_agent="test",
        )

    return security.cookie, database.write(open_session)


def signed_in(app: Flask, login: str, *, language: str = "en") -> FlaskClient:
    """A client with a living session of ``login``."""
    client = app.test_client()
    client.set_cookie(*session_cookie(app, login))
    client.environ_base["HTTP_ACCEPT_LANGUAGE"] = language
    return client


def drain(database: Database) -> int:
    """Run every job that is due, as a worker would; returns how many ran."""
    engine.jobs.rescue_lost(database)
    return engine.jobs.run_until_quiet(database)


def advance(database: Database, clock: engine.VirtualClock, delta: timedelta) -> None:
    """Let time pass; everything that falls due on the way happens at its own moment."""
    end = clock.now() + delta
    drain(database)
    while (at := _next_due(database, clock.now())) is not None and at <= end:
        clock.set(at)
        drain(database)
    clock.set(end)
    drain(database)


def _next_due(database: Database, after: datetime) -> datetime | None:
    """What is due already and still there waits for something else than time: a worker outside, a suspension."""
    job = engine.tables.job
    waiting = job.c.state.in_([engine.JobState.SCHEDULED, engine.JobState.RETRYABLE]) & (job.c.due_at > after)
    with database.read() as session:
        return session.scalar(select(job.c.due_at).where(waiting).order_by(job.c.due_at).limit(1))
