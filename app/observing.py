"""What the log says of the work behind a request: the instance it touched stands on its lines."""

from __future__ import annotations

import structlog
from flask import has_request_context
from sqlalchemy.orm import Session

import engine
from app.registries import Registries

log = structlog.get_logger("keliu.engine")


def register(registries: Registries) -> None:
    """Hear what the engine does."""
    registries.listeners.append(on_event)


def on_event(_session: Session, event: engine.Event) -> None:
    """From now on every line of this request names the instance and its process; nothing of the customer's. What jobs
    do is logged by the engine, line by line with its instance."""
    if has_request_context():
        structlog.contextvars.bind_contextvars(instance_id=event.instance_id, process=event.process_key)
    if isinstance(event, engine.IncidentRaised):
        log.warning(
            "incident",
            instance_id=event.instance_id,
            process=event.process_key,
            incident_id=event.incident_id,
            kind=event.kind,
            node=event.node_id,
        )
