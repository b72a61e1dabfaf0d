"""Working on tasks. Page, ``/api/v1`` and ``/engine-rest`` all come through here, so the rules hold everywhere.

Every function asks visibility first (:class:`NotVisible`), then permission, then the engine.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

import engine
from app.assigning import may_reassign, people_for, reassign
from app.business_objects import BusinessObjects
from app.completing import (
    Completed,
    TaskForm,
    complete_task,
    form_of,
    is_candidate,
    lock_task,
    may_work,
    require_worker,
)
from app.formkit import drafts
from app.inbox import seen
from app.process_names import process_name
from app.security import Principal
from app.visibility import require_task

__all__ = [
    "Completed",
    "Startable",
    "TaskForm",
    "claim",
    "complete_task",
    "fillable",
    "form_of",
    "is_candidate",
    "lock_task",
    "mark_seen",
    "may_reassign",
    "may_work",
    "people_for",
    "reassign",
    "release",
    "require_worker",
    "save_draft",
    "startable",
]


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
    """Give a task back to its candidates, a delegated one to who delegated it: its assignee, or somebody who may
    reassign it. Releasing a free task changes nothing."""
    task = lock_task(session, require_task(session, principal, objects, task_id))
    own = task.assignee == principal.login
    override = not own and may_reassign(session, principal, task)
    if not own and not override:
        raise engine.NotAllowed(task_id=task.id, actor=principal.login)
    if own and task.delegation == engine.Delegation.PENDING:
        engine.execute(session, engine.ResolveTask(task_id=task.id, actor=principal.login))
    elif task.assignee is not None:
        engine.execute(session, engine.ReleaseTask(task_id=task.id, actor=principal.login, override=override))
    return engine.queries.task(session, task.id)


def mark_seen(session: Session, principal: Principal, objects: BusinessObjects, task_id: str) -> None:
    """The principal has opened the page of the task. Raises :class:`NotVisible`."""
    task = require_task(session, principal, objects, task_id)
    if task.is_open:
        seen.mark(session, task.id, principal.login)


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
            name = process_name(session, row.id)
            found.append(Startable(row.key, name, row.version, row.deployed_at, url))
    return found
