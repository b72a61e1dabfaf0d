"""The filters and sorts of deployments, incidents and the past, in Camunda's names."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement, and_, case, literal, not_, or_, select, union_all

import engine
from app.engine_rest import filters as f
from app.engine_rest.filters import Condition, Plain, Vocabulary
from app.engine_rest.values import BadValue
from app.engine_rest.variable_filters import variables
from app.engine_rest.vocabulary import VARIABLES, waits_at, zone
from engine.tables import (
    deployment,
    history_event,
    incident,
    process_definition,
    process_instance,
    user_task,
    user_task_candidate,
)

ENDED = (engine.InstanceState.COMPLETED, engine.InstanceState.CANCELLED)


def _span(name: str, column: ColumnElement[Any]) -> dict[str, Condition]:
    return {f"{name}Before": f.at(column, "before", zone), f"{name}After": f.at(column, "after", zone)}


def _named(value: Any) -> ColumnElement[bool]:
    named = select(process_definition.c.id).where(process_definition.c.name == f.text_of(value))
    return process_instance.c.definition_id.in_(named)


def _definition_like(value: Any) -> ColumnElement[bool]:
    like = f.like_ignoring_case(process_definition.c.name)(value)
    return process_instance.c.definition_id.in_(select(process_definition.c.id).where(like))


def _incident(condition: Plain) -> Condition:
    return lambda value: process_instance.c.id.in_(select(incident.c.instance_id).where(condition(value)))


def _incident_status(value: Any) -> ColumnElement[bool]:
    if value not in ("open", "resolved"):
        raise BadValue("open or resolved expected")
    found: ColumnElement[bool] = incident.c.state == value
    return found


def _calls(value: Any) -> ColumnElement[bool]:
    called = process_instance.alias("called")
    return process_instance.c.id.in_(select(called.c.parent_instance_id).where(called.c.id == f.text_of(value)))


def _passed(value: Any) -> ColumnElement[bool]:
    nodes = f.list_of(value)
    passed = (history_event.c.kind == "node_passed", history_event.c.node_id.in_(nodes))
    tasks = (user_task.c.ended_at.is_not(None), user_task.c.node_id.in_(nodes))
    of = process_instance.c.id
    return or_(
        of.in_(select(history_event.c.instance_id).where(*passed)),
        of.in_(select(user_task.c.instance_id).where(*tasks)),
    )


def _candidate(kind: str) -> Plain:
    def build(value: Any) -> ColumnElement[bool]:
        named = (user_task_candidate.c.kind == kind, user_task_candidate.c.name == f.text_of(value))
        return user_task.c.id.in_(select(user_task_candidate.c.task_id).where(*named))

    return build


def _involved(value: Any) -> ColumnElement[bool]:
    login = f.text_of(value)
    mine = or_(user_task.c.assignee == login, user_task.c.owner == login, user_task.c.ended_by == login)
    return or_(mine, _candidate("user")(value))


def _with_incidents() -> ColumnElement[bool]:
    return process_instance.c.id.in_(select(incident.c.instance_id).where(incident.c.instance_id.is_not(None)))


def _state(*states: engine.InstanceState) -> Condition:
    return f.when_true(lambda: process_instance.c.state.in_(states))


OF_INSTANCE: dict[str, Condition] = {
    "processInstanceId": f.equals(process_instance.c.id),
    "processInstanceIdIn": f.one_of(process_instance.c.id),
    "executionId": f.equals(process_instance.c.id),
    "processDefinitionId": f.equals(process_instance.c.definition_id),
    "processDefinitionKey": f.equals(process_instance.c.definition_key),
    "processDefinitionKeyIn": f.one_of(process_instance.c.definition_key),
}
"""What every list of the past can be narrowed by."""
OF_INSTANCE_SORTS = {
    "processInstanceId": process_instance.c.id,
    "executionId": process_instance.c.id,
    "instanceId": process_instance.c.id,
    "processDefinitionId": process_instance.c.definition_id,
    "definitionId": process_instance.c.definition_id,
    "processDefinitionKey": process_instance.c.definition_key,
    "definitionKey": process_instance.c.definition_key,
}

INSTANCE = Vocabulary(
    filters={
        **OF_INSTANCE,
        "processInstanceIds": f.one_of(process_instance.c.id),
        "processInstanceBusinessKey": f.equals(process_instance.c.business_key),
        "processInstanceBusinessKeyIn": f.one_of(process_instance.c.business_key),
        "processInstanceBusinessKeyLike": f.like(process_instance.c.business_key),
        "processDefinitionName": _named,
        "superProcessInstanceId": f.equals(process_instance.c.parent_instance_id),
        "rootProcessInstances": f.when_true(lambda: process_instance.c.parent_instance_id.is_(None)),
        "processDefinitionNameLike": _definition_like,
        "processDefinitionKeyNotIn": f.none_of(process_instance.c.definition_key),
        "processInstanceIdNotIn": f.none_of(process_instance.c.id),
        "subProcessInstanceId": _calls,
        "activityIdIn": lambda value: waits_at(f.list_of(value)),
        "activeActivityIdIn": lambda value: waits_at(f.list_of(value)),
        "executedActivityIdIn": _passed,
        "incidentIdIn": _incident(f.numbers(incident.c.id)),
        "incidentStatus": _incident(_incident_status),
        "incidentMessage": _incident(f.equals(incident.c.message)),
        "incidentMessageLike": _incident(f.like(incident.c.message)),
        "internallyTerminated": f.when_true(sa.false),
        "variables": VARIABLES,
        "withoutTenantId": f.when_true(sa.true),
        "startedBy": f.equals(process_instance.c.started_by),
        **_span("started", process_instance.c.started_at),
        **_span("finished", process_instance.c.ended_at),
        "finished": f.when_true(lambda: process_instance.c.ended_at.is_not(None)),
        "unfinished": f.when_true(lambda: process_instance.c.ended_at.is_(None)),
        "active": _state(engine.InstanceState.ACTIVE),
        "suspended": _state(engine.InstanceState.SUSPENDED),
        "completed": _state(engine.InstanceState.COMPLETED),
        "externallyTerminated": _state(engine.InstanceState.CANCELLED),
        "withIncidents": f.when_true(_with_incidents),
    },
    sorts={
        **OF_INSTANCE_SORTS,
        "businessKey": process_instance.c.business_key,
        "startTime": process_instance.c.started_at,
        "endTime": process_instance.c.ended_at,
    },
    key=process_instance.c.id,
    nested=True,
)

DELETE_REASON = case(
    (user_task.c.state == engine.TaskState.COMPLETED, "completed"),
    (user_task.c.state == engine.TaskState.CANCELLED, "deleted"),
)


def _with(kind: str) -> sa.Select[Any]:
    return select(user_task_candidate.c.task_id).where(user_task_candidate.c.kind == kind)


TASK = Vocabulary(
    filters={
        **OF_INSTANCE,
        "taskId": f.equals(user_task.c.id),
        "processInstanceBusinessKey": f.equals(user_task.c.business_key),
        "taskDefinitionKey": f.equals(user_task.c.node_id),
        "taskDefinitionKeyIn": f.one_of(user_task.c.node_id),
        "taskName": f.equals(user_task.c.name),
        "taskNameLike": f.like_ignoring_case(user_task.c.name),
        "taskAssignee": f.equals(user_task.c.assignee),
        "taskAssigneeLike": f.like(user_task.c.assignee),
        "taskOwner": f.equals(user_task.c.owner),
        "taskOwnerLike": f.like(user_task.c.owner),
        "taskDescription": f.equals(user_task.c.description),
        "taskDescriptionLike": f.like_ignoring_case(user_task.c.description),
        "taskPriority": f.whole(lambda number: user_task.c.priority == number),
        "activityInstanceIdIn": f.one_of(user_task.c.id),
        "taskDeleteReason": f.equals(DELETE_REASON),
        "taskDeleteReasonLike": f.like(DELETE_REASON),
        "taskInvolvedUser": _involved,
        "taskHadCandidateUser": _candidate("user"),
        "taskHadCandidateGroup": _candidate("group"),
        "withCandidateGroups": f.when_true(lambda: user_task.c.id.in_(_with("group"))),
        "withoutCandidateGroups": f.when_true(lambda: user_task.c.id.not_in(_with("group"))),
        "processInstanceBusinessKeyIn": f.one_of(user_task.c.business_key),
        "processInstanceBusinessKeyLike": f.like(user_task.c.business_key),
        "processDefinitionName": _named,
        "processVariables": VARIABLES,
        "taskVariables": variables(user_task.c.local_variables, process_instance.c.definition_id),
        "taskDueDate": f.at(user_task.c.due_at, "exactly", zone),
        **_span("taskDueDate", user_task.c.due_at),
        "withoutTaskDueDate": f.when_true(lambda: user_task.c.due_at.is_(None)),
        "taskFollowUpDate": f.at(user_task.c.follow_up_at, "exactly", zone),
        **_span("taskFollowUpDate", user_task.c.follow_up_at),
        "withoutTenantId": f.when_true(sa.true),
        "assigned": f.when_true(lambda: user_task.c.assignee.is_not(None)),
        "unassigned": f.when_true(lambda: user_task.c.assignee.is_(None)),
        "finished": f.when_true(lambda: user_task.c.ended_at.is_not(None)),
        "unfinished": f.when_true(lambda: user_task.c.ended_at.is_(None)),
        "processFinished": f.when_true(lambda: process_instance.c.ended_at.is_not(None)),
        "processUnfinished": f.when_true(lambda: process_instance.c.ended_at.is_(None)),
        **_span("started", user_task.c.created_at),
        **_span("finished", user_task.c.ended_at),
    },
    sorts={
        **OF_INSTANCE_SORTS,
        "taskId": user_task.c.id,
        "taskName": user_task.c.name,
        "taskDefinitionKey": user_task.c.node_id,
        "assignee": user_task.c.assignee,
        "startTime": user_task.c.created_at,
        "endTime": user_task.c.ended_at,
        "dueDate": user_task.c.due_at,
        "priority": user_task.c.priority,
        "taskDescription": user_task.c.description,
        "owner": user_task.c.owner,
        "followUpDate": user_task.c.follow_up_at,
        "deleteReason": DELETE_REASON,
        "activityInstanceId": user_task.c.id,
    },
    key=user_task.c.id,
    nested=True,
)


def _incident_type(value: Any) -> ColumnElement[bool]:
    external = incident.c.kind == "external_task"
    return external if value == "failedExternalTask" else not_(external) if value == "failedJob" else sa.false()


INCIDENT = Vocabulary(
    filters={
        **OF_INSTANCE,
        "incidentId": f.whole(lambda number: incident.c.id == number),
        "incidentMessage": f.equals(incident.c.message),
        "incidentMessageLike": f.like(incident.c.message),
        "activityId": f.equals(incident.c.node_id),
        "failedActivityId": f.equals(incident.c.node_id),
        "incidentType": _incident_type,
        "causeIncidentId": f.whole(lambda number: incident.c.id == number),
        "rootCauseIncidentId": f.whole(lambda number: incident.c.id == number),
        "configuration": f.whole(lambda number: incident.c.job_id == number),
        "open": f.when_true(lambda: incident.c.state == engine.IncidentState.OPEN),
        "resolved": f.when_true(lambda: incident.c.state == engine.IncidentState.RESOLVED),
        "incidentTimestampBefore": f.at(incident.c.created_at, "before", zone),
        "incidentTimestampAfter": f.at(incident.c.created_at, "after", zone),
        **_span("createTime", incident.c.created_at),
        **_span("endTime", incident.c.resolved_at),
    },
    sorts={
        **OF_INSTANCE_SORTS,
        "incidentId": incident.c.id,
        "incidentTimestamp": incident.c.created_at,
        "createTime": incident.c.created_at,
        "endTime": incident.c.resolved_at,
        "incidentMessage": incident.c.message,
        "activityId": incident.c.node_id,
        "configuration": incident.c.job_id,
    },
    key=incident.c.id,
)

DEPLOYMENT = Vocabulary(
    filters={
        "id": f.equals(deployment.c.id),
        "name": f.equals(deployment.c.name),
        "nameLike": f.like(deployment.c.name),
        "after": f.at(deployment.c.deployed_at, "after", zone),
        "before": f.at(deployment.c.deployed_at, "before", zone),
        "source": f.equals(deployment.c.source),
        "withoutSource": f.when_true(lambda: deployment.c.source.is_(None)),
        "withoutTenantId": f.when_true(sa.true),
    },
    sorts={"id": deployment.c.id, "name": deployment.c.name, "deploymentTime": deployment.c.deployed_at},
    key=deployment.c.id,
)

ACTIVITY_ROW = union_all(
    select(
        sa.cast(history_event.c.id, sa.String).label("id"),
        history_event.c.instance_id,
        history_event.c.node_id,
        literal(None, type_=sa.String).label("task_id"),
        history_event.c.at.label("started_at"),
        history_event.c.at.label("ended_at"),
        literal(0).label("cancelled"),
    ).where(history_event.c.kind == "node_passed"),
    select(
        user_task.c.id,
        user_task.c.instance_id,
        user_task.c.node_id,
        user_task.c.id,
        user_task.c.created_at,
        user_task.c.ended_at,
        case((user_task.c.state == engine.TaskState.CANCELLED, 1), else_=0),
    ),
).subquery("activity")
"""What an instance went through: user tasks with their time, everything else at the moment it was passed."""

ACTIVITY = Vocabulary(
    filters={
        **OF_INSTANCE,
        "activityInstanceId": f.equals(ACTIVITY_ROW.c.id),
        "activityId": f.equals(ACTIVITY_ROW.c.node_id),
        "activityIdIn": f.one_of(ACTIVITY_ROW.c.node_id),
        "finished": f.when_true(lambda: ACTIVITY_ROW.c.ended_at.is_not(None)),
        "unfinished": f.when_true(lambda: ACTIVITY_ROW.c.ended_at.is_(None)),
        "canceled": f.when_true(lambda: ACTIVITY_ROW.c.cancelled == 1),
        "completeScope": f.when_true(lambda: and_(ACTIVITY_ROW.c.ended_at.is_not(None), ACTIVITY_ROW.c.cancelled == 0)),
        **_span("started", ACTIVITY_ROW.c.started_at),
        **_span("finished", ACTIVITY_ROW.c.ended_at),
    },
    sorts={
        **OF_INSTANCE_SORTS,
        "activityInstanceId": ACTIVITY_ROW.c.id,
        "activityId": ACTIVITY_ROW.c.node_id,
        "startTime": ACTIVITY_ROW.c.started_at,
        "endTime": ACTIVITY_ROW.c.ended_at,
    },
    key=ACTIVITY_ROW.c.id,
    usual=ACTIVITY_ROW.c.started_at,
)
