"""Repair of whole instances: cancel, set variables."""

from __future__ import annotations

from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from engine.commands.audit import audit
from engine.commands.ending import cancel_instance, tell_caller
from engine.commands.model import CancelInstance, Result, SetTaskVariables, SetVariables
from engine.commands.projection import known
from engine.commands.saving import save
from engine.commands.suspension import NOT_ENDED
from engine.commands.tasks import lock_task
from engine.commands.unit import Unit, executing, lock_instance, restore
from engine.commands.values import checked
from engine.store.tables import user_task


def cancel(session: Session, command: CancelInstance) -> Result:
    """The instance is cancelled with its tasks, jobs, subscriptions and all it called.

    Raises InstanceNotFound, InstanceNotActive.
    """
    unit, _ = lock_instance(session, command.instance_id, command.actor, states=NOT_ENDED)
    audit(session, command, unit.instance_id, unit.business_key, {"reason": command.reason})
    cancel_instance(unit, command.reason)
    tell_caller(unit, "cancelled", command.reason)
    return Result(instance_id=unit.instance_id, business_key=unit.business_key, state=unit.state)


def set_variables(session: Session, command: SetVariables) -> Result:
    """Top-level variables are replaced and removed. Raises InstanceNotFound, InstanceNotActive, BadVariables."""
    variables = checked(command.variables)
    unit, row = lock_instance(session, command.instance_id, command.actor)
    _audit(unit, command, None, variables)
    execution = restore(unit, row)
    rows = known(execution.waiting())
    with executing(unit.instance_id):
        execution.set_variables(variables, command.removals)
    created = save(unit, execution, rows)
    return Result(instance_id=unit.instance_id, business_key=unit.business_key, state=unit.state, created=created)


def set_task_variables(session: Session, command: SetTaskVariables) -> Result:
    """Variables visible at the task are replaced and removed.

    Raises TaskNotFound, TaskAlreadyCompleted, TaskCancelled, InstanceNotActive, BadVariables.
    """
    variables = checked(command.variables)
    unit, row = lock_task(session, command.task_id, command.actor, with_state=True)
    _audit(unit, command, command.task_id, variables)
    execution = restore(unit, row)
    rows = known(execution.waiting())
    with executing(unit.instance_id):
        execution.set_task_variables(command.task_id, variables, command.removals, local=command.local)
    created = save(unit, execution, rows)
    local = next(task.local_variables for task in execution.waiting().tasks if task.task_id == command.task_id)
    changed = update(user_task).where(user_task.c.id == command.task_id).values(local_variables=dict(local))
    unit.connection.execute(changed)
    return Result(instance_id=unit.instance_id, business_key=unit.business_key, state=unit.state, created=created)


def _audit(
    unit: Unit, command: SetVariables | SetTaskVariables, task_id: str | None, variables: dict[str, Any]
) -> None:
    removed = sorted(command.removals)
    facts = {"variables": variables, "removed": removed, "reason": command.reason}
    audit(unit.session, command, unit.instance_id, task_id or unit.business_key, facts)
    unit.record("variables_set", None, task_id, {**variables, **dict.fromkeys(removed)})
