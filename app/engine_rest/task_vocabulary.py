"""The filters and sorts of open tasks (``user_task`` joined to ``process_instance``), in Camunda's names."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, exists, func, not_, or_, select, true

import engine
from app import db
from app.engine_rest import filters as f
from app.engine_rest.filters import Condition, Plain, Vocabulary
from app.engine_rest.values import BadValue, parse_moment
from app.engine_rest.variable_filters import variables
from app.engine_rest.vocabulary import zone
from engine.tables import process_definition, process_instance, user_task, user_task_candidate


def _candidate(kind: str, names: list[str]) -> ColumnElement[bool]:
    offered = select(user_task_candidate.c.task_id).where(
        user_task_candidate.c.kind == kind, user_task_candidate.c.name.in_(names)
    )
    return user_task.c.id.in_(offered)


def _offered_to(kind: str, several: bool) -> Condition:
    """Camunda lists a candidate's tasks only while nobody has them."""

    def build(value: Any) -> ColumnElement[bool]:
        names = f.list_of(value) if several else [f.text_of(value)]
        return _candidate(kind, names)

    return build


def _candidate_user(value: Any) -> ColumnElement[bool]:
    login = f.text_of(value)
    return or_(_candidate("user", [login]), _candidate("group", sorted(_groups_of(login))))


def _involved_user(value: Any) -> ColumnElement[bool]:
    login = f.text_of(value)
    return or_(user_task.c.assignee == login, _candidate("user", [login]))


def _groups_of(login: str) -> frozenset[str]:
    from app.accounts import queries as accounts

    return accounts.groups_of(db.session(), login)


def _has_candidates(kind: str) -> ColumnElement[bool]:
    return exists().where(user_task_candidate.c.task_id == user_task.c.id, user_task_candidate.c.kind == kind)


def _offered_to_groups_like(value: Any) -> ColumnElement[bool]:
    candidate = user_task_candidate.c
    like = candidate.name.like(f.pattern(value))
    return user_task.c.id.in_(select(candidate.task_id).where(candidate.kind == "group", like))


def _definition_named(condition: Plain) -> Condition:
    return lambda value: user_task.c.definition_id.in_(select(process_definition.c.id).where(condition(value)))


def _delegation(value: Any) -> ColumnElement[bool]:
    if value not in ("PENDING", "RESOLVED"):
        raise BadValue("PENDING or RESOLVED expected")
    return user_task.c.delegation == str(value).lower()


def _moments(prefix: str, column: ColumnElement[Any], exact: str) -> dict[str, Condition]:
    return {
        exact: f.at(column, "exactly", zone),
        f"{prefix}Before": f.at(column, "before", zone),
        f"{prefix}After": f.at(column, "after", zone),
    }


LAST_CHANGED = func.coalesce(user_task.c.claimed_at, user_task.c.created_at, type_=user_task.c.created_at.type)
SHOWN_WITH = ("withCommentAttachmentInfo", "withTaskVariablesInReturn", "withTaskLocalVariablesInReturn")
"""What is told about each task besides."""
CANDIDATE_FILTERS = frozenset({"candidateGroup", "candidateGroups", "candidateUser", "candidateGroupLike"})

