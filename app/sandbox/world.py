"""The private database of a test run: a file that lives as long as the block that needs it."""

from __future__ import annotations

import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import event

import engine
from app import db
from app.db import Base, Database
from app.errors import Busy

MOST_PAGES = 6_000
"""Of 4 KiB: what one test run may hold. A process that fills its database hurts nobody else."""
AT_ONCE = 2
"""Test runs that one process of the server drives at the same time; others wait their turn."""
PATIENCE = 15.0
"""Seconds they wait."""
_turns = threading.BoundedSemaphore(AT_ONCE)


@dataclass(frozen=True, slots=True)
class World:
    """An open test run: its database, and the clock that only moves when told to."""

    database: Database
    clock: engine.VirtualClock
    path: Path


@contextmanager
def opened(state: bytes | None, at: datetime, around: engine.Runtime) -> Iterator[World]:
    """The database ``state`` as it was kept (None: empty tables), at the moment ``at``.

    Within the block ``app.db`` means this database, and the handlers, listeners and calendars of ``around`` work in it.
    Nobody is woken, and nothing leaves the house: what is to be sent waits in it. Raises Busy.
    """
    if not _turns.acquire(timeout=PATIENCE):
        raise Busy()
    try:
        with TemporaryDirectory(prefix="keliu-test-run-") as folder:
            path = Path(folder) / "world.sqlite3"
            path.write_bytes(zlib.decompress(state) if state is not None else _empty())
            clock = engine.VirtualClock(at)
            database = Database(
                f"sqlite:///{path}",
                replace(around, clock=clock, bell=engine.SilentBell()),
                synchronous="OFF",
                pool_size=2,
            )
            event.listen(database.engine, "connect", _bounded)
            try:
                with db.elsewhere(database):
                    yield World(database, clock, path)
            finally:
                database.dispose()
    finally:
        _turns.release()


def kept(world: World) -> bytes:
    """What to keep of it. No session may be open any more."""
    world.database.dispose()  # the last connection takes the write-ahead log into the file
    return zlib.compress(world.path.read_bytes(), 3)


def _bounded(connection: Any, _record: Any) -> None:
    connection.execute(f"PRAGMA max_page_count={MOST_PAGES}")


@cache
def _empty() -> bytes:
    """A database with every table and trigger and no row: made once per process."""
    with TemporaryDirectory(prefix="keliu-test-run-") as folder:
        path = Path(folder) / "empty.sqlite3"
        database = Database(f"sqlite:///{path}", synchronous="OFF")
        with database.engine.begin() as connection:
            engine.metadata.create_all(connection)
            Base.metadata.create_all(connection)
        database.dispose()
        return path.read_bytes()
