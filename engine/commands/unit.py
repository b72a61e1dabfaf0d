"""One instance, locked and restored for the length of one command."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select
from sqlalchemy.orm import Session

from engine.calendar import WorkingCalendar
from engine.context import Runtime, runtime
from engine.errors import (
    ExecutionFailed,
    ExpressionFailed,
    InstanceNotActive,
    InstanceNotFound,
    LimitExceeded,
    StateUnreadable,
)
from engine.events import Event
from engine.model import InstanceState
from engine.spiff import CODEC, Execution, ExecutionContext, Program, load_program, programs
from engine.store import chain
from engine.store import statements as sql
from engine.store.prepared import Prepared, together
from engine.store.tables import process_definition, process_definition_part

Locked = Mapping[str, Any]
"""A row of one of the LOCK statements: the instance's columns begin with ``i_``, a task's have their own names."""


@dataclass(slots=True)
class Unit:
    """What a command works on. ``execution`` is thrown away with it, so a failed command leaves nothing behind."""

    session: Session
    connection: Connection
    runtime: Runtime
    at: datetime
    actor: str
    instance_id: str
    definition_id: str
    process_key: str
    business_key: str | None
    state: InstanceState
    version: int
    started_by: str
    parent_instance_id: str | None = None
    parent_task_id: str | None = None
    history_head: str | None = None
    history: list[dict[str, Any]] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    writes: list[tuple[Prepared, list[dict[str, Any]]]] = field(default_factory=list)
    calendars: dict[str | None, WorkingCalendar] = field(default_factory=dict)

    def calendar(self, group: str | None) -> WorkingCalendar:
        """The working calendar of a candidate group, asked for once per command."""
        if group not in self.calendars:
            self.calendars[group] = self.runtime.calendars(self.session, group)
        return self.calendars[group]

    def record(
        self,
        kind: str,
        node_id: str | None = None,
        task_id: str | None = None,
        changes: Mapping[str, Any] | None = None,
    ) -> None:
        """Add a line to the instance's history."""
        self.history.append(
            {
                "instance_id": self.instance_id,
                "at": self.at,
                "kind": kind,
                "node_id": node_id,
                "task_id": task_id,
                "actor": self.actor,
                "changes": changes or {},
                "hash": None,
            }
        )

    def facts(self) -> dict[str, Any]:
        """The fields every event has."""
        return {
            "at": self.at,
            "actor": self.actor,
            "instance_id": self.instance_id,
            "business_key": self.business_key,
            "process_key": self.process_key,
        }

    def link_history(self) -> str | None:
        """Tie the collected lines to the chain. Returns its head, for whoever writes the instance's row anyway."""
        if self.history:
            self.history_head = self.history[-1]["hash"] = chain.link(self.history_head, self.history, chain.HISTORY)
            self.write(sql.INSERT_HISTORY, self.history)
            self.history = []
        return self.history_head

    def write_history(self) -> None:
        """Write the collected lines, and whatever else waits to be written."""
        if self.history:
            self.write(sql.SET_HISTORY_HEAD, [{"b_id": self.instance_id, "head": self.link_history()}])
        waiting, self.writes = self.writes, []
        if waiting:
            with together(self.connection):
                for statement, rows in waiting:
                    statement.run_many(self.connection, rows)

    def write(self, statement: Prepared, rows: list[dict[str, Any]]) -> None:
        """Write rows together with the history: on PostgreSQL that is one round trip for all of them."""
        self.writes.append((statement, rows))

    def publish(self) -> None:
        """Tell the listeners, in the same transaction."""
        heard, self.events = self.events, []
        for event in heard:
            for listener in self.runtime.listeners:
                listener(self.session, event)

    def execution_context(self) -> ExecutionContext:
        """The outer world as the workflow may see it."""
        return ExecutionContext(
            now=self.at,
            calendar=self.calendar,
            zone=self.runtime.zone,
            limits=self.runtime.limits,
            business_key=self.business_key,
            starter=self.started_by,
            called=self.parent_instance_id is not None,
        )


def unit_of(session: Session, connection: Connection, row: Locked, actor: str) -> Unit:
    """A unit from a row locked by one of the LOCK statements."""
    current = runtime(session)
    return Unit(
        session=session,
        connection=connection,
        runtime=current,
        at=current.clock.now(),
        actor=actor,
        instance_id=row["i_id"],
        definition_id=row["i_definition_id"],
        process_key=row["i_definition_key"],
        business_key=row["i_business_key"],
        state=InstanceState(row["i_state"]),
        version=row["i_version"],
        started_by=row["i_started_by"],
        parent_instance_id=row["i_parent_instance_id"],
        parent_task_id=row["i_parent_task_id"],
        history_head=row["i_history_head"],
    )


def lock_instance(
    session: Session, instance_id: str, actor: str, *, states: tuple[InstanceState, ...] = (InstanceState.ACTIVE,)
) -> tuple[Unit, Locked]:
    """Lock an instance. Raises InstanceNotFound, and InstanceNotActive unless it is in one of ``states``."""
    connection = session.connection()
    row = sql.LOCK_INSTANCE.first(connection, {"id": instance_id})
    if row is None:
        raise InstanceNotFound(instance_id=instance_id)
    unit = unit_of(session, connection, row, actor)
    require_active(unit, states)
    return unit, row


def require_active(unit: Unit, states: tuple[InstanceState, ...] = (InstanceState.ACTIVE,)) -> None:
    """Raises InstanceNotActive unless the instance is active, or in one of ``states``."""
    if unit.state not in states:
        raise InstanceNotActive(instance_id=unit.instance_id, state=unit.state.value)


def restore(unit: Unit, row: Locked) -> Execution:
    """The workflow as it was saved. Raises StateUnreadable."""
    if row["i_codec"] != CODEC:
        raise StateUnreadable(instance_id=unit.instance_id, codec=row["i_codec"])
    with executing(unit.instance_id):
        return Execution.restore(program(unit.session, unit.definition_id), unit.execution_context(), row["i_blob"])


def program(session: Session, definition_id: str) -> Program:
    """The parsed definition; rows never change, so it is parsed once per process."""

    def load() -> Program:
        return _load(session, definition_id)

    return programs.get(definition_id, load)


def _load(session: Session, definition_id: str) -> Program:
    pd = process_definition.c
    found = select(pd.key, pd.xml, pd.search_variables).where(pd.id == definition_id)
    row = session.execute(found).one()
    part = process_definition_part.c
    query = select(part.kind, part.name, part.content).where(part.definition_id == definition_id)
    parts = {(found.kind, found.name): bytes(found.content) for found in session.execute(query)}
    return load_program(row.key, definition_id, bytes(row.xml), parts, tuple(row.search_variables))


@contextmanager
def executing(instance_id: str) -> Iterator[None]:
    """Whatever the workflow raises becomes ExecutionFailed with the instance, so that an incident can name it."""
    try:
        yield
    except ExecutionFailed as error:
        error.facts["instance_id"] = instance_id
        raise
    except (ExpressionFailed, LimitExceeded) as error:
        node = error.facts.get("node_id")
        raise ExecutionFailed(instance_id=instance_id, node_id=node, reason=str(error)) from error
