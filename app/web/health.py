"""Is the process alive, and can it serve?"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from flask import Blueprint, Flask, current_app, jsonify
from flask.typing import ResponseReturnValue
from sqlalchemy import func, select, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

import app.db as db
import engine
from app.security import public
from engine import tables

if TYPE_CHECKING:
    from config import Settings

blueprint = Blueprint("health", __name__)
REVISION = "keliu.revision"
"""Extension: the newest revision of the database that this program knows."""
READY = (engine.JobState.SCHEDULED, engine.JobState.AVAILABLE, engine.JobState.RETRYABLE)
LATE_SECONDS = 120.0
SKEW_SECONDS = 5.0


def install(app: Flask, _settings: Settings) -> None:
    """Add the routes."""
    app.register_blueprint(blueprint)


@blueprint.get("/healthz")
@public
def healthz() -> ResponseReturnValue:
    """The process answers. Asks nothing of the database: restarting us would not mend that."""
    return jsonify(status="ok")


@blueprint.get("/readyz")
@public
def readyz() -> ResponseReturnValue:
    """The database answers and has our tables as they are now; 503 otherwise: a balancer sends people elsewhere.

    ``warnings`` name what people should look at although pages are served: no worker takes due jobs, or the clocks of
    this machine and of the database differ.
    """
    session = db.session()
    try:
        revision = session.scalar(text("SELECT version_num FROM alembic_version"))
        warnings = _warnings(session)
    except SQLAlchemyError:
        return _unavailable("database")
    if revision != current_app.extensions.get(REVISION, revision):
        return _unavailable("migrations")
    return jsonify(status="ready", warnings=warnings)


def _unavailable(reason: str) -> ResponseReturnValue:
    return jsonify(status="unavailable", reason=reason), 503, {"Retry-After": "5"}


def _warnings(session: Session) -> list[str]:
    found = []
    if late_jobs(session) > LATE_SECONDS:
        found.append("workers")
    if session.get_bind().dialect.name == "postgresql" and _skew(session) > SKEW_SECONDS:
        found.append("clock")
    return found


def late_jobs(session: Session) -> float:
    """Seconds for which the oldest due job has waited for a worker; 0 when none waits (ix_job_state_due_at)."""
    job, now = tables.job.c, engine.now(session)
    oldest = [session.scalar(select(func.min(job.due_at)).where(job.state == state)) for state in READY]
    waited: list[float] = [(now - due).total_seconds() for due in oldest if due is not None]
    return max(0.0, *waited) if waited else 0.0


def _skew(session: Session) -> float:
    there = session.scalar(select(func.clock_timestamp(type_=engine.UtcDateTime)))
    assert there is not None
    skew: timedelta = there - engine.SystemClock().now()
    return abs(skew.total_seconds())
