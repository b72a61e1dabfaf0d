"""The clock of a task: how its deadline came about, and pausing it for a reason."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from sqlalchemy.orm import Session

import engine
from app.business_objects import BusinessObjects
from app.calendars import explanation
from app.errors import FieldErrors, NotAllowedHere
from app.inbox import service
from app.security import Principal
from app.visibility import require_task

MOST = 500
LAST_YEAR = 2099


def may_pause(session: Session, principal: Principal, task: engine.TaskRow) -> bool:
    """Whether this person may stop and start the task's clock: who has it, or a supervisor of that person."""
    if not task.is_open:
        return False
    own = task.assignee == principal.login and principal.has("task.work")
    return own or service.may_reassign(session, principal, task)


def pause(
    session: Session, principal: Principal, objects: BusinessObjects, task_id: str, reason: str, until: str
) -> engine.TaskRow:
    """The clock stands still until the moment ``until`` (local time as a browser or ISO 8601 writes it; empty: until
    somebody lets it run). Raises :class:`FieldErrors`, :class:`NotAllowedHere`."""
    task = _locked(session, principal, objects, task_id)
    errors: dict[str, list[str]] = {}
    found = explanation.of_task(session, task)
    if not reason.strip():
        errors["pause_reason"] = [_("Say why.")]
    until_at = _moment(session, until, errors)
    if found is not None and found.paused is not None:
        errors[""] = [_("The clock of this task stands still already.")]
    elif task.due_at is None:
        errors[""] = [_("This task has no deadline.")]
    if errors:
        raise FieldErrors(errors)
    command = engine.PauseTask(task_id=task.id, reason=reason.strip()[:MOST], until_at=until_at, actor=principal.login)
    engine.execute(session, command)
    return engine.queries.task(session, task.id)


def go_on(session: Session, principal: Principal, objects: BusinessObjects, task_id: str) -> engine.TaskRow:
    """The clock runs again; of a running clock nothing changes."""
    task = _locked(session, principal, objects, task_id)
    found = explanation.of_task(session, task)
    if found is not None and found.paused is not None:
        engine.execute(session, engine.ContinueTask(task_id=task.id, actor=principal.login))
    return engine.queries.task(session, task.id)


def _locked(session: Session, principal: Principal, objects: BusinessObjects, task_id: str) -> engine.TaskRow:
    task = service.lock_task(session, require_task(session, principal, objects, task_id))
    if not may_pause(session, principal, task):
        raise NotAllowedHere("task.reassign")
    return task


def _moment(session: Session, text: str, errors: dict[str, list[str]]) -> datetime | None:
    if not text.strip():
        return None
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        errors["pause_until"] = [_("Write a date and a time, or leave it empty.")]
        return None
    moment = found if found.tzinfo else found.replace(tzinfo=ZoneInfo(engine.runtime(session).zone))
    if moment <= engine.now(session) or moment.year > LAST_YEAR:
        errors["pause_until"] = [_("Choose a moment that is still to come.")]
    return moment
