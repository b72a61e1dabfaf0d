"""Incidents that are mended: variables are corrected and what failed is tried again, in one commit."""

from __future__ import annotations

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from engine.commands import instances, jobs
from engine.commands.audit import audit
from engine.commands.model import Result, RetryJob, SetVariables
from engine.commands.repair_model import RecordRefusal, RetryIncident
from engine.errors import JobNotRunnable, NotFound
from engine.model import IncidentState
from engine.store.tables import incident, process_instance


def retry(session: Session, command: RetryIncident) -> Result:
    """What failed is due now with corrected variables, and the incident is closed.

    Raises NotFound if the incident is not open, JobNotRunnable when no job failed (then a person does again what
    failed), and what setting variables raises.
    """
    found = select(incident.c.job_id, incident.c.instance_id).where(incident.c.id == command.incident_id)
    row = session.execute(found.where(incident.c.state == IncidentState.OPEN)).first()
    if row is None:
        raise NotFound(incident_id=command.incident_id)
    if row.job_id is None:
        raise JobNotRunnable(job_id=None, incident_id=command.incident_id, state="none")
    if row.instance_id and (command.variables or command.removals):
        changes = SetVariables(
            instance_id=row.instance_id,
            variables=command.variables,
            removals=command.removals,
            reason=command.reason,
            actor=command.actor,
        )
        instances.set_variables(session, changes)
    again = RetryJob(job_id=row.job_id, retries=command.retries, reason=command.reason, actor=command.actor)
    result = jobs.retry(session, again)
    return Result(instance_id=row.instance_id, job_id=result.job_id)


def record_refusal(session: Session, command: RecordRefusal) -> Result:
    """The audit log has it, in the chain of the instance if there is one of that id."""
    known = select(exists().where(process_instance.c.id == command.instance_id))
    instance_id = command.instance_id if command.instance_id and session.scalar(known) else None
    audit(session, command, instance_id, command.asked[:200], {"permission": command.permission})
    return Result(instance_id=instance_id)
