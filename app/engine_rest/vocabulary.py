"""The filters and sorts of each resource, in Camunda's names."""

from __future__ import annotations

from typing import Any

from flask import current_app
from sqlalchemy import ColumnElement, and_, exists, func, literal, not_, or_, select, true

import engine
from app import db
from app.engine_rest import filters as f
from app.engine_rest.filters import Condition, Vocabulary
from app.engine_rest.values import BadValue, parse_moment
from engine.tables import incident, job, process_definition, process_instance, user_task, user_task_candidate

OPEN = tuple(engine.OPEN_TASKS)
RUNNING = (engine.InstanceState.ACTIVE, engine.InstanceState.SUSPENDED)
LISTED_JOBS = (
    engine.JobKind.TIMER,
    engine.JobKind.DEADLINE,
    engine.JobKind.SERVICE_TASK,
    engine.JobKind.MESSAGE,
    engine.JobKind.CALL,
)
TIMERS = (engine.JobKind.TIMER, engine.JobKind.DEADLINE)


def zone() -> str:
    """The business time zone, for moments without an offset."""
    return str(current_app.extensions["keliu.settings"].zone)


# Tasks: rows of user_task joined to process_instance


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


def _definition_name(value: Any) -> ColumnElement[bool]:
    named = select(process_definition.c.id).where(process_definition.c.name == f.text_of(value))
    return user_task.c.definition_id.in_(named)


def _moments(prefix: str, column: ColumnElement[Any], exact: str) -> dict[str, Condition]:
    return {
        exact: f.at(column, "exactly", zone),
        f"{prefix}Before": f.at(column, "before", zone),
        f"{prefix}After": f.at(column, "after", zone),
    }


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
        "processDefinitionName": _definition_name,
        "executionId": f.equals(user_task.c.instance_id),
        "taskDefinitionKey": f.equals(user_task.c.node_id),
        "taskDefinitionKeyIn": f.one_of(user_task.c.node_id),
        "taskDefinitionKeyLike": f.like(user_task.c.node_id),
        "assignee": f.equals(user_task.c.assignee),
        "assigneeIn": f.one_of(user_task.c.assignee),
        "assigneeLike": f.like(user_task.c.assignee),
        "assigned": f.when_true(lambda: user_task.c.assignee.is_not(None)),
        "unassigned": f.when_true(lambda: user_task.c.assignee.is_(None)),
        "candidateGroup": _offered_to("group", several=False),
        "candidateGroups": _offered_to("group", several=True),
        "candidateUser": _candidate_user,
        "involvedUser": _involved_user,
        "withCandidateGroups": f.when_true(lambda: _has_candidates("group")),
        "withoutCandidateGroups": f.when_true(lambda: not_(_has_candidates("group"))),
        "withCandidateUsers": f.when_true(lambda: _has_candidates("user")),
        "withoutCandidateUsers": f.when_true(lambda: not_(_has_candidates("user"))),
        "name": f.equals(user_task.c.name),
        "nameLike": f.like_ignoring_case(user_task.c.name),
        "priority": f.whole(lambda number: user_task.c.priority == number),
        "minPriority": f.whole(lambda number: user_task.c.priority >= number),
        "maxPriority": f.whole(lambda number: user_task.c.priority <= number),
        **_moments("due", user_task.c.due_at, "dueDate"),
        **_moments("followUp", user_task.c.follow_up_at, "followUpDate"),
        **_moments("created", user_task.c.created_at, "createdOn"),
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
    },
    key=user_task.c.id,
    usual=user_task.c.created_at,  # ix_user_task_state_created_at
    ignored=frozenset({"includeAssignedTasks"}),
)

# Process definitions


def _latest() -> ColumnElement[bool]:
    newer = process_definition.alias("newer")
    later = exists().where(newer.c.key == process_definition.c.key, newer.c.version > process_definition.c.version)
    return not_(later)


DEFINITION = Vocabulary(
    filters={
        "processDefinitionId": f.equals(process_definition.c.id),
        "processDefinitionIdIn": f.one_of(process_definition.c.id),
        "key": f.equals(process_definition.c.key),
        "keysIn": f.one_of(process_definition.c.key),
        "keyLike": f.like(process_definition.c.key),
        "name": f.equals(process_definition.c.name),
        "nameLike": f.like_ignoring_case(process_definition.c.name),
        "deploymentId": f.equals(process_definition.c.deployment_id),
        "resourceName": f.equals(process_definition.c.resource),
        "resourceNameLike": f.like(process_definition.c.resource),
        "version": f.whole(lambda number: process_definition.c.version == number),
        "latestVersion": f.when_true(_latest),
        "active": f.when_true(lambda: process_definition.c.state == "active"),
        "suspended": f.when_true(lambda: process_definition.c.state == "suspended"),
        "withoutTenantId": f.when_true(true),
        "startableInTasklist": f.when_true(true),
    },
    sorts={
        "key": process_definition.c.key,
        "id": process_definition.c.id,
        "name": process_definition.c.name,
        "version": process_definition.c.version,
        "deploymentId": process_definition.c.deployment_id,
        "deployTime": process_definition.c.deployed_at,
    },
    key=process_definition.c.id,
)

