"""Taking running instances to another version of their process."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

from sqlalchemy import ColumnElement, and_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from engine.commands.audit import audit
from engine.commands.model import Result
from engine.commands.modification import restore_for_repair
from engine.commands.projection import job_key, known
from engine.commands.repair_model import MigrateInstance
from engine.commands.saving import save
from engine.commands.suspension import NOT_ENDED
from engine.commands.unit import Unit, executing, lock_instance, program
from engine.commands.values import checked
from engine.errors import BusinessKeyTaken, DefinitionNotFound, DeploymentRefused, PlanRefused
from engine.model import OPEN_TASKS, Finding, IncidentState, JobState, Waiting
from engine.queries.definitions import definition
from engine.spiff import Places, RepairExecution, load_program
from engine.spiff import check as check_places
from engine.spiff import generate as generate_places
from engine.store import statements as sql
from engine.store.tables import incident as inc
from engine.store.tables import job as jb
from engine.store.tables import process_instance as pi
from engine.store.tables import subscription as sub
from engine.store.tables import user_task as ut


def generate_plan(session: Session, source_definition_id: str, target_definition_id: str) -> dict[str, str]:
    """A mapping of every node to the one of the same id, kind and place in the target. Raises DefinitionNotFound."""
    old, new = _places(session, source_definition_id), _places(session, target_definition_id)
    return generate_places(old, new)


def foresee_plan(
    session: Session, source_definition_id: str, process_key: str, files: Mapping[str, bytes]
) -> dict[str, str]:
    """What :func:`generate_plan` would say if ``files`` were deployed. Raises DefinitionNotFound, and DeploymentRefused
    for files that draw no such process; whether they can be deployed at all says :func:`engine.check_files`."""
    parts = {("dmn", name): content for name, content in files.items() if name.endswith(".dmn")}
    drawn = (files[name] for name in sorted(files) if name.endswith(".bpmn"))
    for content in drawn:
        with suppress(DeploymentRefused):
            wanted = load_program(process_key, "", content, parts)
            return generate_places(_places(session, source_definition_id), Places(wanted))
    raise DeploymentRefused((Finding("error", "no_process", "", process_key, None),))


def check_plan(
    session: Session, source_definition_id: str, target_definition_id: str, mapping: Mapping[str, str]
) -> tuple[Finding, ...]:
    """What is wrong with a mapping, per node; empty when it can be used. Raises DefinitionNotFound."""
    old, new = _places(session, source_definition_id), _places(session, target_definition_id)
    return check_places(old, new, mapping)


def _places(session: Session, definition_id: str) -> Places:
    definition(session, definition_id)
    return Places(program(session, definition_id))


def migrate(session: Session, command: MigrateInstance) -> Result:
    """The instance runs in the other version: its tasks have kept their ids and people and have the new forms.

    What waits where nothing is mapped refuses. Called instances keep their versions. A suspended instance stays
    suspended. Raises InstanceNotFound, InstanceNotActive, DefinitionNotFound, PlanRefused with findings,
    BusinessKeyTaken, BadVariables, ExecutionFailed.
    """
    variables = checked(command.variables)
    unit, row = lock_instance(session, command.instance_id, command.actor, states=NOT_ENDED)
    origin = unit.definition_id
    if command.source_definition_id not in (None, origin):
        raise DefinitionNotFound(definition_id=command.source_definition_id, instance_id=unit.instance_id)
    mapping = _mapping(session, command, origin)
    facts = {"from": origin, "to": command.target_definition_id, "mapping": mapping, "reason": command.reason}
    audit(session, command, unit.instance_id, unit.business_key, facts)
    before = restore_for_repair(unit, row).waiting()
    unit.record("instance_migrated", changes=facts)
    programs = (program(session, origin), program(session, command.target_definition_id))
    _write_definition(unit, command.target_definition_id)
    with executing(unit.instance_id):
        execution = RepairExecution.migrate(
            programs, unit.execution_context(), row["i_blob"], mapping, command.update_timers
        )
        if variables:
            execution.set_variables(variables)
    waiting = execution.waiting()
    unit.write(sql.DELETE_ALL_VARIABLES, [{"b_instance": unit.instance_id}])
    _rename(unit, mapping, waiting)
    _move_timers(unit, before, waiting)
    created = save(unit, execution, known(before))
    return Result(instance_id=unit.instance_id, business_key=unit.business_key, state=unit.state, created=created)


def _mapping(session: Session, command: MigrateInstance, origin: str) -> dict[str, str]:
    """The mapping of the command, or a generated one. Raises PlanRefused."""
    if command.mapping is None:
        return generate_plan(session, origin, command.target_definition_id)
    findings = check_plan(session, origin, command.target_definition_id, command.mapping)
    if findings:
        raise PlanRefused(findings)
    return dict(command.mapping)


def _write_definition(unit: Unit, target: str) -> None:
    found = definition(unit.session, target)
    unit.definition_id, unit.process_key = found.id, found.key
    values = {"definition_id": found.id, "definition_key": found.key}
    try:
        unit.connection.execute(update(pi).where(pi.c.id == unit.instance_id).values(values))
    except IntegrityError as error:  # another process, in which the business key is taken
        raise BusinessKeyTaken(business_key=unit.business_key) from error


def _rename(unit: Unit, mapping: Mapping[str, str], waiting: Waiting) -> None:
    """The rows that stay say where they stand now."""
    connection = unit.connection
    mine = and_(ut.c.instance_id == unit.instance_id, ut.c.state.in_(OPEN_TASKS))
    same = {"definition_id": unit.definition_id, "definition_key": unit.process_key}
    connection.execute(update(ut).where(mine).values(same))
    for task in waiting.tasks:
        values = {"node_id": task.node_id, "name": task.name, "form_key": task.form_key}
        connection.execute(update(ut).where(ut.c.id == task.task_id, mine).values(values))
    for subscription in waiting.subscriptions:
        connection.execute(
            update(sub)
            .where(sub.c.task_id == subscription.task_id, sub.c.name == subscription.name)
            .values(node_id=subscription.node_id)
        )
    moved = {source: target for source, target in mapping.items() if source != target}
    if moved:
        _rename_jobs(unit, moved)


def _move_timers(unit: Unit, before: Waiting, after: Waiting) -> None:
    """A timer that was computed anew is the same job at another moment."""
    moments = {(timer.task_id, timer.key): timer.due_at for timer in before.timers}
    for timer in after.timers:
        was = moments.get((timer.task_id, timer.key))
        if was in (None, timer.due_at):
            continue
        state = JobState.SCHEDULED if timer.due_at > unit.at else JobState.AVAILABLE
        payload = {"key": timer.key, "late": 0, "explanation": dict(timer.explanation)}
        values = {"due_at": timer.due_at, "state": state.value, "payload": payload}
        mine = (jb.c.instance_id == unit.instance_id, jb.c.dedupe_key == job_key(timer), jb.c.ended_at.is_(None))
        unit.connection.execute(update(jb).where(*mine).values(values))
        unit.runtime.bell.ring(unit.session, None, timer.due_at)


def _rename_jobs(unit: Unit, moved: Mapping[str, str]) -> None:
    """All at once by what they are called before, so that two nodes may change places."""
    jobs: ColumnElement[bool] = and_(jb.c.instance_id == unit.instance_id, jb.c.node_id.in_(moved))
    found = unit.connection.execute(select(jb.c.id, jb.c.node_id).where(jobs, jb.c.ended_at.is_(None))).all()
    for row in found:
        unit.connection.execute(update(jb).where(jb.c.id == row.id).values(node_id=moved[row.node_id]))
    open_ones = and_(inc.c.instance_id == unit.instance_id, inc.c.state == IncidentState.OPEN.value)
    incidents = unit.connection.execute(select(inc.c.id, inc.c.node_id).where(open_ones, inc.c.node_id.in_(moved)))
    for row in incidents.all():
        unit.connection.execute(update(inc).where(inc.c.id == row.id).values(node_id=moved[row.node_id]))
