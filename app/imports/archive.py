"""The business records in an open format: JSON Lines and CSV per table, ``schema.json`` with counts and SHA-256.

``export`` and ``restore`` are each other's inverse: a restored database exports the same hashes. Left out are process
states (they belong to the engine), sessions, passwords and tokens. The CSV files are for people; ``restore`` reads the
JSON Lines.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import json
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import IO, Any

from sqlalchemy import Column, ColumnElement, Table, bindparam, func, insert, select, text, true, update
from sqlalchemy.orm import Session

import engine
from app.db import Base
from app.imports.files import neutral

FORMAT, VERSION = "keliu-archive", 1
SCHEMA = "schema.json"
BATCH = 500
ROOTS = frozenset(
    {
        "customer",
        "product",
        "complaint",
        "cause_code",
        "remedy",
        "number_sequence",
        "stored_file",
        "search_entry",
    }
)
"""Tables to start from; tables that refer to them, and tables that these refer to, follow by themselves."""

SECRET = frozenset({"user_account", "user_session", "api_token", "login_attempt"})
WRITTEN_LAST: Mapping[str, frozenset[str]] = {"complaint": frozenset({"archived_at"})}
"""An archived complaint takes no more rows, so it is marked as archived when all of its rows are there."""

KINDS: Sequence[tuple[type, str]] = ((datetime, "datetime"), (date, "date"), (Decimal, "decimal"), (bytes, "bytes"))

READ: Mapping[str, Callable[[Any], Any]] = {
    "datetime": datetime.fromisoformat,
    "date": date.fromisoformat,
    "decimal": Decimal,
    "bytes": base64.b64decode,
}


class ArchiveRefused(Exception):
    """``code`` says why: ``not_an_archive``, ``unknown_version``, ``damaged``, ``unknown_table``, ``not_empty``."""

    def __init__(self, code: str, **facts: Any) -> None:
        super().__init__(f"{code} {facts}" if facts else code)
        self.code = code
        self.facts = facts


@dataclass(frozen=True, slots=True)
class TableSummary:
    """One table of an archive. ``columns``: name → kind of value. ``sha256`` is of its JSON Lines file."""

    name: str
    rows: int
    sha256: str
    columns: Mapping[str, str]


def tables() -> list[Table]:
    """The tables of an archive, each after those it refers to."""
    every = Base.metadata.sorted_tables
    chosen = {table.name for table in every if table.name in ROOTS}
    while True:
        more = {
            name
            for table in every
            for key in table.foreign_keys
            for name in (table.name, key.column.table.name)
            if table.name in chosen or key.column.table.name in chosen
        }
        if more <= chosen:
            break
        chosen |= more
    return [table for table in every if table.name in chosen - SECRET]


def export(session: Session, file: IO[bytes]) -> list[TableSummary]:
    """Write the archive into ``file`` as one consistent picture; returns what is in it."""
    if session.get_bind().dialect.name == "postgresql":
        session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
    written = []
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for table in tables():
            written.append(_write_json_lines(session, archive, table))
            _write_csv(session, archive, table)
        archive.writestr(SCHEMA, json.dumps(_schema(session, written), ensure_ascii=False, indent=2))
    return written


def _schema(session: Session, written: Sequence[TableSummary]) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "version": VERSION,
        "exported_at": engine.now(session).isoformat(),
        "sha256": fingerprint(written),
        "tables": [
            {"name": one.name, "rows": one.rows, "sha256": one.sha256, "columns": dict(one.columns)} for one in written
        ],
    }


def fingerprint(written: Sequence[TableSummary]) -> str:
    """One hash over the contents of all tables."""
    lines = "".join(f"{one.name} {one.rows} {one.sha256}\n" for one in sorted(written, key=lambda one: one.name))
    return hashlib.sha256(lines.encode()).hexdigest()


def _rows(session: Session, table: Table) -> Iterator[dict[str, Any]]:
    order = list(table.primary_key.columns)
    statement = select(table).where(_wanted(table)).order_by(*order).execution_options(yield_per=BATCH)
    for row in session.execute(statement):
        yield dict(row._mapping)


def _wanted(table: Table) -> ColumnElement[bool]:
    if table.name == "search_entry":  # what can be found of engine tasks is not in the archive
        return table.c.kind.in_([one.name for one in tables()])
    return true()


def _write_json_lines(session: Session, archive: zipfile.ZipFile, table: Table) -> TableSummary:
    digest, count = hashlib.sha256(), 0
    kinds = {column.name: "json" for column in table.columns}
    with archive.open(f"{table.name}.jsonl", "w", force_zip64=True) as stream:
        for row in _rows(session, table):
            kinds |= {name: kind for name, value in row.items() if (kind := _kind(value)) != "json"}
            plain = {name: _plain(value) for name, value in row.items()}
            line = json.dumps(plain, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode() + b"\n"
            digest.update(line)
            stream.write(line)
            count += 1
    return TableSummary(table.name, count, digest.hexdigest(), kinds)


def _write_csv(session: Session, archive: zipfile.ZipFile, table: Table) -> None:
    with (
        archive.open(f"{table.name}.csv", "w", force_zip64=True) as stream,
        io.TextIOWrapper(stream, encoding="utf-8-sig", newline="") as lines,
    ):
        writer = csv.writer(lines)
        writer.writerow([column.name for column in table.columns])
        for row in _rows(session, table):
            writer.writerow([neutral(_cell(value)) for value in row.values()])


def _kind(value: Any) -> str:
    return next((kind for type_, kind in KINDS if isinstance(value, type_)), "json")


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return format(value, "f")
    return base64.b64encode(value).decode("ascii") if isinstance(value, bytes) else value


def _cell(value: Any) -> str:
    plain = _plain(value)
    if plain is None:
        return ""
    return plain if isinstance(plain, str) else json.dumps(plain, ensure_ascii=False)


def restore(session: Session, file: IO[bytes]) -> list[TableSummary]:
    """Put an archive into empty tables, in the caller's transaction. Raises ArchiveRefused and leaves the rest to the
    caller's rollback."""
    try:
        with zipfile.ZipFile(file) as archive:
            listed = _listed(archive)
            by_name = {table.name: table for table in tables()}
            _require_fitting(session, listed, by_name)
            ordered = sorted(listed, key=lambda one: list(by_name).index(one.name))
            for one in ordered:
                _insert(session, archive, by_name[one.name], one)
            for one in ordered:
                _complete(session, archive, by_name[one.name], one)
    except (zipfile.BadZipFile, KeyError, ValueError, TypeError) as error:
        raise ArchiveRefused("damaged", reason=str(error)) from error
    _continue_numbering(session, [by_name[one.name] for one in listed])
    return listed


