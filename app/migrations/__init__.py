"""The history of the database, one for engine and slices: ``upgrade`` brings any database to the present tables."""

from __future__ import annotations

import fcntl
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib import resources
from pathlib import Path

import sqlalchemy
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Connection, Engine, make_url

from app.db.connections import open_engine
from app.migrations import doorbell as procrastinate

ADVISORY_LOCK = int.from_bytes(hashlib.sha256(b"keliu migrations").digest()[:8], "big", signed=True)


def configuration(connection: Connection | None = None) -> Config:
    """Alembic's configuration, from the package: there is no ini file to find."""
    config = Config()
    config.set_main_option("script_location", str(resources.files("app") / "migrations"))
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    config.attributes["connection"] = connection
    return config


def upgrade(url: str, revision: str = "head", *, doorbell: str = "aps") -> tuple[str | None, str | None]:
    """Bring the database to ``revision``, with the tables of the doorbell; returns where it was and where it is now.

    Several processes may start at once: one migrates, the others wait and find nothing left to do.
    """
    if url.startswith("sqlite"):
        _create_folder(url)
    engine = open_engine(url, pool_size=1)
    try:
        with _exclusive(engine) as connection:
            before = _current(connection)
            if before != head() or revision != "head":
                command.upgrade(configuration(connection), revision)
            _check_references(connection)
            if doorbell == "procrastinate":
                procrastinate.upgrade(connection)
            return before, _current(connection)
    finally:
        engine.dispose()


def downgrade(url: str, revision: str) -> None:
    """Go back to ``revision``, with the loss of what later revisions added."""
    engine = open_engine(url, pool_size=1)
    try:
        with _exclusive(engine) as connection:
            command.downgrade(configuration(connection), revision)
    finally:
        engine.dispose()


@cache
def head() -> str | None:
    """The newest revision of this package."""
    return ScriptDirectory.from_config(configuration()).get_current_head()


def current(url: str) -> str | None:
    """The revision of a database; None for an empty one."""
    engine = open_engine(url, pool_size=1)
    try:
        with engine.connect() as connection:
            return _current(connection)
    finally:
        engine.dispose()


def hears(url: str, doorbell: str) -> bool:
    """Whether the database has the tables this doorbell needs."""
    if doorbell != "procrastinate":
        return True
    engine = open_engine(url, pool_size=1)
    try:
        with engine.connect() as connection:
            return procrastinate.is_current(connection)
    finally:
        engine.dispose()


def _current(connection: Connection) -> str | None:
    found = MigrationContext.configure(connection).get_current_revision()
    connection.commit()
    return found


def _create_folder(url: str) -> None:
    database = make_url(url).database
    assert database
    Path(database).parent.mkdir(parents=True, exist_ok=True)


@contextmanager
def _exclusive(engine: Engine) -> Iterator[Connection]:
    """A connection, while no other process migrates the same database."""
    if engine.dialect.name == "sqlite":
        with Path(f"{engine.url.database}.migrating").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            with engine.connect() as connection:
                # Batch mode rebuilds tables; references are checked afterwards. The PRAGMA works outside of a
                # transaction only, so it goes past SQLAlchemy, which would begin one.
                driver = connection.connection.driver_connection
                assert driver is not None
                driver.execute("PRAGMA foreign_keys=OFF")
                yield connection
        return
    with engine.connect() as holder, engine.connect() as connection:
        holder.execute(sqlalchemy.text("SELECT pg_advisory_lock(:key)"), {"key": ADVISORY_LOCK})
        try:
            yield connection
        finally:
            holder.rollback()
            holder.execute(sqlalchemy.text("SELECT pg_advisory_unlock(:key)"), {"key": ADVISORY_LOCK})


def _check_references(connection: Connection) -> None:
    if connection.dialect.name != "sqlite":
        return
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
    connection.rollback()
    if broken:
        raise RuntimeError(f"{len(broken)} rows refer to nothing after the migration, first in {broken[0][0]}")
