"""A copy of the whole database in one file, made while people work, and the way back.

The file is a zip archive: ``manifest.json`` (revision, backend, a SHA-256 of every part) beside the SQLite file as its
backup API copies it, or beside each table as PostgreSQL's COPY writes it, all of one snapshot. Nothing but
Python is needed.
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Table, inspect, text
from sqlalchemy.engine import make_url

import engine
from app import migrations
from app.bootstrap import load_models
from app.db import Base
from app.db.connections import open_engine

MANIFEST, SQLITE_PART, FORMAT = "manifest.json", "keliu.sqlite3", 1
PIECE = 1024 * 1024


class Unusable(Exception):
    """The file is no backup, is damaged, or does not fit; the message says what."""


@dataclass(frozen=True, slots=True)
class Part:
    """One member of the archive. ``head``: table and columns of rows, in SQL; empty for a whole file."""

    name: str
    sha256: str
    head: str = ""
    table: str = ""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup is. ``backend`` is sqlite or postgresql; ``parts`` are in an order that references allow."""

    format: int
    backend: str
    revision: str
    made_at: str
    parts: tuple[Part, ...]


def back_up(url: str, file: Path, at: datetime) -> Manifest:
    """``file`` holds the database as it was at one moment after the call began; the database is used meanwhile.

    The file appears whole or not at all, readable by its owner only; ``at`` is when that is. The database must be
    at the newest revision.
    """
    unfinished = file.with_name(f".{file.name}.unfinished")
    with os.fdopen(os.open(unfinished, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600), "w+b") as target:
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
            backend = make_url(url).get_backend_name()
            revision, parts = _copy_file(url, archive) if backend == "sqlite" else _copy_rows(url, archive)
            manifest = Manifest(FORMAT, backend, revision, at.isoformat(), parts)
            archive.writestr(MANIFEST, json.dumps(asdict(manifest), indent=1))
        target.flush()
        os.fsync(target.fileno())
    unfinished.replace(file)
    return manifest


def _copy_file(url: str, archive: zipfile.ZipFile) -> tuple[str, tuple[Part, ...]]:
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / SQLITE_PART
        with closing(sqlite3.connect(str(make_url(url).database))) as source, closing(sqlite3.connect(copy)) as target:
            source.backup(target)  # all pages in one step: writers of the meantime wait in the write-ahead log
            revision = str(target.execute("SELECT version_num FROM alembic_version").fetchone()[0])
        with copy.open("rb") as pages:
            part = _add(archive, SQLITE_PART, iter(lambda: pages.read(PIECE), b""))
    return revision, (part,)


def _copy_rows(url: str, archive: zipfile.ZipFile) -> tuple[str, tuple[Part, ...]]:
    load_models()
    opened = open_engine(url, pool_size=1)
    try:
        snapshot = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        with opened.connect().execution_options(**snapshot) as connection:
            revision = str(connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one())
            tables = [*engine.metadata.sorted_tables, *Base.metadata.sorted_tables]
            return revision, tuple(_copy_table(connection, table, archive) for table in tables)
    finally:
        opened.dispose()


def _copy_table(connection: Connection, table: Table, archive: zipfile.ZipFile) -> Part:
    columns = ", ".join(f'"{column.name}"' for column in table.columns if column.computed is None)
    head = f'"{table.name}" ({columns})'
    with _driver(connection).cursor().copy(f"COPY {head} TO STDOUT") as rows:
        return _add(archive, f"{table.name}.rows", (bytes(row) for row in rows), head, table.name)


def _driver(connection: Connection) -> Any:
    return connection.connection.driver_connection


def _add(archive: zipfile.ZipFile, name: str, pieces: Iterator[bytes], head: str = "", table: str = "") -> Part:
    digest = hashlib.sha256()
    with archive.open(name, "w", force_zip64=True) as target:
        for piece in pieces:
            digest.update(piece)
            target.write(piece)
    return Part(name, digest.hexdigest(), head, table)


def restore(url: str, file: Path) -> Manifest:
    """The empty database ``url`` is as the one that was backed up. Raises Unusable, and nothing is changed then."""
    with _opened(file) as (archive, manifest):
        if manifest.backend != make_url(url).get_backend_name():
            raise Unusable(f"it was made of {manifest.backend}; give a database of the same kind")
        if manifest.revision not in _revisions():
            raise Unusable(f"it has revision {manifest.revision}, which this program does not know: it is newer")
        if not _is_empty(url):
            raise Unusable("the database is not empty; restore into a new one")
        for part in manifest.parts:
            _check(archive, part)
        (_put_file if manifest.backend == "sqlite" else _put_rows)(url, archive, manifest)
    return manifest


