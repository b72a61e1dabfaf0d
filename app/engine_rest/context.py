"""What every resource needs: the blueprint, the caller's view of the tables, and one way to say "unknown"."""

from __future__ import annotations

from typing import Any

from flask import Blueprint
from sqlalchemy import Row

import engine
from app import db
from app.business_objects import objects
from app.engine_rest import queries
from app.engine_rest.errors import Missing, answer
from app.errors import FieldErrors, NotVisible
from app.security import current
from app.visibility import require_task
from engine.tables import incident, job, process_definition, process_instance, user_task

blueprint = Blueprint("engine_rest", __name__, url_prefix="/engine-rest")
blueprint.register_error_handler(FieldErrors, answer)
blueprint.register_error_handler(engine.EngineError, answer)


def visible_definition(definition_id: str) -> Row[Any]:
    """A definition by id. Raises :class:`Missing`."""
    statement = queries.definitions(current(), {})
    row = queries.one(db.session(), statement, process_definition.c.id, definition_id)
    if row is None:
        raise Missing(f"No matching definition with id {definition_id[:100]}")
    return row


def visible_definition_by_key(key: str) -> Row[Any]:
    """The newest active definition of a key. Raises :class:`Missing`."""
    asked = {"key": key, "active": True}
    statement = queries.definitions(current(), asked).order_by(process_definition.c.version.desc()).limit(1)
    row = db.session().execute(statement).one_or_none()
    if row is None:
        raise Missing(f"No matching process definition with key: {key[:100]} and no tenant-id")
    return row


def visible_instance(instance_id: str) -> Row[Any]:
    """A running instance by id. Raises :class:`Missing`."""
    statement = queries.instances(current(), objects(), {})
    row = queries.one(db.session(), statement, process_instance.c.id, instance_id)
    if row is None:
        raise Missing(f"Process instance with id {instance_id[:100]} does not exist")
    return row


def visible_task(task_id: str) -> Row[Any]:
    """An open task by id. Raises :class:`Missing`."""
    row = queries.one(db.session(), queries.tasks(current(), objects(), {}), user_task.c.id, task_id)
    if row is None:
        raise Missing(f"No matching task with id {task_id[:100]}")
    return row


def known_task(task_id: str) -> engine.TaskRow:
    """A task the caller sees, open or over: what is over is a conflict, not unknown."""
    try:
        return require_task(db.session(), current(), objects(), task_id)
    except NotVisible:
        raise Missing(f"Cannot find task with id {task_id[:100]}: task is null") from None


def visible_job(job_id: str) -> Row[Any]:
    """An unfinished job by id. Raises :class:`Missing`."""
    number, session = number_of(job_id), db.session()
    statement = queries.jobs(session, current(), objects(), {})
    row = None if number is None else queries.one(session, statement, job.c.id, number)
    if row is None:
        raise Missing(f"Job with id {job_id[:100]} does not exist")
    return row


def number_of(text: str) -> int | None:
    """An id of the ledger from an address, None for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def visible_incident(incident_id: str) -> Row[Any]:
    """An open incident by id. Raises :class:`Missing`."""
    number = number_of(incident_id)
    statement = queries.incidents(current(), objects(), {}, open_only=True)
    row = None if number is None else queries.one(db.session(), statement, incident.c.id, number)
    if row is None:
        raise Missing(f"No matching incident with id {incident_id[:100]}")
    return row


def visible_external_task(task_id: str) -> Row[Any]:
    """An external task that is not over. Raises :class:`Missing`."""
    number = number_of(task_id)
    session = db.session()
    row = None if number is None else queries.one(session, queries.external_tasks(session, {}), job.c.id, number)
    if row is None:
        raise Missing(f"External task with id {task_id[:100]} does not exist")
    return row