def _listed(archive: zipfile.ZipFile) -> list[TableSummary]:
    try:
        schema = json.loads(archive.read(SCHEMA))
    except KeyError as error:
        raise ArchiveRefused("not_an_archive") from error
    if schema.get("format") != FORMAT:
        raise ArchiveRefused("not_an_archive")
    if schema.get("version") != VERSION:
        raise ArchiveRefused("unknown_version", version=schema.get("version"))
    return [TableSummary(one["name"], one["rows"], one["sha256"], one["columns"]) for one in schema["tables"]]


def _require_fitting(session: Session, listed: Sequence[TableSummary], known: Mapping[str, Table]) -> None:
    for one in listed:
        table = known.get(one.name)
        if table is None or not set(one.columns) <= set(table.columns.keys()):
            raise ArchiveRefused("unknown_table", table=one.name)
    full = [one.name for one in listed if session.scalar(select(func.count()).select_from(known[one.name]))]
    if full:
        raise ArchiveRefused("not_empty", tables=", ".join(full))


def _lines(archive: zipfile.ZipFile, one: TableSummary) -> Iterator[dict[str, Any]]:
    """The rows with typed values. Raises ArchiveRefused at the end when they are not those that were written."""
    digest, count = hashlib.sha256(), 0
    with archive.open(f"{one.name}.jsonl") as stream:
        for line in stream:
            digest.update(line)
            count += 1
            yield {name: _typed(one.columns[name], value) for name, value in json.loads(line).items()}
    if (count, digest.hexdigest()) != (one.rows, one.sha256):
        raise ArchiveRefused("damaged", reason=one.name)


def _typed(kind: str, value: Any) -> Any:
    if value is None or kind == "json":
        return value
    return READ[kind](value)


def _deferred(table: Table) -> list[Column[Any]]:
    """Columns written when all rows are there: those that refer to the table itself, and those that close a record."""
    own = {key.parent.name for key in table.foreign_keys if key.column.table is table}
    return [column for column in table.columns if column.name in own | WRITTEN_LAST.get(table.name, frozenset())]


def _insert(session: Session, archive: zipfile.ZipFile, table: Table, one: TableSummary) -> None:
    later = {column.name: None for column in _deferred(table)}
    for batch in _batches(_lines(archive, one)):
        session.execute(insert(table), [row | later for row in batch])


def _complete(session: Session, archive: zipfile.ZipFile, table: Table, one: TableSummary) -> None:
    columns = _deferred(table)
    if not columns:
        return
    keys = list(table.primary_key.columns)
    statement = (
        update(table)
        .where(*(key == bindparam(f"key_{key.name}") for key in keys))
        .values({column.name: bindparam(f"new_{column.name}") for column in columns})
    )
    with_value = (row for row in _lines(archive, one) if any(row[column.name] is not None for column in columns))
    for batch in _batches(with_value):
        parameters = [
            {f"key_{key.name}": row[key.name] for key in keys} | {f"new_{c.name}": row[c.name] for c in columns}
            for row in batch
        ]
        session.connection().execute(statement, parameters)


def _batches(rows: Iterator[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    batch = []
    for row in rows:
        batch.append(row)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _continue_numbering(session: Session, restored: Sequence[Table]) -> None:
    """PostgreSQL gives out ids from sequences, which the restored rows did not ask."""
    if session.get_bind().dialect.name != "postgresql":
        return
    for table in restored:
        column = table.autoincrement_column
        if column is None or (len(table.primary_key.columns) > 1):
            continue
        highest = select(func.coalesce(func.max(column), 0)).scalar_subquery()
        sequence = func.pg_get_serial_sequence(text(f"'{table.name}'"), text(f"'{column.name}'"))
        session.execute(select(func.setval(sequence, highest + 1, False)))
