"""Many instances that wait, written as the engine leaves one: rows and state of a real one, under other ids."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select

from app.db import Database
from benchmarks.candidates import Ours, instance_of
from benchmarks.recording import ID, Step, recording, renamed
from engine.store import statements as sql
from engine.store.tables import job

BATCH = 1_000
_ID = re.compile(ID.pattern.encode())


@dataclass(frozen=True, slots=True)
class Copy:
    """One instance of the crowd: its job, and which id of the real one became which."""

    job_id: int
    names: dict[str, str]


class Crowd:
    """Copies of one instance that waits for a job."""

    def __init__(self, database: Database, process_key: str) -> None:
        self._database = database
        with recording(database.engine) as take:
            self.model = Ours(database).start(process_key)
            self._step: Step = take()
        self._instance = instance_of(self._step.statements)

    def add(self, count: int, *, due_at: datetime | None = None, blob: bytes | None = None) -> list[Copy]:
        """``count`` more, waiting until ``due_at`` (as long as the real one, if not given). ``blob``: their state."""
        names = self.put(count, due_at=due_at, blob=blob)
        with self._database.read() as session:
            found = session.execute(select(job.c.id, job.c.instance_id).order_by(job.c.id)).all()
        return [Copy(row.id, names[row.instance_id]) for row in found if row.instance_id in names]

    def put(
        self, count: int, *, due_at: datetime | None = None, blob: bytes | None = None
    ) -> dict[str, dict[str, str]]:
        """The same, without asking for the jobs: which id became which, by instance."""
        names: dict[str, dict[str, str]] = {}
        for first in range(0, count, BATCH):
            self._write(min(BATCH, count - first), names, due_at, blob)
        return names

    def _write(self, count: int, names: dict[str, dict[str, str]], due_at: datetime | None, blob: bytes | None) -> None:
        rows: dict[int, list[dict[str, Any]]] = {}
        for _ in range(count):
            new: dict[str, str] = {}
            for number, (statement, copied) in enumerate(_copied(self._step, new, blob)):
                if due_at is not None and _adds_job(statement):
                    copied = [params | {"due_at": due_at} for params in copied]
                rows.setdefault(number, []).extend(copied)
            names[new[self._instance]] = new
        with self._database.engine.begin() as connection:
            for number, (statement, _) in enumerate(self._step.statements):
                connection.execute(insert(job) if _adds_job(statement) else statement, rows[number])


def _adds_job(statement: Any) -> bool:
    return statement is sql.INSERT_JOB.statement or statement is sql.INSERT_JOB_RETURNING


def _copied(step: Step, names: dict[str, str], blob: bytes | None) -> Iterator[tuple[Any, list[dict[str, Any]]]]:
    for statement, params in renamed(step, names).statements:
        rows = params if isinstance(params, list) else [params]
        yield (
            statement,
            [
                row | {"blob": blob or _state(row["blob"], names)} if row.get("blob") is not None else row
                for row in rows
            ],
        )


def _state(blob: bytes, names: dict[str, str]) -> bytes:
    """The state with the same new ids."""

    def other(found: re.Match[bytes]) -> bytes:
        return names.setdefault(found[0].decode(), str(uuid.uuid4())).encode()

    return _ID.sub(other, blob)


def settle(database: Database) -> None:
    """Let the database know its tables, as its own housekeeping would within a minute."""
    if database.dialect == "postgresql":
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("ANALYZE")
