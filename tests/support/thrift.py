"""What a test process does once, although thousands of tests would each do it: compile, and look for garbage.

A test has an application and a database of its own. What only depends on the program is kept between them: the code of
addresses and page templates, and the text of SQL statements.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any

from jinja2.bccache import Bucket, BytecodeCache
from sqlalchemy import MetaData, create_mock_engine
from sqlalchemy.engine import Dialect
from sqlalchemy.util import LRUCache
from werkzeug.routing import Rule

from app.db import Database

STATEMENTS = 10_000
"""How many compiled statements a process keeps."""


def keep_compiled_modules() -> None:
    """Processes that tests start read our compiled modules instead of compiling each of them anew."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False


def look_for_garbage_less() -> None:
    """What is there now stays until the end: modules, not garbage. Looking at all of it again and again took a third of
    the time of the tests."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


class _Templates(BytecodeCache):
    """Compiled page templates: compiling takes longer than most tests."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], object] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """The code, if these very sources were compiled before."""
        bucket.code = self._kept.get((bucket.key, bucket.checksum))  # type: ignore[assignment]  # None: not yet

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep the code."""
        self._kept[bucket.key, bucket.checksum] = bucket.code


templates = _Templates()


class Address(Rule):
    """A rule whose builder, compiled for an equal rule before, is used again."""

    _builders: dict[tuple[Any, ...], Callable[..., tuple[str, str]]] = {}

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        key = (tuple(self._trace), repr(self.defaults), append_unknown)
        if key not in self._builders:
            self._builders[key] = super()._compile_builder(append_unknown)
        return self._builders[key]


_dialects: dict[str, tuple[Dialect, LRUCache[Any, Any]]] = {}


def share_statements(database: Database) -> Database:
    """The database with the statements that others compiled before."""
    kept = database.dialect
    if kept not in _dialects:
        database.engine.connect().close()  # the dialect asks the server what it can
        _dialects[kept] = (database.engine.dialect, LRUCache(STATEMENTS))
    for one in (database.engine, database._readers, database._writers):
        one.dialect, one._compiled_cache = _dialects[kept]
    return database


_scripts: dict[tuple[str, int], str] = {}


def create_tables(database: Database, metadata: MetaData, tables: Sequence[Any] | None = None) -> None:
    """The tables of ``metadata``, or only these of them, in one statement instead of one each: there are none yet."""
    key = (database.dialect, id(metadata))
    if key not in _scripts:
        statements: list[str] = []
        dialect = database.engine.dialect

        def note(statement: Any, *_: Any, **__: Any) -> None:
            statements.append(str(statement.compile(dialect=dialect)).strip())

        metadata.create_all(
            create_mock_engine(f"{database.dialect}+{dialect.driver}://", note), tables, checkfirst=False
        )
        script = ";\n".join(statements)
        _scripts[key] = script.replace("%%", "%") if dialect.paramstyle == "pyformat" else script
    with database.engine.begin() as connection:
        cursor: Any = connection.connection.cursor()
        (cursor.executescript if database.dialect == "sqlite" else cursor.execute)(_scripts[key])
