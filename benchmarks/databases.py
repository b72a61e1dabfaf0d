"""The databases to measure on: a SQLite file and a PostgreSQL server of our own, opened as the product opens them."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import engine
from app.db import Database
from benchmarks.candidates import prepare, runtime
from tests.support.postgres import PostgresServer


@contextmanager
def sqlite(synchronous: str) -> Iterator[Database]:
    """A fresh SQLite file."""
    with tempfile.TemporaryDirectory(prefix="keliu-bench-") as folder:
        database = Database(f"sqlite:///{Path(folder) / 'bench.sqlite3'}", runtime(), synchronous=synchronous)
        with _prepared(database):
            yield database


@contextmanager
def postgresql() -> Iterator[Database]:
    """A fresh PostgreSQL server, durable as in use."""
    server = PostgresServer(durable=True).start()
    try:
        with _prepared(Database(server.create("bench"), runtime())) as database:
            yield database
    finally:
        server.stop()


@contextmanager
def _prepared(database: Database) -> Iterator[Database]:
    with database.engine.begin() as connection:
        engine.metadata.create_all(connection)
    prepare(database)
    try:
        yield database
    finally:
        database.dispose()
