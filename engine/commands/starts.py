"""Processes that begin by themselves: by a signal, or at a moment. What a version waits for ends with the next one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, cast

from sqlalchemy import Row, func, select, text, update
from sqlalchemy.orm import Session

from engine.commands import ledger
from engine.commands.model import Result, RunJob, StartProcess
from engine.commands.start import start_definition
from engine.commands.unit import program
from engine.context import now, runtime
from engine.errors import DefinitionNotFound
from engine.model import JobKind, JobState, WaitingStart
from engine.rows import JobRow
from engine.spiff import ExecutionContext, first_starts, next_start
from engine.store.statements import STANDING
from engine.store.tables import job as jb
from engine.store.tables import process_definition as pd

_CAPACITY = 1_000
_signals: dict[str, Mapping[str, str]] = {}
"""Start events by signal, per definition; rows never change."""


def arm(session: Session, definitions: Iterable[tuple[str, str]]) -> None:
    """Timers of new definitions (key, id) replace those of the versions before. Raises what their expressions raise."""
    at = now(session)
    for key, definition_id in definitions:
        session.connection().execute(
            update(jb)
            .where(jb.c.kind == JobKind.TIMER.value, jb.c.instance_id.is_(None), jb.c.topic == key, text(STANDING))
            .values(state=JobState.CANCELLED.value, ended_at=at, worker=None, lease_until=None)
        )
        for start in first_starts(program(session, definition_id), _context(session)):
            _schedule(session, key, definition_id, start, 0)


def _context(session: Session) -> ExecutionContext:
    current = runtime(session)
    return ExecutionContext(
        now=now(session),
        calendar=lambda group: current.calendars(session, group),
        zone=current.zone,
        limits=current.limits,
    )


def _schedule(session: Session, key: str, definition_id: str, start: WaitingStart, number: int) -> None:
    payload = {
        "definition_id": definition_id,
        "key": start.node_id,
        "late": 0,
        "number": number,
        "timer": dict(start.timer),
    }
    entry = ledger.entry(
        JobKind.TIMER,
        now(session),
        due_at=start.due_at,
        node_id=start.node_id,
        topic=key,
        dedupe_key=f"start:{definition_id}:{start.node_id}:{number}",
        payload=payload,
    )
    ledger.add_one(session, entry)


def fire(session: Session, command: RunJob, job: JobRow) -> Result:
    """A start timer is due: one instance more, and the next job of its cycle, in one commit."""
    ledger.finish(session, job.id, command.worker, now(session))
    payload = job.payload
    definition_id, node_id = payload["definition_id"], payload["key"]
    following = next_start(_context(session), node_id, payload["timer"])
    if following is not None:
        _schedule(session, str(job.topic), definition_id, following, payload["number"] + 1)
    return _start(session, definition_id, node_id, {}, job)


def _start(session: Session, definition_id: str, node_id: str, variables: Mapping[str, Any], job: JobRow) -> Result:
    wanted = select(pd.c.id, pd.c.key, pd.c.state).where(pd.c.id == definition_id)
    row = cast("Row[Any] | None", session.connection().execute(wanted).first())
    if row is None:
        raise DefinitionNotFound(definition_id=definition_id)
    if row.state != "active":  # nobody may start it now
        return Result(job_id=job.id)
    return start_definition(session, row, StartProcess(variables=variables), node_id=node_id)


def by_signal(session: Session, name: str, variables: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Jobs that start every process whose newest version begins with the signal."""
    at = now(session)
    return [
        ledger.entry(
            JobKind.MESSAGE,
            at,
            topic=name,
            node_id=node_id,
            payload={"kind": "signal_start", "definition_id": definition_id, "variables": dict(variables)},
        )
        for definition_id in _newest(session)
        if (node_id := _signals_of(session, definition_id).get(name)) is not None
    ]


def start_by_signal(session: Session, job: JobRow) -> Result:
    """One process that begins with a signal."""
    return _start(session, job.payload["definition_id"], str(job.node_id), job.payload["variables"], job)


def _newest(session: Session) -> list[str]:
    """The newest active version of each process (uq_process_definition_key_version)."""
    active = select(pd.c.key, func.max(pd.c.version).label("version")).where(pd.c.state == "active")
    newest = active.group_by(pd.c.key).subquery()
    same = (pd.c.key == newest.c.key) & (pd.c.version == newest.c.version)
    return list(session.connection().scalars(select(pd.c.id).join(newest, same).order_by(pd.c.key)))


def _signals_of(session: Session, definition_id: str) -> Mapping[str, str]:
    found = _signals.get(definition_id)
    if found is None:
        row: Row[Any] = session.connection().execute(select(pd.c.nodes).where(pd.c.id == definition_id)).one()
        nodes: Mapping[str, Any] = row.nodes
        found = {node["signal"]: node_id for node_id, node in nodes.items() if node.get("signal")}
        while len(_signals) >= _CAPACITY:
            _signals.pop(next(iter(_signals)), None)
        _signals[definition_id] = found
    return found
