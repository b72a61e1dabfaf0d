"""Taking a file over: prepare, look at it, run it in chunks, hand back what was refused.

A chunk of rows is one transaction together with the counts, so a killed process neither loses nor doubles a row: what
was not committed is simply still waiting.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import insert
from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.orm import Session

import engine
from app.errors import FieldErrors
from app.imports import queries
from app.imports.conversion import Converter
from app.imports.files import Row, Table, write_csv
from app.imports.mapping import ColumnMapping, MappingRefused, Rule, Source, parse
from app.imports.models import MOVES, ImportMapping, ImportRow, ImportRun, RowState, RunState
from app.imports.targets import ImportTarget, OutcomeState, TargetField
from app.security.principal import Principal

CHUNK = 20
PREVIEW = 20
WORK = "imports.run"
LONGEST_REASON = 2_000


class RunNotInState(Exception):
    """Somebody was faster: the run has begun, ended or was cancelled already."""

    def __init__(self, state: str) -> None:
        super().__init__(state)
        self.state = state


@dataclass(frozen=True, slots=True)
class PreviewRow:
    """A row as it would come in, or why it would not."""

    number: int
    values: Mapping[str, Any]
    errors: Mapping[str, Sequence[str]]


def prepare(
    session: Session, principal: Principal, target: ImportTarget, table: Table, *, filename: str, language: str
) -> ImportRun:
    """Keep the file's rows as a prepared run, with the mapping that fits its header or a first guess by names."""
    fields = target.fields(session)
    found = queries.fitting(session, target.key, table.header)
    mapping = found.for_header(table.header) if found else guess(target.key, fields, table.header)
    run = ImportRun(
        target=target.key,
        filename=_name(filename)[-200:],
        header=list(table.header),
        language=language,
        document=mapping.to_document(),
        total=len(table.rows),
        created_at=engine.now(session),
        created_by=principal.login,
    )
    session.add(run)
    session.flush()
    _keep_rows(session, run.id, table.rows)
    return run


def _name(given: str) -> str:
    """A name from outside without what can't be seen: zero bytes no database keeps, marks that turn it round."""
    return "".join(character for character in given if character.isprintable())


def _keep_rows(session: Session, run_id: int, rows: Sequence[Row]) -> None:
    session.execute(
        insert(ImportRow),
        [{"run_id": run_id, "row_number": row.number, "cells": list(row.cells)} for row in rows],
    )


def guess(target: str, fields: Sequence[TargetField], header: Sequence[str]) -> ColumnMapping:
    """A mapping by names: a column called like a field, in either language."""
    rules = {}
    for field in fields:
        names = {field.name.casefold(), *(label.casefold() for label in field.label.values())}
        column = next((column for column in header if column.strip().casefold() in names), None)
        if column is not None:
            rules[field.name] = Rule(sources=(Source(column),))
    return ColumnMapping(target=target, fields=rules, header=tuple(header))


def choose_mapping(session: Session, run: ImportRun, mapping: ColumnMapping) -> None:
    """Use ``mapping`` for a run that has not begun. Raises MappingRefused for a field whose columns the file lacks."""
    _require(run, RunState.PREPARED)
    usable = mapping.for_header(run.header)
    for name, rule in mapping.fields.items():
        if name not in usable.fields:
            raise MappingRefused("unknown_column", name=rule.sources[0].column[:80])
    run.document = usable.to_document()
    session.flush()


def save_mapping(session: Session, principal: Principal, run: ImportRun, name: str) -> ImportMapping:
    """Keep the run's mapping; the next file with this header finds it."""
    mapping, name = parse(run.document), _name(name)
    document = mapping.to_document() | {"name": {"zh": name, "en": name}, "header": list(run.header)}
    saved = ImportMapping(
        target=run.target,
        name=name[:200],
        header_key=queries.digest(run.header),
        document=document,
        saved_at=engine.now(session),
        saved_by=principal.login,
    )
    session.add(saved)
    session.flush()
    return saved


def preview(session: Session, principal: Principal, run: ImportRun, target: ImportTarget) -> Iterator[PreviewRow]:
    """The first rows, checked as the import will check them; nothing is written."""
    converter = Converter(session, target.fields(session), parse(run.document), engine.runtime(session).zone)
    for row in queries.first_rows(session, run.id, PREVIEW):
        try:
            values = converter.values(dict(zip(run.header, row.cells, strict=True)))
            target.check_row(session, values, principal)
            yield PreviewRow(row.row_number, values, {})
        except FieldErrors as refused:
            errors = {name: [str(message) for message in messages] for name, messages in refused.errors.items()}
            yield PreviewRow(row.row_number, {}, errors)