TASK = Vocabulary(
    filters={
        "taskId": f.equals(user_task.c.id),
        "taskIdIn": f.one_of(user_task.c.id),
        "processInstanceId": f.equals(user_task.c.instance_id),
        "processInstanceIdIn": f.one_of(user_task.c.instance_id),
        "processInstanceBusinessKey": f.equals(user_task.c.business_key),
        "processInstanceBusinessKeyIn": f.one_of(user_task.c.business_key),
        "processInstanceBusinessKeyLike": f.like(user_task.c.business_key),
        "processDefinitionId": f.equals(user_task.c.definition_id),
        "processDefinitionKey": f.equals(user_task.c.definition_key),
        "processDefinitionKeyIn": f.one_of(user_task.c.definition_key),
        "processDefinitionName": _definition_named(lambda value: process_definition.c.name == f.text_of(value)),
        "processDefinitionNameLike": _definition_named(f.like_ignoring_case(process_definition.c.name)),
        "executionId": f.equals(user_task.c.instance_id),
        "taskDefinitionKey": f.equals(user_task.c.node_id),
        "taskDefinitionKeyIn": f.one_of(user_task.c.node_id),
        "taskDefinitionKeyLike": f.like(user_task.c.node_id),
        "taskDefinitionKeyNotIn": f.none_of(user_task.c.node_id),
        "assignee": f.equals(user_task.c.assignee),
        "assigneeIn": f.one_of(user_task.c.assignee),
        "assigneeLike": f.like(user_task.c.assignee),
        "assigneeNotIn": f.none_of(user_task.c.assignee),
        "owner": f.equals(user_task.c.owner),
        "delegationState": _delegation,
        "description": f.equals(user_task.c.description),
        "descriptionLike": f.like_ignoring_case(user_task.c.description),
        "activityInstanceIdIn": f.one_of(user_task.c.id),
        "assigned": f.when_true(lambda: user_task.c.assignee.is_not(None)),
        "unassigned": f.when_true(lambda: user_task.c.assignee.is_(None)),
        "candidateGroup": _offered_to("group", several=False),
        "candidateGroups": _offered_to("group", several=True),
        "candidateGroupLike": _offered_to_groups_like,
        "candidateUser": _candidate_user,
        "involvedUser": _involved_user,
        "withCandidateGroups": f.when_true(lambda: _has_candidates("group")),
        "withoutCandidateGroups": f.when_true(lambda: not_(_has_candidates("group"))),
        "withCandidateUsers": f.when_true(lambda: _has_candidates("user")),
        "withoutCandidateUsers": f.when_true(lambda: not_(_has_candidates("user"))),
        "name": f.equals(user_task.c.name),
        "nameLike": f.like_ignoring_case(user_task.c.name),
        "nameNotEqual": f.unlike(f.equals(user_task.c.name)),
        "nameNotLike": f.unlike(f.like_ignoring_case(user_task.c.name)),
        "priority": f.whole(lambda number: user_task.c.priority == number),
        "minPriority": f.whole(lambda number: user_task.c.priority >= number),
        "maxPriority": f.whole(lambda number: user_task.c.priority <= number),
        **_moments("due", user_task.c.due_at, "dueDate"),
        **_moments("followUp", user_task.c.follow_up_at, "followUpDate"),
        **_moments("created", user_task.c.created_at, "createdOn"),
        "followUpBeforeOrNotExistent": lambda value: or_(
            user_task.c.follow_up_at.is_(None), user_task.c.follow_up_at < parse_moment(value, zone())
        ),
        "updatedAfter": f.at(LAST_CHANGED, "after", zone),
        "processVariables": variables(process_instance.c.variables, process_instance.c.definition_id),
        "taskVariables": variables(user_task.c.local_variables, process_instance.c.definition_id),
        "withoutTenantId": f.when_true(true),
        "withoutDueDate": f.when_true(lambda: user_task.c.due_at.is_(None)),
        "active": f.when_true(lambda: process_instance.c.state == engine.InstanceState.ACTIVE),
        "suspended": f.when_true(lambda: process_instance.c.state == engine.InstanceState.SUSPENDED),
    },
    sorts={
        "created": user_task.c.created_at,
        "dueDate": user_task.c.due_at,
        "followUpDate": user_task.c.follow_up_at,
        "name": user_task.c.name,
        "nameCaseInsensitive": func.lower(user_task.c.name),
        "priority": user_task.c.priority,
        "assignee": user_task.c.assignee,
        "id": user_task.c.id,
        "instanceId": user_task.c.instance_id,
        "executionId": user_task.c.instance_id,
        "taskDefinitionKey": user_task.c.node_id,
        "lastUpdated": LAST_CHANGED,
        "description": user_task.c.description,
    },
    key=user_task.c.id,
    usual=user_task.c.created_at,  # ix_user_task_state_created_at
    ignored=frozenset({"includeAssignedTasks", *SHOWN_WITH}),
    offers=CANDIDATE_FILTERS,
    free=user_task.c.assignee.is_(None),
    nested=True,
)