@contextmanager
def _opened(file: Path) -> Iterator[tuple[zipfile.ZipFile, Manifest]]:
    try:
        with zipfile.ZipFile(file) as archive:
            given = json.loads(archive.read(MANIFEST))
            parts = tuple(Part(**part) for part in given.pop("parts"))
            manifest = Manifest(**given, parts=parts)
            if manifest.format != FORMAT:
                raise Unusable(f"its format is {manifest.format}, this program reads {FORMAT}")
            yield archive, manifest
    except (zipfile.BadZipFile, KeyError, TypeError, ValueError) as error:
        raise Unusable(f"it is no backup, or it is damaged: {error}") from error


def _revisions() -> set[str]:
    return {script.revision for script in ScriptDirectory.from_config(migrations.configuration()).walk_revisions()}


def _is_empty(url: str) -> bool:
    if url.startswith("sqlite"):
        return not Path(str(make_url(url).database)).exists()
    opened = open_engine(url, pool_size=1)
    tables = inspect(opened).get_table_names()
    opened.dispose()
    return not tables


def _check(archive: zipfile.ZipFile, part: Part) -> None:
    digest = hashlib.sha256()
    with archive.open(part.name) as member:
        for piece in _pieces(member):
            digest.update(piece)
    if digest.hexdigest() != part.sha256:
        raise Unusable(f"{part.name} is damaged: its checksum is another one")


def _pieces(member: IO[bytes]) -> Iterator[bytes]:
    return iter(lambda: member.read(PIECE), b"")


def _put_file(url: str, archive: zipfile.ZipFile, manifest: Manifest) -> None:
    file = Path(str(make_url(url).database))
    file.parent.mkdir(parents=True, exist_ok=True)
    unfinished = file.with_name(f".{file.name}.unfinished")
    with archive.open(manifest.parts[0].name) as member, unfinished.open("wb") as target:
        for piece in _pieces(member):
            target.write(piece)
        target.flush()
        os.fsync(target.fileno())
    with closing(sqlite3.connect(unfinished)) as connection:
        said = connection.execute("PRAGMA integrity_check").fetchone()[0]
    if said != "ok":
        unfinished.unlink()
        raise Unusable(f"the database in it is damaged: {said}")
    unfinished.replace(file)


def _put_rows(url: str, archive: zipfile.ZipFile, manifest: Manifest) -> None:
    migrations.upgrade(url, manifest.revision)
    opened = open_engine(url, pool_size=1)
    try:
        with opened.begin() as connection:
            driver = _driver(connection)
            for part in manifest.parts:  # rows come in as they were, past what guards them from then on
                driver.execute(f'ALTER TABLE "{part.table}" DISABLE TRIGGER USER')
            for part in reversed(manifest.parts):
                driver.execute(f'DELETE FROM "{part.table}"')  # rows that migrations bring
            for part in manifest.parts:
                with archive.open(part.name) as member, driver.cursor().copy(f"COPY {part.head} FROM STDIN") as target:
                    for piece in _pieces(member):
                        target.write(piece)
            for part in manifest.parts:
                driver.execute(f'ALTER TABLE "{part.table}" ENABLE TRIGGER USER')
            _count_on(connection, [part.table for part in manifest.parts])
    except BaseException:
        opened.dispose()
        migrations.downgrade(url, "base")
        raise
    opened.dispose()


def _count_on(connection: Connection, tables: list[str]) -> None:
    """Numbers go on after the greatest that is there."""
    looks = inspect(connection)
    for table in tables:
        if "id" not in {column["name"] for column in looks.get_columns(table)}:
            continue
        sequence = connection.execute(
            text("SELECT pg_get_serial_sequence(:name, 'id')"), {"name": f'"{table}"'}
        ).scalar()
        if sequence is not None:
            most = f'SELECT coalesce(max(id), 0) + 1 FROM "{table}"'
            connection.execute(text(f"SELECT setval(:name, ({most}), false)"), {"name": sequence})
