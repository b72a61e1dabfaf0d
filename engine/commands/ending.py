"""The end of an instance, and of those it called."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import select

from engine.commands import ledger
from engine.commands.projection import clear
from engine.commands.unit import Unit, unit_of
from engine.errors import InstanceChanged
from engine.events import InstanceEnded
from engine.model import InstanceState, JobKind
from engine.spiff import CODEC
from engine.store import statements as sql
from engine.store.tables import process_instance as pi


def end(unit: Unit, state: InstanceState, variables: Mapping[str, Any] | None, reason: str | None) -> None:
    """Mark the instance ended; its state blob is no longer needed. Raises InstanceChanged."""
    values: dict[str, Any] = {
        "b_id": unit.instance_id,
        "b_version": unit.version,
        "blob": None,
        "codec": CODEC,
        "updated_at": unit.at,
        "state": state.value,
        "ended_at": unit.at,
        "end_reason": reason,
        "head": unit.history_head,
    }
    statement = sql.END_INSTANCE
    if variables is not None:
        values["variables"] = variables
        statement = sql.END_INSTANCE_WITH_VARIABLES
    if statement.run(unit.connection, values) != 1:
        raise InstanceChanged(instance_id=unit.instance_id)
    unit.state = state
    unit.connection.execute(sql.RESOLVE_INCIDENTS, {"instance": unit.instance_id, "at": unit.at, "by": unit.actor})


def record_end(unit: Unit, state: InstanceState, reason: str | None) -> None:
    """The last line of the history and the last event."""
    unit.record("instance_ended", changes={"state": state.value, "reason": reason})
    unit.events.append(InstanceEnded(**unit.facts(), state=state, reason=reason))


def cancel_instance(unit: Unit, reason: str) -> None:
    """The instance ends with everything that waits in it and everything it called."""
    cancel_called(unit, reason)
    clear(unit)
    record_end(unit, InstanceState.CANCELLED, reason)
    unit.link_history()  # its head goes into the row that is written next
    end(unit, InstanceState.CANCELLED, None, reason)
    unit.write_history()
    unit.publish()


def cancel_called(unit: Unit, reason: str, task_ids: Collection[str] | None = None) -> None:
    """Cancel what these call activities (or all) have called. Locks go from the caller to the called, never back."""
    for instance_id in running(unit, task_ids):
        row = sql.LOCK_INSTANCE.first(unit.connection, {"id": instance_id})
        assert row is not None
        called = unit_of(unit.session, unit.connection, row, unit.actor)
        if called.state in sql.NOT_ENDED:  # it may have ended while this command waited for its lock
            cancel_instance(called, reason)


def running(unit: Unit, task_ids: Collection[str] | None = None) -> list[str]:
    """Called instances that are waited for and have not ended; of these call activities, or of all."""
    states = [InstanceState.ACTIVE.value, InstanceState.SUSPENDED.value]
    waited_for = pi.c.parent_task_id.is_not(None)
    query = select(pi.c.id).where(pi.c.parent_instance_id == unit.instance_id, waited_for, pi.c.state.in_(states))
    if task_ids is not None:
        query = query.where(pi.c.parent_task_id.in_(task_ids))
    return list(unit.connection.scalars(query.order_by(pi.c.id)))


def tell_caller(unit: Unit, outcome: str | None, code: str | None, escalations: Collection[str] = ()) -> None:
    """A job for the process that called this one: it moves in a transaction of its own."""
    if unit.parent_task_id is None or not (outcome or escalations):
        return
    entry = ledger.entry(
        JobKind.CALL,
        unit.at,
        instance_id=unit.parent_instance_id,
        task_id=unit.parent_task_id,
        dedupe_key=f"called:{unit.instance_id}:{unit.version}",
        payload={
            "step": "heard",
            "called": unit.instance_id,
            "outcome": outcome,
            "code": code,
            "escalations": list(escalations),
        },
    )
    ledger.add(unit.session, unit.connection, [entry])
