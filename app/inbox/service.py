"""Working on tasks. Page, ``/api/v1`` and ``/engine-rest`` all come through here, so the rules hold everywhere.

Every function asks visibility first (:class:`NotVisible`), then permission, then the engine.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

import engine
from app import files, formkit
from app.accounts import queries as accounts
from app.business_objects import BusinessObjects, FormContext
from app.errors import FieldErrors, NotAllowedHere
from app.inbox import drafts, presentation, seen
from app.visibility import require_task
from app.security import Principal, policy
from engine.tables import process_instance

log = structlog.get_logger("keliu.tasks")


@dataclass(frozen=True, slots=True)
class TaskForm:
    """A task's form as this person sees it. ``document`` is None for a task without a form."""

    task: engine.TaskRow
    document: formkit.FormDocument | None
    context: FormContext


@dataclass(frozen=True, slots=True)
class Completed:
    """A task was completed by this request."""

    task: engine.TaskRow
    result: engine.Result


def form_of(session: Session, principal: Principal, objects: BusinessObjects, task: engine.TaskRow) -> TaskForm:
    """The form of ``task`` with its prefill and limits (draft not included), for somebody found to see it."""
    document = formkit.load(session, task.definition_id, task.form_key) if task.form_key else None
    found = objects.get(task.definition_key)
    context = found.context(session, task, principal) if found and document else FormContext()
    return TaskForm(task, document, context)


def complete_task(
    session: Session,
    principal: Principal,
    objects: BusinessObjects,
    task_id: str,
    payload: Mapping[str, Any],
    *,
    source: str,
) -> Completed:
    """Complete a task with what was filled in: the one path for page and REST.

    In this order: visible → lock → still open → may work on it → form bound → business rows → engine. The draft goes
    with the task. ``payload`` holds the form's fields as JSON values; without a form they become process variables.
    ``source`` (page, api, engine_rest) is for the log. Raises :class:`FieldErrors` with every refused field,
    an :class:`engine.Conflict` when somebody was faster, :class:`NotAllowedHere` or :class:`engine.NotAllowed`.
    """
    task = lock_task(session, require_task(session, principal, objects, task_id))
    require_worker(principal, task)
    form = form_of(session, principal, objects, task)
    variables = dict(payload) if form.document is None else _filled(session, principal, objects, form, payload)
    command = engine.CompleteTask(task_id=task.id, variables=variables, actor=principal.login, groups=principal.groups)
    result = engine.execute(session, command)
    log.info("task_completed", task_id=task.id, node_id=task.node_id, actor=principal.login, source=source)
    return Completed(task, result)


def _filled(
    session: Session, principal: Principal, objects: BusinessObjects, form: TaskForm, payload: Mapping[str, Any]
) -> dict[str, Any]:
    """Bind the form and write the business rows; the process variables that follow."""
    assert form.document is not None
    context, found = form.context, objects.get(form.task.definition_key)
    bound = formkit.bind(
        form.document,
        payload,
        overrides=context.overrides,
        groups=principal.groups,
        facts={**context.values, **context.facts},
    )
    if form.task.business_key is not None:
        attached = formkit.files_in(form.document, bound.values)
        owner = {"process_key": form.task.definition_key, "business_key": form.task.business_key}
        files.attach(session, principal, attached, **owner)
    extra = found.complete(session, form.task, principal, bound) if found else {}
    return {**bound.variables, **extra}


def lock_task(session: Session, found: engine.TaskRow) -> engine.TaskRow:
    """Lock the task's instance and read the task again; raises the conflict if it is no longer open.

    On SQLite the transaction holds the write lock already; there FOR UPDATE says nothing.
    """
    lock = select(process_instance.c.id).where(process_instance.c.id == found.instance_id).with_for_update()
    session.execute(lock)
    task = engine.queries.task(session, found.id)
    if task.state is engine.TaskState.COMPLETED:
        raise engine.TaskAlreadyCompleted(task_id=task.id, completed_by=task.ended_by, completed_at=task.ended_at)
    if task.state is engine.TaskState.CANCELLED:
        raise engine.TaskCancelled(task_id=task.id)
    return task


