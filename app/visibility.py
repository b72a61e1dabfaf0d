"""Which tasks and instances a person sees, as SQL conditions.

A task is seen by those it is or was assigned to, its candidates, and those who see its business object; an instance by
those who started it, those who see a task of it or its business object, those who repair or cancel instances, and those
who supervise the whole company.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import ColumnElement, CompoundSelect, and_, exists, false, func, or_, select, true, union
from sqlalchemy.orm import Session

import engine
from app.business_objects import BusinessObjects
from app.errors import NotVisible
from app.security import Principal, policy, scope
from engine.tables import asked_each, process_definition, process_instance, user_task

REPAIR = ("job.execute", "instance.cancel", "instance.repair")
"""Who may repair an instance must find it."""
SAMPLE = 200
"""So many of the latest instances say whether somebody sees many of them."""


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


def sees_every_instance(principal: Principal) -> bool:
    """Whether there is no instance this person does not see."""
    return principal.supervises_all or any(principal.has(permission) for permission in REPAIR)


def sees_instance(
    principal: Principal, objects: BusinessObjects, *, one_by_one: bool | None = None
) -> ColumnElement[bool]:
    """Condition on ``process_instance``. Of somebody with many tasks it is asked instance by instance, so that a page
    needs no list of all that person may see; ``one_by_one`` says so where it is known better."""
    if sees_every_instance(principal):
        return true()
    if not principal.few_offers if one_by_one is None else one_by_one:
        return or_(*_seen_one_by_one(principal, objects))
    return process_instance.c.id.in_(_seen(principal, objects))


def sees_listed(session: Session, principal: Principal, objects: BusinessObjects) -> ColumnElement[bool]:
    """The same for lists, asked in the way that is faster for this person: of who sees a tenth of the latest instances
    or more it is asked instance by instance, for a page is soon full; the few of others are looked up first."""
    row = process_instance.c
    seen = sees_instance(principal, objects, one_by_one=True)
    if sees_every_instance(principal) or not principal.few_offers:
        return seen
    latest = select(row.id).order_by(row.started_at.desc(), row.id.desc()).limit(SAMPLE).subquery()
    some = select(row.id).where(row.id.in_(select(latest.c.id)), seen).limit(SAMPLE // 10).subquery()
    many = (session.scalar(select(func.count()).select_from(some)) or 0) >= SAMPLE // 10
    return seen if many else sees_instance(principal, objects, one_by_one=False)


def _seen_one_by_one(principal: Principal, objects: BusinessObjects) -> Iterator[ColumnElement[bool]]:
    """ix_user_task_instance_id, and the primary key of each business object"""
    instance = process_instance.c
    if principal.has("task.work"):
        yield instance.started_by == principal.login
        yield asked_each(select(user_task.c.id).where(user_task.c.instance_id == instance.id, concerns(principal)))
    yield false()
    for found in objects:
        keys = found.visible_keys(principal, by_tasks=False, one_by_one=True)
        mine = keys.where(next(iter(keys.selected_columns)) == instance.business_key)
        yield and_(instance.definition_key == found.process_key, asked_each(mine.correlate(process_instance)))


def _seen(principal: Principal, objects: BusinessObjects) -> CompoundSelect[str]:
    """Ids of all that the person sees (ix_process_instance_started_by_started_at, ix_user_task_assignee_state_due_at,
    ix_user_task_ended_by_state_ended_at, ix_process_instance_business_key)."""
    instance, login = process_instance.alias(), principal.login
    found = [select(instance.c.id).where(false())]
    if principal.has("task.work"):
        found.append(select(instance.c.id).where(instance.c.started_by == login))
        found += [
            select(user_task.c.instance_id).where(column == login)
            for column in (user_task.c.assignee, user_task.c.ended_by)
        ]
        found.append(select(user_task.c.instance_id).where(scope.offered(principal)))
    for one in objects:
        keys = one.visible_keys(principal, by_tasks=False)
        mine = (instance.c.definition_key == one.process_key, instance.c.business_key.in_(keys))
        found.append(select(instance.c.id).where(*mine))
    return union(*found)


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
    condition = sees_instance(principal, objects, one_by_one=True)
    statement = select(process_instance.c.id).where(process_instance.c.id == instance_id, condition)
    if session.execute(statement).scalar_one_or_none() is None:
        raise NotVisible()
    return engine.queries.instance(session, instance_id)
