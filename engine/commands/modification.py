"""Moving tokens of a running instance."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from engine.commands.audit import audit
from engine.commands.codec import to_json
from engine.commands.ending import cancel_instance, tell_caller
from engine.commands.model import Result
from engine.commands.projection import known
from engine.commands.repair_model import ModifyInstance
from engine.commands.saving import save
from engine.commands.suspension import NOT_ENDED
from engine.commands.unit import Locked, Unit, executing, lock_instance, program
from engine.errors import PlanRefused, StateUnreadable
from engine.model import Finding
from engine.spiff import CODEC, RepairExecution

KINDS = frozenset({"cancel", "start_before", "start_after", "start_transition"})


def modify(session: Session, command: ModifyInstance) -> Result:
    """The tokens are where they were ordered to be, and the instance has gone on from there.

    What was cancelled is cancelled with its timers, messages and called instances, in the same commit. A suspended
    instance stays suspended. Raises InstanceNotFound, InstanceNotActive, PlanRefused with findings, BadVariables,
    ExecutionFailed.
    """
    if not command.instructions or any(order.kind not in KINDS for order in command.instructions):
        raise PlanRefused((Finding("error", "move_no_order", "", None, None, {}),))
    unit, row = lock_instance(session, command.instance_id, command.actor, states=NOT_ENDED)
    orders: dict[str, Any] = {"instructions": to_json(command)["instructions"], "reason": command.reason}
    audit(session, command, unit.instance_id, unit.business_key, orders)
    execution = restore_for_repair(unit, row)
    rows = known(execution.waiting())
    unit.record("instance_modified", changes=orders)
    with executing(unit.instance_id):
        left = execution.modify(command.instructions)
    if not left:
        cancel_instance(unit, command.reason)
        tell_caller(unit, "cancelled", command.reason)
        return _result(unit)
    return _result(unit, created=save(unit, execution, rows))


def restore_for_repair(unit: Unit, row: Locked) -> RepairExecution:
    """The workflow as it was saved. Raises StateUnreadable."""
    if row["i_codec"] != CODEC:
        raise StateUnreadable(instance_id=unit.instance_id, codec=row["i_codec"])
    with executing(unit.instance_id):
        return RepairExecution.restore(
            program(unit.session, unit.definition_id), unit.execution_context(), row["i_blob"]
        )


def _result(unit: Unit, **more: Any) -> Result:
    return Result(instance_id=unit.instance_id, business_key=unit.business_key, state=unit.state, **more)
