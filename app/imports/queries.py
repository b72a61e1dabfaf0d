"""Reading imports, their rows and the mappings kept for reuse."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from functools import cache
from importlib import resources

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.imports.mapping import ColumnMapping, header_key, parse
from app.imports.models import ImportMapping, ImportRow, ImportRun, RowState

PAGE = 50
LARGEST_ID = 2**63


def run(session: Session, run_id: int) -> ImportRun | None:
    """The run, or None; also for a number that no database can hold."""
    return session.get(ImportRun, run_id) if run_id < LARGEST_ID else None


def runs_of(session: Session, login: str, *, before: int | None = None, limit: int = PAGE) -> Sequence[ImportRun]:
    """The runs of a person, the newest first (index ix_import_run_created_by_id)."""
    statement = select(ImportRun).where(ImportRun.created_by == login).order_by(ImportRun.id.desc()).limit(limit)
    if before is not None:
        statement = statement.where(ImportRun.id < before)
    return session.scalars(statement).all()


def rows_in(session: Session, run_id: int, state: RowState, *, limit: int | None = None) -> Sequence[ImportRow]:
    """Rows of one state in the order of the file (index ix_import_row_run_id_state_row_number)."""
    statement = (
        select(ImportRow)
        .where(ImportRow.run_id == run_id, ImportRow.state == state.value)
        .order_by(ImportRow.row_number)
        .limit(limit)
    )
    return session.scalars(statement).all()


def first_rows(session: Session, run_id: int, limit: int) -> Sequence[ImportRow]:
    """The first rows of the file, whatever became of them."""
    statement = select(ImportRow).where(ImportRow.run_id == run_id).order_by(ImportRow.row_number).limit(limit)
    return session.scalars(statement).all()


def distinct_values(session: Session, run_id: int, position: int, limit: int = 30) -> list[str]:
    """The different values of one column, as far as the first rows show them."""
    seen: dict[str, None] = {}
    for row in first_rows(session, run_id, 5_000):
        value = row.cells[position].strip()
        if value:
            seen.setdefault(value)
        if len(seen) >= limit:
            break
    return list(seen)


def digest(header: Sequence[str]) -> str:
    """What a saved mapping is found by."""
    return hashlib.sha256(header_key(header).encode()).hexdigest()


def saved_mappings(session: Session, target: str) -> Iterator[ColumnMapping]:
    """The mappings saved for a target, the latest first."""
    statement = select(ImportMapping.document).where(ImportMapping.target == target).order_by(ImportMapping.id.desc())
    for document in session.scalars(statement):
        yield parse(document)


@cache
def shipped_mappings() -> tuple[ColumnMapping, ...]:
    """The mappings that come with Keliu."""
    folder = resources.files("app.imports") / "mappings"
    files = sorted((entry for entry in folder.iterdir() if entry.name.endswith(".json")), key=lambda entry: entry.name)
    return tuple(parse(json.loads(entry.read_text("utf-8"))) for entry in files)


def fitting(session: Session, target: str, header: Sequence[str]) -> ColumnMapping | None:
    """The mapping for a file with this header: the same header first (saved before shipped), else the mapping that
    finds most of its columns, if at least half of them are there."""
    key = digest(header)
    exact = session.scalar(
        select(ImportMapping.document)
        .where(ImportMapping.target == target, ImportMapping.header_key == key)
        .order_by(ImportMapping.id.desc())
        .limit(1)
    )
    if exact is not None:
        return parse(exact)
    known = [*saved_mappings(session, target), *(found for found in shipped_mappings() if found.target == target)]
    present = frozenset(header)
    usable = [found for found in known if found.columns and 2 * len(found.columns & present) >= len(found.columns)]
    usable.sort(key=lambda found: (digest(found.header) == key, len(found.columns & present)), reverse=True)
    return usable[0] if usable else None
