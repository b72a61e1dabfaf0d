"""Which tasks and instances a person sees, as SQL conditions.

A task is seen by those it is or was assigned to, its candidates, and those who see its business object; an instance by
those who started it, those who see a task of it or its business object, and those who repair or cancel instances.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, exists, false, or_, select, true
from sqlalchemy.orm import Session

import engine
from app.business_objects import BusinessObjects
from app.errors import NotVisible
from app.security import Principal, policy, scope
from engine.tables import process_definition, process_instance, user_task

REPAIR = ("job.execute", "instance.cancel", "instance.repair")
"""Who may repair an instance must find it."""


def concerns(principal: Principal) -> ColumnElement[bool]:
    """Condition on ``user_task``: it is, was or may become the principal's. False without permission ``task.work``."""
    if not principal.has("task.work"):
        return false()
    login = principal.login
    return or_(user_task.c.assignee == login, user_task.c.ended_by == login, scope.offered(principal))


def sees_task(principal: Principal, objects: BusinessObjects) -> ColumnElement[bool]:
    """Condition on ``user_task``. Who has neither a task nor a business object sees nothing, administrators too."""
    by_object = [
        and_(
            user_task.c.definition_key == found.process_key,
            user_task.c.business_key.in_(found.visible_keys(principal)),
        )
        for found in objects
    ]
    return or_(concerns(principal), *by_object)


def sees_instance(principal: Principal, objects: BusinessObjects) -> ColumnElement[bool]:
    """Condition on ``process_instance``."""
    if any(principal.has(permission) for permission in REPAIR):
        return true()
    by_object = [
        and_(
            process_instance.c.definition_key == found.process_key,
            process_instance.c.business_key.in_(found.visible_keys(principal)),
        )
        for found in objects
    ]
    if not principal.has("task.work"):
        return or_(false(), *by_object)
    mine = exists().where(user_task.c.instance_id == process_instance.c.id, concerns(principal))
    return or_(process_instance.c.started_by == principal.login, mine, *by_object)


def sees_definition(principal: Principal) -> ColumnElement[bool]:
    """Condition on ``process_definition``: those who work on tasks, design or repair see what is deployed."""
    if any(principal.has(permission) for permission in ("task.work", "process.view", "process.deploy", *REPAIR)):
        return true()
    return process_definition.c.id.is_(None)


def require_task(session: Session, principal: Principal, objects: BusinessObjects, task_id: str) -> engine.TaskRow:
    """The task with its candidates. Raises :class:`NotVisible` when it does not exist for this person.

    Who may give the task to somebody else opens it too: a notice of an overdue task leads there.
    """
    condition = sees_task(principal, objects)
    found = session.execute(select(user_task.c.id).where(user_task.c.id == task_id, condition)).scalar_one_or_none()
    if found is None and not _supervises(session, principal, task_id):
        raise NotVisible()
    return engine.queries.task(session, task_id)


def _supervises(session: Session, principal: Principal, task_id: str) -> bool:
    known = session.scalar(select(exists().where(user_task.c.id == task_id)))
    return bool(known) and policy.may(session, principal, "task.reassign", task_id)


def require_instance(
    session: Session, principal: Principal, objects: BusinessObjects, instance_id: str
) -> engine.InstanceRow:
    """The instance. Raises :class:`NotVisible` when it does not exist for this person."""
    condition = sees_instance(principal, objects)
    statement = select(process_instance.c.id).where(process_instance.c.id == instance_id, condition)
    if session.execute(statement).scalar_one_or_none() is None:
        raise NotVisible()
    return engine.queries.instance(session, instance_id)
