"""The databases to measure on: SQLite files and a PostgreSQL server of our own, opened as the product opens them."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import event
from sqlalchemy.orm import Session

import engine
from app.db import Database
from benchmarks import models, process
from engine.testing import OFFICE
from tests.support.postgres import PostgresServer

PLACES = ("sqlite", "sqlite_full", "postgresql")
SYNCHRONOUS = {"sqlite": "NORMAL", "sqlite_full": "FULL", "postgresql": "FULL"}
PATIENCE_MS = 60_000
LIMITS = engine.Limits(multi_instance=2_000)
BENCHMARK = models.Model(process.KEY, process.bpmn())
_numbers = itertools.count(1)


def runtime(clock: engine.Clock | None = None, bell: engine.Doorbell | None = None) -> engine.Runtime:
    """Real clock unless another is given, office calendar, nobody listening; a bell only where workers run."""
    bell = bell or engine.SilentBell()
    return engine.Runtime(clock=clock or engine.SystemClock(), calendars=_calendar, limits=LIMITS, bell=bell)


def _calendar(_session: Session, _group: str | None) -> engine.WorkingCalendar:
    return OFFICE


@dataclass(frozen=True, slots=True)
class Place:
    """Where to measure; ``name`` begins the names of its figures."""

    name: str
    folder: Path
    server: PostgresServer | None = field(default=None)

    @property
    def is_sqlite(self) -> bool:
        """A file, not a server."""
        return self.server is None

    @contextmanager
    def database(self, *deployed: models.Model, clock: engine.Clock | None = None) -> Iterator[Database]:
        """A fresh database with these processes; afterwards it is gone."""
        name = f"bench_{next(_numbers)}"
        file = self.folder / f"{name}.sqlite3"
        database = self.opened(self.server.create(name) if self.server else f"sqlite:///{file}", clock)
        try:
            with database.engine.begin() as connection:
                engine.metadata.create_all(connection)
            for model in deployed:
                _deploy(database, model)
            yield database
        finally:
            database.dispose()
            if self.server is not None:
                self.server.drop(name)
            for left in self.folder.glob(f"{name}.*"):
                left.unlink()

    def opened(self, url: str, clock: engine.Clock | None = None) -> Database:
        """A database as the product opens it, durable as this place is."""
        return opened(url, SYNCHRONOUS[self.name], clock)


def opened(
    url: str, synchronous: str, clock: engine.Clock | None = None, bell: engine.Doorbell | None = None
) -> Database:
    """A database as the product opens it, but for the patience with other writers of a SQLite file: whatever else a
    busy machine does must not end a measurement."""
    database = Database(url, runtime(clock, bell), synchronous=synchronous)
    if database.dialect == "sqlite":
        event.listen(database.engine, "connect", _wait_longer)
    return database


def _wait_longer(connection: Any, _record: Any) -> None:
    connection.execute(f"PRAGMA busy_timeout={PATIENCE_MS}")


def _deploy(database: Database, model: models.Model) -> None:
    command = engine.Deploy(name=model.key, files={f"{model.key}.bpmn": model.xml})
    database.write(lambda session: engine.execute(session, command))


def url_of(database: Database) -> str:
    """Where another process finds it."""
    return database.engine.url.render_as_string(hide_password=False)


@contextmanager
def places(names: tuple[str, ...] = PLACES) -> Iterator[list[Place]]:
    """SQLite with both kinds of durability, and a PostgreSQL server, durable as in use; all gone afterwards."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="keliu-bench-")))
        server = None
        if "postgresql" in names:
            server = PostgresServer(durable=True)
            stack.callback(server.stop)
            server.start()
        yield [Place(name, folder, server if name == "postgresql" else None) for name in names]