def missing_fields(run: ImportRun, fields: Sequence[TargetField]) -> list[TargetField]:
    """Required fields that no column and no fixed value feeds: with them missing every row would be refused."""
    mapped = run.document.get("fields", {})
    return [field for field in fields if field.required and field.name not in mapped]


def start(session: Session, run: ImportRun, *, by_worker: bool = True) -> None:
    """The run is running: its first chunk is a job for the workers, or the caller's own business."""
    _move(run, RunState.RUNNING)
    run.started_at = engine.now(session)
    session.flush()
    if by_worker:
        schedule(session, run)


def schedule(session: Session, run: ImportRun) -> None:
    """The next chunk is a job of the ledger, in this transaction."""
    engine.execute(
        session,
        engine.AddWork(
            topic=WORK, payload={"run_id": run.id}, dedupe_key=f"import:{run.id}:{run.done}", actor=run.created_by
        ),
    )


def cancel(session: Session, run: ImportRun) -> None:
    """No further rows are taken over. What came in stays."""
    _move(run, RunState.CANCELLED)
    run.ended_at = engine.now(session)
    session.flush()


def advance(session: Session, run_id: int, target: ImportTarget, principal: Principal) -> ImportRun:
    """Take over the next chunk of rows in the caller's transaction. Every row stands for itself: what one refused row
    wrote is undone, the others stay."""
    run = session.get_one(ImportRun, run_id, with_for_update=True)
    if run.state != RunState.RUNNING.value:
        return run
    fields = target.fields(session)
    converter = Converter(session, fields, parse(run.document), engine.runtime(session).zone)
    labels = {field.name: field.label.get(run.language, field.name) for field in fields}
    counts = Counter[str]()
    for row in queries.rows_in(session, run.id, RowState.WAITING, limit=CHUNK):
        cells = dict(zip(run.header, row.cells, strict=True))
        _take_over(session, row, cells, target, principal, converter, labels)
        counts[row.state] += 1
    _count(session, run, counts)
    return run


def _count(session: Session, run: ImportRun, counts: Counter[str]) -> None:
    run.done += counts.total()
    run.created += counts[RowState.CREATED.value]
    run.existing += counts[RowState.EXISTING.value]
    run.failed += counts[RowState.FAILED.value]
    if run.done >= run.total:
        _move(run, RunState.COMPLETED)
        run.ended_at = engine.now(session)
    session.flush()


def _take_over(
    session: Session,
    row: ImportRow,
    cells: Mapping[str, str],
    target: ImportTarget,
    principal: Principal,
    converter: Converter,
    labels: Mapping[str, str],
) -> None:
    try:
        with session.begin_nested():
            outcome = target.import_row(session, converter.values(cells), principal)
    except FieldErrors as refused:
        _hand_back(row, worded(refused, labels))
    except (DataError, IntegrityError):
        _hand_back(row, _("The database refused the values of this row."))
    except (engine.ExecutionFailed, engine.BadVariables) as failed:
        _hand_back(row, _("The process could not be started: %(reason)s", reason=str(failed)))
    else:
        row.reference = outcome.reference
        created = outcome.state is OutcomeState.CREATED
        row.state = (RowState.CREATED if created else RowState.EXISTING).value


def _hand_back(row: ImportRow, reason: str) -> None:
    row.state = RowState.FAILED.value
    row.reason = reason[:LONGEST_REASON]


def worded(refused: FieldErrors, labels: Mapping[str, str]) -> str:
    """All reasons in one text: each field by its name on the forms."""
    parts = []
    for name, messages in refused.errors.items():
        said = " ".join(str(message) for message in messages)
        parts.append(_("%(field)s: %(reason)s", field=labels.get(name, name), reason=said) if name else said)
    return "; ".join(parts)


def bad_rows_file(session: Session, run: ImportRun) -> bytes:
    """The refused rows as they came and a column with the reasons, as CSV; corrected, it can be imported again."""
    header = list(run.header)
    reason = _("Reason for handing back")
    # A file that was handed back before has the column already: it is replaced, not doubled.
    again = header[-1] in ("Reason for handing back", "退回原因")
    kept = header[:-1] if again else header
    rows = queries.rows_in(session, run.id, RowState.FAILED)
    return write_csv([*kept, reason], ([*row.cells[: len(kept)], row.reason] for row in rows))


def _require(run: ImportRun, state: RunState) -> None:
    if run.state != state.value:
        raise RunNotInState(run.state)


def _move(run: ImportRun, to: RunState) -> None:
    if to not in MOVES[RunState(run.state)]:
        raise RunNotInState(run.state)
    run.state = to.value


def mapping_json(run: ImportRun) -> bytes:
    """The run's mapping as the document that is shipped, kept and read back."""
    return json.dumps(run.document, ensure_ascii=False, indent=2).encode()
