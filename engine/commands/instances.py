"""Repair of whole instances: cancel, set variables."""

from __future__ import annotations

from sqlalchemy.orm import Session

from engine.commands.audit import audit
from engine.commands.ending import cancel_instance, tell_caller
from engine.commands.model import CancelInstance, Result, SetVariables
from engine.commands.projection import known
from engine.commands.saving import save
from engine.commands.unit import executing, lock_instance, restore
from engine.commands.values import checked


def cancel(session: Session, command: CancelInstance) -> Result:
    """The instance is cancelled with its tasks, jobs, subscriptions and all it called.

    Raises InstanceNotFound, InstanceNotActive.
    """
    unit, _ = lock_instance(session, command.instance_id, command.actor)
    audit(session, command, unit.instance_id, unit.business_key, {"reason": command.reason})
    cancel_instance(unit, command.reason)
    tell_caller(unit, "cancelled", command.reason)
    return Result(instance_id=unit.instance_id, business_key=unit.business_key, state=unit.state)


def set_variables(session: Session, command: SetVariables) -> Result:
    """Top-level variables are replaced. Raises InstanceNotFound, InstanceNotActive, BadVariables."""
    variables = checked(command.variables)
    unit, row = lock_instance(session, command.instance_id, command.actor)
    audit(session, command, unit.instance_id, unit.business_key, {"variables": variables, "reason": command.reason})
    execution = restore(unit, row)
    rows = known(execution.waiting())
    unit.record("variables_set", changes=variables)
    with executing(unit.instance_id):
        execution.set_variables(variables)
    created = save(unit, execution, rows)
    return Result(instance_id=unit.instance_id, business_key=unit.business_key, state=unit.state, created=created)
