"""Starting process instances."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import Row, Select, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from engine.commands.model import Result, StartProcess
from engine.commands.projection import NOTHING, created_row, insert_candidates, known, task_values
from engine.commands.saving import save
from engine.commands.unit import Unit, executing, program
from engine.commands.values import checked
from engine.context import runtime
from engine.errors import BusinessKeyTaken, DefinitionNotFound, TaskNotFound
from engine.events import InstanceStarted, TaskCompleted
from engine.model import InstanceState, Instruction, TaskState
from engine.rows import TaskRow
from engine.spiff import CODEC, Execution, RepairExecution
from engine.store import statements as sql
from engine.store.tables import process_definition as pd
from engine.store.tables import process_instance as pi


def start(session: Session, command: StartProcess) -> Result:
    """A new instance stands at its first stable point.

    Raises DefinitionNotFound, BusinessKeyTaken, BadVariables, TaskNotFound (no first task ``complete_task``),
    ExecutionFailed.
    """
    row = _definition(session, command)
    return start_definition(session, row, command)


def start_definition(
    session: Session,
    row: Row[Any],
    command: StartProcess,
    *,
    message: str | None = None,
    parent: tuple[str, str | None] | None = None,
    node_id: str | None = None,
    instructions: tuple[Instruction, ...] = (),
    before: Callable[[Unit], None] | None = None,
) -> Result:
    """Start a definition row (id, key), by ``message`` if the start event is a message's, at ``node_id``, or where the
    ``instructions`` say. ``before`` may write lines of history first.

    ``parent``: instance and task of the call activity that called it; no task when nobody waits for the end.
    """
    variables = checked(command.variables)
    first_variables = checked(command.complete_variables)
    unit = _unit(session, row, command)
    if parent is not None:
        unit.parent_instance_id, unit.parent_task_id = parent
    title = command.title[:300]
    _insert(unit, title, variables)
    unit.record("instance_started", changes=variables)
    if before is not None:
        before(unit)
    unit.events.append(InstanceStarted(**unit.facts(), title=title))
    definition = program(session, unit.definition_id)
    with executing(unit.instance_id):
        if instructions:
            context = unit.execution_context()
            execution: Execution = RepairExecution.start_at(definition, context, variables, instructions)
        else:
            execution = Execution.start(definition, unit.execution_context(), variables, message, node_id)
    rows = known(NOTHING)
    if command.complete_task is not None:
        _complete_first(unit, execution, command.complete_task, first_variables)
    created = save(unit, execution, rows)
    return Result(instance_id=unit.instance_id, business_key=unit.business_key, state=unit.state, created=created)


def _definition(session: Session, command: StartProcess) -> Row[Any]:
    query: Select[Any] = select(pd.c.id, pd.c.key)
    if command.definition_id is not None:
        row = session.execute(query.where(pd.c.id == command.definition_id)).first()
    else:
        latest = query.where(pd.c.key == command.process_key, pd.c.state == "active")
        row = session.execute(latest.order_by(pd.c.version.desc()).limit(1)).first()
    if row is None:
        raise DefinitionNotFound(process_key=command.process_key, definition_id=command.definition_id)
    return row


def _unit(session: Session, row: Row[Any], command: StartProcess) -> Unit:
    current = runtime(session)
    return Unit(
        session=session,
        connection=session.connection(),
        runtime=current,
        at=current.clock.now(),
        actor=command.actor,
        instance_id=str(uuid.uuid4()),
        definition_id=row.id,
        process_key=row.key,
        business_key=command.business_key,
        state=InstanceState.ACTIVE,
        version=0,
        started_by=command.actor,
    )


def _insert(unit: Unit, title: str, variables: Mapping[str, Any]) -> None:
    if unit.business_key is not None:
        taken = select(pi.c.id).where(
            pi.c.business_key == unit.business_key,
            pi.c.definition_key == unit.process_key,
            pi.c.state.in_([state.value for state in sql.NOT_ENDED]),
        )
        if unit.connection.execute(taken).first() is not None:
            raise BusinessKeyTaken(business_key=unit.business_key)
    values = {
        "id": unit.instance_id,
        "definition_id": unit.definition_id,
        "definition_key": unit.process_key,
        "business_key": unit.business_key,
        "title": title,
        "state": unit.state.value,
        "version": unit.version,
        "codec": CODEC,
        "variables": variables,
        "started_at": unit.at,
        "started_by": unit.actor,
        "updated_at": unit.at,
        "parent_instance_id": unit.parent_instance_id,
        "parent_task_id": unit.parent_task_id,
    }
    try:
        unit.connection.execute(sql.INSERT_INSTANCE, values)
    except IntegrityError as error:  # somebody else took the key since the look above
        raise BusinessKeyTaken(business_key=unit.business_key) from error


def _complete_first(unit: Unit, execution: Execution, node_id: str, variables: Mapping[str, Any]) -> TaskRow:
    """The start form is the first task's form: claim and complete it in the commit that starts the instance."""
    waiting = next((task for task in execution.waiting().tasks if task.node_id == node_id), None)
    if waiting is None:
        raise TaskNotFound(node_id=node_id, instance_id=unit.instance_id)
    values = {
        **task_values(unit, waiting),
        "state": TaskState.COMPLETED.value,
        "assignee": unit.actor,
        "claimed_at": unit.at,
        "ended_at": unit.at,
        "ended_by": unit.actor,
    }
    sql.INSERT_TASK.run(unit.connection, values)
    insert_candidates(unit, [waiting])
    unit.record("task_created", waiting.node_id, waiting.task_id)
    with executing(unit.instance_id):
        execution.complete(waiting.task_id, variables)
    done = replace(created_row(values, waiting), state=TaskState.COMPLETED)
    unit.events.append(TaskCompleted(**unit.facts(), task=done, variables=variables))
    return done
