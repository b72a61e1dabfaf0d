"""Connections that behave the same on SQLite and PostgreSQL: readers cannot write, writers queue instead of failing."""

from __future__ import annotations

import sqlite3
from typing import Any

import orjson
import sqlalchemy
from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import DBAPIError

BUSY_SECONDS = 5
READ, WRITE = "read", "write"
SQLITE_BUSY, SQLITE_LOCKED = 5, 6
RETRIABLE_SQLSTATES = frozenset({"40001", "40P01"})  # serialization failure, deadlock


def open_engine(url: str, *, synchronous: str = "FULL", pool_size: int = 10) -> Engine:
    """A pooled engine for ``url``. On SQLite: WAL, foreign keys on, writers wait up to five seconds for each other.

    Errors don't quote the values of a statement: they end in logs, incidents and the last error of a job, and the
    values are customers' words, reasons of penalties, hashes of passwords.
    """
    if url.startswith("sqlite"):
        engine = sqlalchemy.create_engine(
            url,
            pool_size=pool_size,
            max_overflow=pool_size,
            # isolation_level=None: the driver opens no transaction of its own, the "begin" event below does.
            connect_args={"timeout": BUSY_SECONDS, "isolation_level": None, "check_same_thread": False},
            hide_parameters=True,
            json_serializer=_to_json,
            json_deserializer=orjson.loads,
        )
        _prepare_sqlite(engine, synchronous)
        return engine
    return sqlalchemy.create_engine(
        url,
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_pre_ping=True,
        hide_parameters=True,
        json_serializer=_to_json,
        json_deserializer=orjson.loads,
    )


def _to_json(value: Any) -> str:
    return orjson.dumps(value).decode()


def _prepare_sqlite(engine: Engine, synchronous: str) -> None:
    @event.listens_for(engine, "connect")
    def configure(connection: Any, _record: Any) -> None:
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", f"synchronous={synchronous}", "foreign_keys=ON"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        reads = connection.get_execution_options().get("keliu_mode") == READ
        pooled = connection.connection
        # Straight to the driver: for these few words Core takes longer than SQLite.
        execute = pooled.driver_connection.execute  # type: ignore[union-attr]  # a connection that begins is open
        try:
            if pooled.info.get("keliu_reads") is not reads:  # the pooled connection served the other mode before
                execute(f"PRAGMA query_only={'ON' if reads else 'OFF'}")
                pooled.info["keliu_reads"] = reads
            # IMMEDIATE: a transaction that upgrades from reader to writer half way would fail at once, not wait.
            execute("BEGIN" if reads else "BEGIN IMMEDIATE")
        except sqlite3.Error as error:
            raise DBAPIError.instance("BEGIN", None, error, sqlite3.Error, dialect=connection.dialect) from error


def in_mode(engine: Engine, mode: str) -> Engine:
    """The same pool, for transactions of one mode (``"read"`` or ``"write"``)."""
    if engine.dialect.name == "postgresql":
        return engine.execution_options(keliu_mode=mode, postgresql_readonly=mode == READ)
    return engine.execution_options(keliu_mode=mode)


def is_contention(error: BaseException) -> bool:
    """True when running the same work again may succeed: locked database, serialization failure, deadlock."""
    if not isinstance(error, DBAPIError):
        return False
    original = error.orig
    if isinstance(original, sqlite3.OperationalError):
        return (getattr(original, "sqlite_errorcode", 0) & 0xFF) in (SQLITE_BUSY, SQLITE_LOCKED)
    return getattr(original, "sqlstate", None) in RETRIABLE_SQLSTATES
