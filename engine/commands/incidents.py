"""Incidents: what failed, with its command, kept in a transaction of its own."""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Row, insert, select, update
from sqlalchemy.orm import Session

from engine.commands.audit import audit
from engine.commands.causes import cause_of
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
    about = _instance(session, instance_id)
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
        "definition_id": about.definition_id if about else None,
        "cause": cause_of(kind, about.definition_key if about else None, node_id, message),
    }
    incident_id = int(session.execute(insert(incident).values(values).returning(incident.c.id)).scalar_one())
    _tell(session, incident_id, values, about, command.actor if command else "system")
    return incident_id


def _instance(session: Session, instance_id: str | None) -> Row[Any, Any, Any] | None:
    row = process_instance.c
    wanted = select(row.business_key, row.definition_key, row.definition_id).where(row.id == instance_id)
    return session.execute(wanted).first() if instance_id else None


def _tell(
    session: Session, incident_id: int, values: Mapping[str, Any], about: Row[Any, Any, Any] | None, actor: str
) -> None:
    event = IncidentRaised(
        at=values["created_at"],
        actor=actor,
        instance_id=values["instance_id"] or "",
        business_key=about.business_key if about else None,
        process_key=about.definition_key if about else "",
        incident_id=incident_id,
        kind=values["kind"],
        node_id=values["node_id"],
        message=values["message"],
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
    note = {"annotation": command.note} if command.note else {}
    statement = (
        update(incident)
        .where(incident.c.id == command.incident_id, incident.c.state == IncidentState.OPEN)
        .values(state=IncidentState.RESOLVED, resolved_at=now(session), resolved_by=command.actor, **note)
        .returning(incident.c.instance_id)
    )
    row = session.execute(statement).first()
    if row is None:
        raise NotFound(incident_id=command.incident_id)
    audit(session, command, row.instance_id, str(command.incident_id), {"reason": command.note} if note else {})
    return Result(instance_id=row.instance_id)
