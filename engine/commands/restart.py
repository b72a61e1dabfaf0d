"""Starting again what has ended."""

from __future__ import annotations

from typing import Any, cast

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from engine.commands.audit import audit
from engine.commands.codec import to_json
from engine.commands.model import Result, StartProcess
from engine.commands.repair_model import RestartInstance
from engine.commands.start import start_definition
from engine.commands.unit import Unit
from engine.errors import InstanceNotEnded
from engine.model import InstanceState
from engine.queries.definitions import definition, latest_definition
from engine.queries.instances import instance
from engine.rows import InstanceRow
from engine.store.tables import history_event as he
from engine.store.tables import process_definition as pd

ENDED = (InstanceState.COMPLETED, InstanceState.CANCELLED)


def restart(session: Session, command: RestartInstance) -> Result:
    """A new instance runs; its history and the audit log name the one it comes from, which stays as it was.

    Raises InstanceNotFound, InstanceNotEnded, DefinitionNotFound, BusinessKeyTaken when an active instance has the
    business key by now, PlanRefused, BadVariables, ExecutionFailed.
    """
    origin = instance(session, command.instance_id)
    if origin.state not in ENDED:
        raise InstanceNotEnded(instance_id=origin.id, state=origin.state.value)
    wanted = latest_definition(session, origin.definition_key) if command.latest else None
    target = wanted or definition(session, origin.definition_id)
    row = session.execute(select(pd.c.id, pd.c.key).where(pd.c.id == target.id)).one()
    key = None if command.without_business_key else origin.business_key
    begin = StartProcess(
        actor=command.actor,
        definition_id=target.id,
        business_key=command.business_key or key,
        title=origin.title,
        variables={**_variables(session, origin, command), **command.variables},
    )
    facts: dict[str, Any] = {"origin": origin.id, "reason": command.reason}

    def say(unit: Unit) -> None:
        unit.record("instance_restarted", changes=facts)

    result = start_definition(session, cast(Row[Any], row), begin, instructions=tuple(command.instructions), before=say)
    more = {"definition_id": target.id, "instructions": to_json(command)["instructions"]}
    audit(session, command, result.instance_id, origin.id, {**facts, **more})
    return result


def _variables(session: Session, origin: InstanceRow, command: RestartInstance) -> dict[str, Any]:
    if not command.initial_variables:
        return dict(origin.variables)
    first = select(he.c.changes).where(he.c.instance_id == origin.id, he.c.kind == "instance_started")
    found = session.execute(first.order_by(he.c.id).limit(1)).scalar()
    return dict(found or {})
