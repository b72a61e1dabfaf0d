"""Completing a task with what was filled in: one path for page, REST and test run, so the rules hold everywhere.

Every function asks visibility first (:class:`NotVisible`), then permission, then the engine.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

import engine
from app import files, formkit
from app.accounts.in_forms import with_departments
from app.business_objects import BusinessObjects, FormContext
from app.errors import NotAllowedHere
from app.security import Principal
from app.visibility import require_task
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
    return TaskForm(task, with_departments(session, document) if document else None, context)


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
