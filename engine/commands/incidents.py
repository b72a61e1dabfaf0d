"""Incidents: what failed, with its command, kept in a transaction of its own."""

from __future__ import annotations

import traceback

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from engine.commands.audit import audit
from engine.commands.codec import to_json
from engine.commands.model import Command, ResolveIncident, Result
from engine.commands.task_model import AnnotateIncident
from engine.context import now, runtime
from engine.errors import EngineError, NotFound
from engine.events import IncidentRaised
from engine.model import IncidentState
from engine.store.tables import incident, process_instance

DETAIL = 8_000
"""Characters of a traceback that are kept."""


def open_incident(
    session: Session,
    kind: str,
    error: BaseException,
    *,
    command: Command | None,
    instance_id: str | None,
    job_id: int | None = None,
    node_id: str | None = None,
    detail: str | None = None,
) -> int:
    """Keep an incident and tell the listeners. Returns its id. ``detail`` is the traceback unless it is given."""
    at = now(session)
    message = str(error) or type(error).__name__
    detail = detail or "".join(traceback.format_exception(error))[-DETAIL:]
    values = {
        "instance_id": instance_id,
        "job_id": job_id,
        "node_id": node_id,
        "kind": kind,
        "command": None if command is None else to_json(command),
        "message": message,
        "detail": detail,
        "state": IncidentState.OPEN,
        "created_at": at,
    }
    incident_id = int(session.execute(insert(incident).values(values).returning(incident.c.id)).scalar_one())
    _tell(session, incident_id, kind, message, command, instance_id, node_id)
    return incident_id


def _tell(
    session: Session,
    incident_id: int,
    kind: str,
    message: str,
    command: Command | None,
    instance_id: str | None,
    node_id: str | None,
) -> None:
    found = select(process_instance.c.business_key, process_instance.c.definition_key)
    row = session.execute(found.where(process_instance.c.id == instance_id)).first() if instance_id else None
    event = IncidentRaised(
        at=now(session),
        actor=command.actor if command else "system",
        instance_id=instance_id or "",
        business_key=row.business_key if row else None,
        process_key=row.definition_key if row else "",
        incident_id=incident_id,
        kind=kind,
        node_id=node_id,
        message=message,
    )
    for listener in runtime(session).listeners:
        listener(session, event)


def record_command_failure(session: Session, command: Command, error: BaseException) -> int:
    """Keep the command of a person or client that the engine could not carry out."""
    facts = error.facts if isinstance(error, EngineError) else {}
    instance_id = facts.get("instance_id") or getattr(command, "instance_id", None)
    return open_incident(
        session, "command", error, command=command, instance_id=instance_id, node_id=facts.get("node_id")
    )


def resolve_of_job(session: Session, job_id: int, actor: str) -> None:
    """The incidents of a job are closed: it is tried again, or is over."""
    session.connection().execute(
        update(incident)
        .where(incident.c.job_id == job_id, incident.c.state == IncidentState.OPEN.value)
        .values(state=IncidentState.RESOLVED.value, resolved_at=now(session), resolved_by=actor)
    )


def annotate(session: Session, command: AnnotateIncident) -> Result:
    """The note stands at the open incident. Raises NotFound."""
    statement = (
        update(incident)
        .where(incident.c.id == command.incident_id, incident.c.state == IncidentState.OPEN)
        .values(annotation=command.annotation)
        .returning(incident.c.instance_id)
    )
    row = session.execute(statement).first()
    if row is None:
        raise NotFound(incident_id=command.incident_id)
    audit(session, command, row.instance_id, str(command.incident_id), {"annotation": command.annotation})
    return Result(instance_id=row.instance_id)


def resolve(session: Session, command: ResolveIncident) -> Result:
    """Close an incident by hand. Raises NotFound if it is not open."""
    statement = (
        update(incident)
        .where(incident.c.id == command.incident_id, incident.c.state == IncidentState.OPEN)
        .values(state=IncidentState.RESOLVED, resolved_at=now(session), resolved_by=command.actor)
        .returning(incident.c.instance_id)
    )
    row = session.execute(statement).first()
    if row is None:
        raise NotFound(incident_id=command.incident_id)
    audit(session, command, row.instance_id, str(command.incident_id), {})
    return Result(instance_id=row.instance_id)
