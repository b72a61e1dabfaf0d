"""How a survey ends: enough have answered, everybody was called, or its process was cancelled."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

import engine
from app.surveys import queries, service

CLOSE = "survey.close"


def close(session: Session, call: engine.ServiceCall) -> Mapping[str, Any] | None:
    """Service task of processes/survey_calls.bpmn."""
    service.close(session, str(call.business_key), call.at)
    return None


def on_event(session: Session, event: engine.Event) -> None:
    """Engine listener: a cancelled process closes its survey."""
    if event.process_key != queries.PROCESS_KEY or not isinstance(event, engine.InstanceEnded):
        return
    if event.state == engine.InstanceState.CANCELLED and event.business_key:
        service.close(session, event.business_key, event.at)