# Process instances: only those that run, as in Camunda


def _with_incident() -> ColumnElement[bool]:
    return exists().where(
        incident.c.instance_id == process_instance.c.id, incident.c.state == engine.IncidentState.OPEN
    )


def _at_activity(value: Any) -> ColumnElement[bool]:
    waiting = select(user_task.c.instance_id).where(
        user_task.c.node_id.in_(f.list_of(value)), user_task.c.state.in_(OPEN)
    )
    return process_instance.c.id.in_(waiting)


INSTANCE = Vocabulary(
    filters={
        "processInstanceIds": f.one_of(process_instance.c.id),
        "processInstanceId": f.equals(process_instance.c.id),
        "businessKey": f.equals(process_instance.c.business_key),
        "businessKeyLike": f.like(process_instance.c.business_key),
        "processDefinitionId": f.equals(process_instance.c.definition_id),
        "processDefinitionKey": f.equals(process_instance.c.definition_key),
        "processDefinitionKeyIn": f.one_of(process_instance.c.definition_key),
        "processDefinitionKeyNotIn": lambda value: process_instance.c.definition_key.not_in(f.list_of(value)),
        "superProcessInstance": f.equals(process_instance.c.parent_instance_id),
        "rootProcessInstances": f.when_true(lambda: process_instance.c.parent_instance_id.is_(None)),
        "active": f.when_true(lambda: process_instance.c.state == engine.InstanceState.ACTIVE),
        "suspended": f.when_true(lambda: process_instance.c.state == engine.InstanceState.SUSPENDED),
        "withIncident": f.when_true(_with_incident),
        "activityIdIn": _at_activity,
        "withoutTenantId": f.when_true(true),
    },
    sorts={
        "instanceId": process_instance.c.id,
        "definitionKey": process_instance.c.definition_key,
        "definitionId": process_instance.c.definition_id,
        "businessKey": process_instance.c.business_key,
    },
    key=process_instance.c.id,
)

# Jobs: those not finished, joined to process_instance


def _due(value: Any) -> ColumnElement[bool]:
    """``gt_2026-01-01T00:00:00`` and ``lt_…``, several with commas."""
    parts = f.list_of(value)
    found = []
    for part in parts:
        compare, _, text = part.partition("_")
        if compare not in ("gt", "lt"):
            raise BadValue("gt_<date> or lt_<date> expected")
        given = parse_moment(text, zone())
        found.append(job.c.due_at > given if compare == "gt" else job.c.due_at < given)
    return and_(true(), *found)


def _now() -> ColumnElement[Any]:
    return literal(engine.now(db.session()), type_=job.c.due_at.type)


JOB = Vocabulary(
    filters={
        "jobId": f.whole(lambda number: job.c.id == number),
        "jobIds": lambda value: job.c.id.in_([int(one) for one in f.list_of(value) if one.isdigit() and len(one) < 19]),
        "processInstanceId": f.equals(job.c.instance_id),
        "processInstanceIds": f.one_of(job.c.instance_id),
        "executionId": f.equals(job.c.instance_id),
        "processDefinitionId": f.equals(process_instance.c.definition_id),
        "processDefinitionKey": f.equals(process_instance.c.definition_key),
        "activityId": f.equals(job.c.node_id),
        "failedActivityId": lambda value: and_(job.c.node_id == f.text_of(value), job.c.last_error.is_not(None)),
        "timers": f.when_true(lambda: job.c.kind.in_(TIMERS)),
        "messages": f.when_true(lambda: job.c.kind.not_in(TIMERS)),
        "dueDates": _due,
        "dueBefore": f.at(job.c.due_at, "before", zone),
        "dueAfter": f.at(job.c.due_at, "after", zone),
        "executable": f.when_true(lambda: and_(job.c.due_at <= _now(), job.c.state != engine.JobState.FAILED)),
        "withRetriesLeft": f.when_true(lambda: job.c.attempts < job.c.max_attempts),
        "noRetriesLeft": f.when_true(lambda: job.c.attempts >= job.c.max_attempts),
        "withException": f.when_true(lambda: job.c.last_error.is_not(None)),
        "active": f.when_true(lambda: process_instance.c.state == engine.InstanceState.ACTIVE),
        "suspended": f.when_true(lambda: process_instance.c.state == engine.InstanceState.SUSPENDED),
    },
    sorts={
        "jobId": job.c.id,
        "executionId": job.c.instance_id,
        "processInstanceId": job.c.instance_id,
        "processDefinitionId": process_instance.c.definition_id,
        "processDefinitionKey": process_instance.c.definition_key,
        "jobPriority": job.c.priority,
        "jobRetries": job.c.max_attempts - job.c.attempts,
        "jobDueDate": job.c.due_at,
    },
    key=job.c.id,
    usual=job.c.due_at,  # ix_job_state_due_at
)