def is_candidate(principal: Principal, task: engine.TaskRow) -> bool:
    """Whether the task is offered to this person, by group or name, and the person is not excluded."""
    if principal.login in task.excluded_users:
        return False
    return principal.login in task.candidate_users or not principal.groups.isdisjoint(task.candidate_groups)


def may_work(principal: Principal, task: engine.TaskRow) -> bool:
    """Whether this person may complete the open task as it is: assignee, or a candidate of an unassigned one."""
    if not (task.is_open and principal.has("task.work")) or principal.login in task.excluded_users:
        return False
    return task.assignee == principal.login or (task.assignee is None and is_candidate(principal, task))


def require_worker(principal: Principal, task: engine.TaskRow) -> None:
    """Raise unless :func:`may_work`; an assigned task names who has it."""
    if not principal.has("task.work"):
        raise NotAllowedHere("task.work")
    if may_work(principal, task):
        return
    if task.assignee not in (None, principal.login) and is_candidate(principal, task):
        raise engine.TaskAlreadyClaimed(task_id=task.id, assignee=task.assignee)
    raise engine.NotAllowed(task_id=task.id, actor=principal.login)


def claim(session: Session, principal: Principal, objects: BusinessObjects, task_id: str) -> engine.TaskRow:
    """The principal takes a task; taking one's own again changes nothing. Raises who was faster."""
    task = lock_task(session, require_task(session, principal, objects, task_id))
    require_worker(principal, task)
    if task.assignee is None:
        command = engine.ClaimTask(task_id=task.id, groups=principal.groups, actor=principal.login)
        engine.execute(session, command)
    seen.mark(session, task.id, principal.login)
    return engine.queries.task(session, task.id)


def release(session: Session, principal: Principal, objects: BusinessObjects, task_id: str) -> engine.TaskRow:
    """Give a task back to its candidates: its assignee, or somebody who may reassign it. Releasing a free task
    changes nothing."""
    task = lock_task(session, require_task(session, principal, objects, task_id))
    own = task.assignee == principal.login
    override = not own and may_reassign(session, principal, task)
    if not own and not override:
        raise engine.NotAllowed(task_id=task.id, actor=principal.login)
    if task.assignee is not None:
        engine.execute(session, engine.ReleaseTask(task_id=task.id, actor=principal.login, override=override))
    return engine.queries.task(session, task.id)


def mark_seen(session: Session, principal: Principal, objects: BusinessObjects, task_id: str) -> None:
    """The principal has opened the page of the task. Raises :class:`NotVisible`."""
    task = require_task(session, principal, objects, task_id)
    if task.is_open:
        seen.mark(session, task.id, principal.login)


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


def save_draft(
    session: Session, principal: Principal, objects: BusinessObjects, task_id: str, payload: Mapping[str, Any]
) -> drafts.Draft:
    """Keep what the person typed into the task's form; values of fields that person may not fill in are dropped."""
    task = lock_task(session, require_task(session, principal, objects, task_id))
    require_worker(principal, task)
    seen.mark(session, task.id, principal.login)
    allowed = fillable(form_of(session, principal, objects, task), principal)
    return drafts.save(session, task.id, principal.login, {k: v for k, v in payload.items() if k in allowed})


def fillable(form: TaskForm, principal: Principal) -> frozenset[str]:
    """Names of the fields this person sees and may fill in."""
    if form.document is None:
        return frozenset()
    shown = form.document.represent(form.context.values, form.context.overrides, principal.groups)
    return frozenset(field["name"] for field in shown["fields"] if not field["readonly"])


@dataclass(frozen=True, slots=True)
class Startable:
    """A process a person may start. ``url`` leads to its form; without one it is started at once."""

    key: str
    name: str
    version: int
    deployed_at: datetime
    url: str | None


def startable(session: Session, principal: Principal, objects: BusinessObjects) -> list[Startable]:
    """The newest versions of the processes this person may start by hand, by key."""
    found = []
    for row in engine.queries.definitions(session, latest_only=True):
        known = objects.get(row.key)
        url = known.start_url(principal) if known is not None else None
        if row.state == "active" and (known is None or url is not None):
            name = presentation.process_name(session, row.id)
            found.append(Startable(row.key, name, row.version, row.deployed_at, url))
    return found
