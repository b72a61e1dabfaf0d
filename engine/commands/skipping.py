"""Service tasks that are skipped: what failed counts as done without having been done."""

from __future__ import annotations

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from engine.commands.audit import audit
from engine.commands.incidents import resolve_of_job
from engine.commands.model import Result
from engine.commands.projection import known
from engine.commands.repair_model import SkipStep
from engine.commands.saving import save
from engine.commands.unit import executing, lock_instance, restore
from engine.commands.values import checked
from engine.errors import JobNotRunnable, NotFound
from engine.model import IncidentState, JobKind, JobState
from engine.queries.jobs import job as find_job
from engine.rows import JobRow
from engine.store.rows import JOB, job_row
from engine.store.tables import incident
from engine.store.tables import job as jb

STOPPED = (JobState.FAILED, JobState.RETRYABLE)


def skip(session: Session, command: SkipStep) -> Result:
    """The step is behind the instance as if it had been done with these variables: its output parameters are read, the
    conditions behind it choose, its compensation is armed. Its job is cancelled and the incident is closed.

    Raises NotFound if the incident is not open, JobNotRunnable when what failed is no service task or is tried at
    this moment, InstanceNotActive, BadVariables, and ExecutionFailed when the instance can't go on from there.
    """
    variables = checked(command.variables)
    found = _failed(session, command.incident_id)
    unit, row = lock_instance(session, str(found.instance_id), command.actor)
    job = job_row(session.connection().execute(select(*JOB).where(jb.c.id == found.id).with_for_update()).one())
    if job.state not in STOPPED:
        raise JobNotRunnable(job_id=job.id, state=job.state.value)
    execution = restore(unit, row)
    rows = known(execution.waiting())
    removed = sorted(command.removals)
    given = {**variables, **dict.fromkeys(removed)}
    facts = {"node_id": job.node_id, "variables": variables, "removed": removed, "reason": command.reason}
    audit(session, command, unit.instance_id, str(command.incident_id), facts)
    unit.record("step_skipped", job.node_id, job.task_id, {"reason": command.reason})
    if given:
        unit.record("variables_set", None, job.task_id, given)
    with executing(unit.instance_id):
        if given:
            execution.set_variables(variables, command.removals)
        if job.task_id not in {service.task_id for service in execution.waiting().services}:
            raise JobNotRunnable(job_id=job.id, state="none")  # a condition at its edge has just ended it
        execution.finish_service(str(job.task_id), variables)
    created = save(unit, execution, rows)
    _close(session, command, job.id)
    return Result(
        instance_id=unit.instance_id, business_key=unit.business_key, state=unit.state, job_id=job.id, created=created
    )


def _failed(session: Session, incident_id: int) -> JobRow:
    """The service task an open incident is about."""
    query = select(incident.c.job_id).where(incident.c.id == incident_id, incident.c.state == IncidentState.OPEN)
    row = session.execute(query).first()
    if row is None:
        raise NotFound(incident_id=incident_id)
    job = None if row.job_id is None else find_job(session, row.job_id)
    if job is None or job.kind is not JobKind.SERVICE_TASK or job.instance_id is None:
        raise JobNotRunnable(job_id=row.job_id, incident_id=incident_id, state="none")
    return job


def _close(session: Session, command: SkipStep, job_id: int) -> None:
    if command.reason:
        kept = update(incident).where(incident.c.id == command.incident_id).values(annotation=command.reason)
        session.execute(kept)
    resolve_of_job(session, job_id, command.actor)
