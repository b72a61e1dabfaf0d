"""The filters and sorts of each resource, in Camunda's names."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from flask import current_app
from sqlalchemy import ColumnElement, String, and_, cast, exists, false, literal, not_, or_, select, true

import engine
from app import db
from app.engine_rest import filters as f
from app.engine_rest.filters import Condition, Plain, Vocabulary
from app.engine_rest.values import BadValue, parse_moment
from app.engine_rest.variable_filters import variables
from engine.tables import incident, job, process_definition, process_instance, subscription, user_task

OPEN = tuple(engine.OPEN_TASKS)
RUNNING = (engine.InstanceState.ACTIVE, engine.InstanceState.SUSPENDED)
LISTED_JOBS = (
    engine.JobKind.TIMER,
    engine.JobKind.DEADLINE,
    engine.JobKind.SERVICE_TASK,
    engine.JobKind.MESSAGE,
    engine.JobKind.CALL,
)
WAITING_JOBS = (*engine.UNFINISHED_JOBS, engine.JobState.FAILED)
TIMERS = (engine.JobKind.TIMER, engine.JobKind.DEADLINE)


def zone() -> str:
    """The business time zone, for moments without an offset."""
    return str(current_app.extensions["keliu.settings"].zone)


# Process definitions


def _latest() -> ColumnElement[bool]:
    newer = process_definition.alias("newer")
    later = exists().where(newer.c.key == process_definition.c.key, newer.c.version > process_definition.c.version)
    return not_(later)


def _begins_with_message(value: Any) -> ColumnElement[bool]:
    name = json.dumps(f.text_of(value))
    texts = (name, json.dumps(json.loads(name), ensure_ascii=False))  # as either database writes it
    column = cast(process_definition.c.start_messages, String)
    return or_(*(column.contains(text, autoescape=True) for text in texts))


def _incident_of_definition(condition: Plain) -> Condition:
    def build(value: Any) -> ColumnElement[bool]:
        found = select(process_instance.c.definition_id).join(incident, incident.c.instance_id == process_instance.c.id)
        is_open = incident.c.state == engine.IncidentState.OPEN
        return process_definition.c.id.in_(found.where(is_open, condition(value)))

    return build


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
        "deployedAt": f.at(process_definition.c.deployed_at, "exactly", zone),
        "deployedAfter": f.at(process_definition.c.deployed_at, "after", zone),
        "messageEventSubscriptionName": _begins_with_message,
        "incidentId": _incident_of_definition(f.whole(lambda number: incident.c.id == number)),
        "incidentMessage": _incident_of_definition(f.equals(incident.c.message)),
        "incidentMessageLike": _incident_of_definition(f.like(incident.c.message)),
        "notStartableInTasklist": f.when_true(false),
        "versionTag": f.equals(process_definition.c.version_tag),
        "versionTagLike": f.like(process_definition.c.version_tag),
        "withoutVersionTag": f.when_true(lambda: process_definition.c.version_tag.is_(None)),
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
        "versionTag": process_definition.c.version_tag,
    },
    key=process_definition.c.id,
)

# Process instances: only those that run, as in Camunda


def _with_incident() -> ColumnElement[bool]:
    return exists().where(
        incident.c.instance_id == process_instance.c.id, incident.c.state == engine.IncidentState.OPEN
    )


def waits_at(nodes: list[str]) -> ColumnElement[bool]:
    """Condition on ``process_instance``: something of it waits at one of the nodes."""
    tasks = select(user_task.c.instance_id).where(user_task.c.node_id.in_(nodes), user_task.c.state.in_(OPEN))
    jobs = select(job.c.instance_id).where(job.c.node_id.in_(nodes), job.c.state.in_(WAITING_JOBS))
    events = select(subscription.c.instance_id).where(subscription.c.node_id.in_(nodes))
    of = process_instance.c.id
    return or_(of.in_(tasks), of.in_(jobs), of.in_(events))


def _incident(condition: Plain) -> Condition:
    def build(value: Any) -> ColumnElement[bool]:
        is_open = incident.c.state == engine.IncidentState.OPEN
        return process_instance.c.id.in_(select(incident.c.instance_id).where(is_open, condition(value)))

    return build


def _listens_for(kind: str) -> Condition:
    def build(value: Any) -> ColumnElement[bool]:
        named = (subscription.c.kind == kind, subscription.c.name == f.text_of(value))
        return process_instance.c.id.in_(select(subscription.c.instance_id).where(*named))

    return build


def _calls(value: Any) -> ColumnElement[bool]:
    called = process_instance.alias("called")
    return process_instance.c.id.in_(select(called.c.parent_instance_id).where(called.c.id == f.text_of(value)))


def _without_called() -> ColumnElement[bool]:
    called = process_instance.alias("called")
    runs = called.c.state.in_(RUNNING)
    return not_(exists().where(called.c.parent_instance_id == process_instance.c.id, runs))


INCIDENT_FILTERS: dict[str, Condition] = {
    "incidentId": _incident(f.whole(lambda number: incident.c.id == number)),
    "incidentMessage": _incident(f.equals(incident.c.message)),
    "incidentMessageLike": _incident(f.like(incident.c.message)),
}
VARIABLES = variables(process_instance.c.variables, process_instance.c.definition_id)


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
        "activityIdIn": lambda value: waits_at(f.list_of(value)),
        "deploymentId": lambda value: process_instance.c.definition_id.in_(
            select(process_definition.c.id).where(process_definition.c.deployment_id == f.text_of(value))
        ),
        "subProcessInstance": _calls,
        "leafProcessInstances": f.when_true(_without_called),
        "variables": VARIABLES,
        **INCIDENT_FILTERS,
        "withoutTenantId": f.when_true(true),
    },
    sorts={
        "instanceId": process_instance.c.id,
        "definitionKey": process_instance.c.definition_key,
        "definitionId": process_instance.c.definition_id,
        "businessKey": process_instance.c.business_key,
    },
    key=process_instance.c.id,
    nested=True,
)

EXECUTION = Vocabulary(
    filters={
        "executionId": f.equals(process_instance.c.id),
        "processInstanceId": f.equals(process_instance.c.id),
        "businessKey": f.equals(process_instance.c.business_key),
        "processDefinitionId": f.equals(process_instance.c.definition_id),
        "processDefinitionKey": f.equals(process_instance.c.definition_key),
        "activityId": lambda value: waits_at([f.text_of(value)]),
        "signalEventSubscriptionName": _listens_for("signal"),
        "messageEventSubscriptionName": _listens_for("message"),
        "active": INSTANCE.filters["active"],
        "suspended": INSTANCE.filters["suspended"],
        "variables": VARIABLES,
        "processVariables": VARIABLES,
        **INCIDENT_FILTERS,
    },
    sorts={**INSTANCE.sorts},
    key=process_instance.c.id,
)

# Jobs: those not finished, joined to process_instance


def _moments(column: ColumnElement[Any]) -> Condition:
    """In an address ``gt_2026-01-01T00:00:00`` and ``lt_…``, several with commas; in a body {operator, value}."""

    def build(value: Any) -> ColumnElement[bool]:
        several = value if isinstance(value, list) else [part.partition("_")[::2] for part in f.list_of(value)]
        found = []
        for one in several:
            compare, text = (one.get("operator"), one.get("value")) if isinstance(one, Mapping) else one
            if compare not in ("gt", "lt"):
                raise BadValue("gt_<date> or lt_<date> expected")
            given = parse_moment(text, zone())
            found.append(column > given if compare == "gt" else column < given)
        return and_(true(), *found)

    return build


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
        "dueDates": _moments(job.c.due_at),
        "dueBefore": f.at(job.c.due_at, "before", zone),
        "dueAfter": f.at(job.c.due_at, "after", zone),
        "executable": f.when_true(lambda: and_(job.c.due_at <= _now(), job.c.state != engine.JobState.FAILED)),
        "withRetriesLeft": f.when_true(lambda: job.c.attempts < job.c.max_attempts),
        "noRetriesLeft": f.when_true(lambda: job.c.attempts >= job.c.max_attempts),
        "withException": f.when_true(lambda: job.c.last_error.is_not(None)),
        "active": f.when_true(lambda: process_instance.c.state == engine.InstanceState.ACTIVE),
        "suspended": f.when_true(lambda: process_instance.c.state == engine.InstanceState.SUSPENDED),
        "createTimes": _moments(job.c.created_at),
        "exceptionMessage": f.equals(job.c.last_error),
        "priorityHigherThanOrEquals": f.whole(lambda number: job.c.priority >= number),
        "priorityLowerThanOrEquals": f.whole(lambda number: job.c.priority <= number),
        "withoutTenantId": f.when_true(true),
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

# External tasks: jobs too, for programs outside


def _locked() -> ColumnElement[bool]:
    return engine.queries.is_locked(db.session())


def _definition_named(condition: Plain) -> Condition:
    return lambda value: process_instance.c.definition_id.in_(select(process_definition.c.id).where(condition(value)))


EXTERNAL_TASK = Vocabulary(
    filters={
        "externalTaskId": f.whole(lambda number: job.c.id == number),
        "externalTaskIdIn": f.numbers(job.c.id),
        "topicName": f.equals(job.c.topic),
        "workerId": f.equals(job.c.worker),
        "locked": f.when_true(_locked),
        "notLocked": f.when_true(lambda: not_(_locked())),
        "withRetriesLeft": f.when_true(lambda: job.c.state != engine.JobState.FAILED),
        "noRetriesLeft": f.when_true(lambda: job.c.state == engine.JobState.FAILED),
        "lockExpirationAfter": f.at(job.c.lease_until, "after", zone),
        "lockExpirationBefore": f.at(job.c.lease_until, "before", zone),
        "activityId": f.equals(job.c.node_id),
        "activityIdIn": f.one_of(job.c.node_id),
        "executionId": f.equals(job.c.instance_id),
        "processInstanceId": f.equals(job.c.instance_id),
        "processInstanceIdIn": f.one_of(job.c.instance_id),
        "processDefinitionId": f.equals(process_instance.c.definition_id),
        "processDefinitionKey": f.equals(process_instance.c.definition_key),
        "processDefinitionKeyIn": f.one_of(process_instance.c.definition_key),
        "processDefinitionName": _definition_named(f.equals(process_definition.c.name)),
        "processDefinitionNameLike": _definition_named(f.like_ignoring_case(process_definition.c.name)),
        "processVariables": VARIABLES,
        "variables": VARIABLES,
        "withoutTenantId": f.when_true(true),
        "priorityHigherThanOrEquals": f.whole(lambda number: job.c.priority >= number),
        "priorityLowerThanOrEquals": f.whole(lambda number: job.c.priority <= number),
        "active": f.when_true(lambda: process_instance.c.state == engine.InstanceState.ACTIVE),
        "suspended": f.when_true(lambda: process_instance.c.state == engine.InstanceState.SUSPENDED),
    },
    sorts={
        "id": job.c.id,
        "lockExpirationTime": job.c.lease_until,
        "processInstanceId": job.c.instance_id,
        "processDefinitionId": process_instance.c.definition_id,
        "processDefinitionKey": process_instance.c.definition_key,
        "taskPriority": job.c.priority,
        "createTime": job.c.created_at,
    },
    key=job.c.id,
)

# What instances listen for

EVENT_SUBSCRIPTION = Vocabulary(
    filters={
        "eventSubscriptionId": f.whole(lambda number: subscription.c.id == number),
        "eventName": f.equals(subscription.c.name),
        "eventType": f.equals(subscription.c.kind),
        "executionId": f.equals(subscription.c.instance_id),
        "processInstanceId": f.equals(subscription.c.instance_id),
        "activityId": f.equals(subscription.c.node_id),
        "withoutTenantId": f.when_true(true),
        "includeEventSubscriptionsWithoutTenantId": f.when_true(true),
    },
    sorts={"created": subscription.c.created_at},
    key=subscription.c.id,
)
