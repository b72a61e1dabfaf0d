"""Test runs nobody came back to are forgotten."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

import engine
from app.sandbox import service
from app.sandbox.models import Sandbox

WORK = service.FORGETTING


def forget_old(session: Session, work: engine.WorkCall) -> None:
    """Delete what was not touched for :data:`app.sandbox.service.LIFETIME`; look again tomorrow while there are any."""
    service.forget(session, Sandbox.updated_at < work.at - service.LIFETIME)
    if session.scalars(select(Sandbox.id).limit(1)).first() is not None:
        service.look_again(session)
