"""Giving a task to somebody else: the one way for the inbox, the control room and programs."""

from __future__ import annotations

from flask_babel import gettext as _
from sqlalchemy.orm import Session

import engine
from app.accounts import queries as accounts
from app.business_objects import BusinessObjects
from app.completing import lock_task
from app.errors import FieldErrors, NotAllowedHere
from app.security import Principal, policy
from app.visibility import require_task


def may_reassign(session: Session, principal: Principal, task: engine.TaskRow) -> bool:
    """Whether this person supervises whoever has the task or the groups it is offered to."""
    return task.is_open and policy.may(session, principal, "task.reassign", task)


def people_for(session: Session, task: engine.TaskRow) -> tuple[str, ...]:
    """Logins a supervisor may give the task to: its candidates who are not excluded, without the one who has it; for a
    task without candidates the colleagues of its assignee."""
    logins = set(accounts.users_in_groups(session, task.candidate_groups)) | set(task.candidate_users)
    if not logins and task.assignee:
        department = accounts.department_of(session, task.assignee)
        logins = {user.login for user in accounts.users(session) if user.department_key == department}
    return tuple(sorted(logins - set(task.excluded_users) - {task.assignee or ""}))


def reassign(
    session: Session, principal: Principal, objects: BusinessObjects, task_id: str, assignee: str, reason: str
) -> engine.TaskRow:
    """A supervisor gives the task to ``assignee``, one of :func:`people_for`, and says why."""
    task = lock_task(session, require_task(session, principal, objects, task_id))
    if not may_reassign(session, principal, task):
        raise NotAllowedHere("task.reassign")
    errors = {}
    if assignee not in people_for(session, task):
        errors["assignee"] = [_("Choose one of the people who may do this task.")]
    if not reason.strip():
        errors["reason"] = [_("Say why.")]
    if errors:
        raise FieldErrors(errors)
    command = engine.AssignTask(task_id=task.id, assignee=assignee, reason=reason.strip()[:500], actor=principal.login)
    engine.execute(session, command)
    return engine.queries.task(session, task.id)
