"""Rows of each resource that the caller may see, filtered, sorted and paged by SQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Row, Select, and_, func, not_, or_, select, true
from sqlalchemy.orm import Session

import engine
from app.business_objects import BusinessObjects
from app.engine_rest import filters, history_vocabulary, task_vocabulary, vocabulary
from app.security import Principal
from app.visibility import sees_definition, sees_instance, sees_task
from engine.tables import deployment, incident, job, process_definition, process_instance, subscription, user_task

Asked = Mapping[str, Any]

TASK_COLUMNS = (*user_task.c, process_instance.c.state.label("instance_state"))
DEFINITION_COLUMNS = tuple(
    process_definition.c[name]
    for name in (
        *("id", "key", "name", "version", "resource", "deployment_id"),
        *("state", "nodes", "start_messages", "version_tag"),
    )
)
INSTANCE_COLUMNS = tuple(
    process_instance.c[name] for name in ("id", "definition_id", "definition_key", "business_key", "state")
)
JOB_COLUMNS = (
    *job.c,
    process_instance.c.definition_id,
    process_instance.c.definition_key,
    process_instance.c.state.label("instance_state"),
)


def tasks(principal: Principal, objects: BusinessObjects, asked: Asked) -> Select[Any]:
    """Open tasks. Asked for candidates, only those nobody has, unless ``includeAssignedTasks``."""
    return (
        select(*TASK_COLUMNS)
        .join(process_instance, process_instance.c.id == user_task.c.instance_id)
        .where(user_task.c.state.in_(vocabulary.OPEN), sees_task(principal, objects))
        .where(*filters.conditions(task_vocabulary.TASK, asked))
    )


def definitions(principal: Principal, asked: Asked) -> Select[Any]:
    """Deployed versions."""
    found = select(*DEFINITION_COLUMNS).where(sees_definition(principal))
    return found.where(*filters.conditions(vocabulary.DEFINITION, asked))


def instances(principal: Principal, objects: BusinessObjects, asked: Asked) -> Select[Any]:
    """Instances that run."""
    running = process_instance.c.state.in_(vocabulary.RUNNING)
    found = select(*INSTANCE_COLUMNS).where(running, sees_instance(principal, objects))
    return found.where(*filters.conditions(vocabulary.INSTANCE, asked))


def executions(principal: Principal, objects: BusinessObjects, asked: Asked) -> Select[Any]:
    """The same, each as its one execution."""
    return instances(principal, objects, {}).where(*filters.conditions(vocabulary.EXECUTION, asked))


def subscriptions(principal: Principal, objects: BusinessObjects, asked: Asked) -> Select[Any]:
    """The messages and signals that running instances wait for."""
    return (
        select(*subscription.c)
        .join(process_instance, process_instance.c.id == subscription.c.instance_id)
        .where(process_instance.c.state.in_(vocabulary.RUNNING), sees_instance(principal, objects))
        .where(*filters.conditions(vocabulary.EVENT_SUBSCRIPTION, asked))
    )


def jobs(session: Session, principal: Principal, objects: BusinessObjects, asked: Asked) -> Select[Any]:
    """Timers, deadlines, service tasks served here and messages of instances that are not done yet."""
    return (
        select(*JOB_COLUMNS)
        .join(process_instance, process_instance.c.id == job.c.instance_id)
        .where(job.c.kind.in_(vocabulary.LISTED_JOBS), _unfinished(), sees_instance(principal, objects))
        .where(not_(engine.queries.is_external(session)), *filters.conditions(vocabulary.JOB, asked))
    )


def external_tasks(session: Session, asked: Asked) -> Select[Any]:
    """Service tasks for workers outside. Who may work on them sees them all."""
    return (
        select(*JOB_COLUMNS, process_instance.c.business_key, process_definition.c.version_tag)
        .join(process_instance, process_instance.c.id == job.c.instance_id)
        .join(process_definition, process_definition.c.id == process_instance.c.definition_id)
        .where(engine.queries.is_external(session), _unfinished())
        .where(*filters.conditions(vocabulary.EXTERNAL_TASK, asked))
    )


def incidents(principal: Principal, objects: BusinessObjects, asked: Asked, *, open_only: bool = False) -> Select[Any]:
    """Incidents of instances; those of no instance are for who may repair."""
    of_none = process_instance.c.id.is_(None)
    of_seen = and_(not_(of_none), sees_instance(principal, objects))
    statement = (
        select(*incident.c, process_instance.c.definition_id, process_instance.c.definition_key)
        .outerjoin(process_instance, process_instance.c.id == incident.c.instance_id)
        .where(or_(of_seen, of_none) if principal.has("instance.repair") else of_seen)
        .where(*filters.conditions(history_vocabulary.INCIDENT, asked))
    )
    return statement.where(incident.c.state == engine.IncidentState.OPEN) if open_only else statement


def deployments(asked: Asked) -> Select[Any]:
    """Deployments, for those who may deploy."""
    return select(*deployment.c).where(*filters.conditions(history_vocabulary.DEPLOYMENT, asked))


def _unfinished() -> Any:
    return or_(job.c.state.in_(engine.UNFINISHED_JOBS), job.c.state == engine.JobState.FAILED)


def page(session: Session, words: filters.Vocabulary, asked: Asked, statement: Select[Any]) -> Sequence[Row[Any]]:
    """The rows of one page."""
    return session.execute(filters.paged(asked, filters.ordered(words, asked, statement))).all()


def count(session: Session, statement: Select[Any]) -> int:
    """How many rows there are in all."""
    return int(session.scalar(select(func.count()).select_from(statement.order_by(None).subquery())) or 0)


def one(session: Session, statement: Select[Any], key: Any, value: Any) -> Row[Any] | None:
    """The one row with that id, if the caller sees it."""
    return session.execute(statement.where(true(), key == value)).one_or_none()
