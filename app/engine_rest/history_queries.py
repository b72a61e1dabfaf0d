"""Rows of the past that the caller may see: by the same rules as what runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Select, select

from app.business_objects import BusinessObjects
from app.engine_rest import filters, history_vocabulary
from app.engine_rest.history_vocabulary import ACTIVITY_ROW
from app.security import Principal
from app.visibility import sees_instance, sees_task
from engine.tables import process_definition, process_instance, user_task

Asked = Mapping[str, Any]

INSTANCE_COLUMNS = (
    *(column for column in process_instance.c if column.name not in ("blob", "codec", "variables")),
    process_definition.c.name.label("definition_name"),
    process_definition.c.version.label("definition_version"),
)
OF_INSTANCE = (process_instance.c.definition_id, process_instance.c.definition_key)


def instances(principal: Principal, objects: BusinessObjects, asked: Asked) -> Select[Any]:
    """Instances that run or have ended."""
    return (
        select(*INSTANCE_COLUMNS)
        .join(process_definition, process_definition.c.id == process_instance.c.definition_id)
        .where(sees_instance(principal, objects), *filters.conditions(history_vocabulary.INSTANCE, asked))
    )


def tasks(principal: Principal, objects: BusinessObjects, asked: Asked) -> Select[Any]:
    """User tasks that are open or over."""
    return (
        select(*user_task.c)
        .join(process_instance, process_instance.c.id == user_task.c.instance_id)
        .where(sees_task(principal, objects), *filters.conditions(history_vocabulary.TASK, asked))
    )


def activities(principal: Principal, objects: BusinessObjects, asked: Asked) -> Select[Any]:
    """Nodes that were passed, and user tasks."""
    return (
        select(*ACTIVITY_ROW.c, *OF_INSTANCE, process_definition.c.nodes)
        .join(process_instance, process_instance.c.id == ACTIVITY_ROW.c.instance_id)
        .join(process_definition, process_definition.c.id == process_instance.c.definition_id)
        .where(sees_instance(principal, objects), *filters.conditions(history_vocabulary.ACTIVITY, asked))
    )


def variables(principal: Principal, objects: BusinessObjects, asked: Asked) -> Select[Any]:
    """The instances whose variables are asked for."""
    columns = (process_instance.c.id, *OF_INSTANCE, process_instance.c.variables, process_instance.c.started_at)
    conditions = filters.conditions(history_vocabulary.INSTANCE, asked)
    return select(*columns).where(sees_instance(principal, objects), *conditions)
