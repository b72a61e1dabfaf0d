"""Suspended instances: nobody works on their tasks, none of their jobs runs, and messages for them are kept."""

from __future__ import annotations

from sqlalchemy import select, tuple_, update
from sqlalchemy.orm import Session

from engine.commands.audit import audit
from engine.commands.model import Command, Result, ResumeInstance, SuspendInstance
from engine.commands.task_model import SuspendDefinition
from engine.commands.unit import Unit, lock_instance
from engine.errors import DefinitionNotFound, InstanceChanged
from engine.model import InstanceState, JobKind, JobState
from engine.store.tables import job as jb
from engine.store.tables import process_definition as pd
from engine.store.tables import process_instance as pi
from engine.store.tables import subscription as sub

NOT_ENDED = (InstanceState.ACTIVE, InstanceState.SUSPENDED)


def suspend(session: Session, command: SuspendInstance) -> Result:
    """The instance sleeps; suspending it again changes nothing. Raises InstanceNotFound, InstanceNotActive."""
    return _set(session, command, command.instance_id, InstanceState.SUSPENDED, command.reason)


def resume(session: Session, command: ResumeInstance) -> Result:
    """What fell due meanwhile runs now, once. Raises InstanceNotFound, InstanceNotActive."""
    return _set(session, command, command.instance_id, InstanceState.ACTIVE, command.reason)


def suspend_definition(session: Session, command: SuspendDefinition) -> Result:
    """Nobody starts that version, by hand, timer, message or signal; or somebody may again. Raises
    DefinitionNotFound."""
    state = "suspended" if command.suspended else "active"
    changed = update(pd).where(pd.c.id == command.definition_id).values(state=state)
    if session.connection().execute(changed).rowcount != 1:
        raise DefinitionNotFound(definition_id=command.definition_id)
    audit(session, command, None, command.definition_id, {"state": state, "with_instances": command.with_instances})
    if command.with_instances:
        before, after = NOT_ENDED if command.suspended else NOT_ENDED[::-1]
        here = select(pi.c.id).where(pi.c.definition_id == command.definition_id, pi.c.state == before.value)
        for instance_id in list(session.connection().scalars(here.order_by(pi.c.id))):
            _set(session, command, instance_id, after, "")
    return Result()


def _set(session: Session, command: Command, instance_id: str, state: InstanceState, reason: str) -> Result:
    unit, _ = lock_instance(session, instance_id, command.actor, states=NOT_ENDED)
    if unit.state is not state:
        _write(unit, state)
        audit(session, command, unit.instance_id, unit.business_key, {"reason": reason})
        kind = "instance_suspended" if state is InstanceState.SUSPENDED else "instance_resumed"
        unit.record(kind, changes={"reason": reason})
        unit.write_history()
        if state is InstanceState.ACTIVE:
            _deliver_kept(unit)
            unit.runtime.bell.ring(session, None, unit.at)
    return Result(instance_id=unit.instance_id, business_key=unit.business_key, state=unit.state)


def _write(unit: Unit, state: InstanceState) -> None:
    same = (pi.c.id == unit.instance_id, pi.c.version == unit.version)
    values = {"state": state.value, "version": unit.version + 1, "updated_at": unit.at}
    if unit.connection.execute(update(pi).where(*same).values(values)).rowcount != 1:
        raise InstanceChanged(instance_id=unit.instance_id)
    unit.state = state


def _deliver_kept(unit: Unit) -> None:
    """Messages that came meanwhile are due now (ix_job_message_topic_correlation_key)."""
    expected = select(sub.c.name, sub.c.correlation_key).where(
        sub.c.instance_id == unit.instance_id, sub.c.kind == "message", sub.c.correlation_key.is_not(None)
    )
    pairs = [(row.name, row.correlation_key) for row in unit.connection.execute(expected)]
    if pairs:
        kept = (jb.c.kind == JobKind.MESSAGE.value, jb.c.state == JobState.SCHEDULED.value)
        unit.connection.execute(
            update(jb)
            .where(*kept, tuple_(jb.c.topic, jb.c.correlation_key).in_(pairs))
            .values(state=JobState.AVAILABLE.value, due_at=unit.at)
        )
