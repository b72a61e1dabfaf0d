"""Rows as Camunda writes them. Names that this engine has no use for are there with null, as clients expect."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import request, url_for
from sqlalchemy import Row

import engine
from app.engine_rest.values import moment, variables_to_camunda

SUSPENDED = "suspended"
INCIDENT_TYPES = {"external_task": "failedExternalTask"}
"""Everything else is a failed job to Camunda's clients, some of which know no third kind."""


def task(row: Row[Any]) -> dict[str, Any]:
    """One user task."""
    return {
        "id": row.id,
        "name": row.name,
        "assignee": row.assignee,
        "created": moment(row.created_at),
        "due": moment(row.due_at),
        "followUp": moment(row.follow_up_at),
        "lastUpdated": moment(row.claimed_at or row.created_at),
        "delegationState": None if row.delegation is None else row.delegation.upper(),
        "description": row.description,
        "executionId": row.instance_id,
        "owner": row.owner,
        "parentTaskId": None,
        "priority": row.priority,
        "processDefinitionId": row.definition_id,
        "processInstanceId": row.instance_id,
        "taskDefinitionKey": row.node_id,
        "caseExecutionId": None,
        "caseInstanceId": None,
        "caseDefinitionId": None,
        "suspended": row.instance_state == SUSPENDED,
        "formKey": row.form_key,
        "camundaFormRef": None,
        "tenantId": None,
        "taskState": "Assigned" if row.assignee else "Created",
    }


def definition(row: Row[Any] | engine.DefinitionRow) -> dict[str, Any]:
    """One version of a process."""
    return {
        "id": row.id,
        "key": row.key,
        "category": None,
        "description": None,
        "name": row.name,
        "version": row.version,
        "resource": row.resource,
        "deploymentId": row.deployment_id,
        "diagram": None,
        "suspended": row.state == SUSPENDED,
        "tenantId": None,
        "versionTag": row.version_tag,
        "historyTimeToLive": None,
        "startableInTasklist": True,
    }


def instance(row: Row[Any] | engine.InstanceRow) -> dict[str, Any]:
    """One process instance."""
    return {
        "links": [],
        "id": row.id,
        "definitionId": row.definition_id,
        "definitionKey": row.definition_key,
        "businessKey": row.business_key,
        "caseInstanceId": None,
        "ended": row.state in (engine.InstanceState.COMPLETED, engine.InstanceState.CANCELLED),
        "suspended": row.state == SUSPENDED,
        "tenantId": None,
    }


def started(row: engine.InstanceRow, variables: Mapping[str, Any] | None) -> dict[str, Any]:
    """An instance just started, with its variables when asked for."""
    link = url_for("engine_rest.process_instance", instance_id=row.id, _external=True)
    found = instance(row) | {"links": [{"method": "GET", "href": link, "rel": "self"}]}
    return found if variables is None else found | {"variables": variables_to_camunda(variables)}


def job(row: Row[Any]) -> dict[str, Any]:
    """One job. ``activityId`` is ours: Camunda hides it behind the job definition."""
    return {
        "id": str(row.id),
        "jobDefinitionId": None,
        "dueDate": moment(row.due_at),
        "processInstanceId": row.instance_id,
        "processDefinitionId": row.definition_id,
        "processDefinitionKey": row.definition_key,
        "executionId": row.instance_id,
        "retries": max(row.max_attempts - row.attempts, 0),
        "exceptionMessage": row.last_error,
        "failedActivityId": row.node_id if row.last_error else None,
        "suspended": row.instance_state == SUSPENDED,
        "priority": row.priority,
        "tenantId": None,
        "createTime": moment(row.created_at),
        "batchId": None,
        "activityId": row.node_id,
        "jobType": row.kind,
    }


def incident(row: Row[Any]) -> dict[str, Any]:
    """One open incident."""
    return {
        "id": str(row.id),
        "processDefinitionId": row.definition_id,
        "processInstanceId": row.instance_id,
        "executionId": row.instance_id,
        "incidentTimestamp": moment(row.created_at),
        "incidentType": INCIDENT_TYPES.get(row.kind, "failedJob"),
        "activityId": row.node_id,
        "failedActivityId": row.node_id,
        "causeIncidentId": str(row.id),
        "rootCauseIncidentId": str(row.id),
        "configuration": None if row.job_id is None else str(row.job_id),
        "incidentMessage": row.message,
        "tenantId": None,
        "jobDefinitionId": None,
        "annotation": row.annotation,
    }


def deployment(row: Row[Any]) -> dict[str, Any]:
    """One deployment."""
    return {
        "id": row.id,
        "name": row.name,
        "source": row.source,
        "deploymentTime": moment(row.deployed_at),
        "tenantId": None,
    }


def execution(row: Row[Any]) -> dict[str, Any]:
    """An instance as its one execution."""
    return {"id": row.id, "processInstanceId": row.id, "ended": False, "tenantId": None}


def subscription(row: Row[Any]) -> dict[str, Any]:
    """A message or signal that an instance waits for."""
    return {
        "id": str(row.id),
        "eventType": row.kind,
        "eventName": row.name,
        "executionId": row.instance_id,
        "processInstanceId": row.instance_id,
        "activityId": row.node_id,
        "createdDate": moment(row.created_at),
        "tenantId": None,
    }


def comment(row: Row[Any]) -> dict[str, Any]:
    """What somebody said about a task."""
    path = f"task/{row.task_id}/comment/{row.id}"
    return {
        "links": [_self(path)],
        "id": str(row.id),
        "userId": row.author,
        "taskId": row.task_id,
        "processInstanceId": row.instance_id,
        "time": moment(row.created_at),
        "message": row.message,
        "removalTime": None,
        "rootProcessInstanceId": None,
    }


def attachment(row: Row[Any]) -> dict[str, Any]:
    """What somebody attached to a task."""
    path = f"task/{row.task_id}/attachment/{row.id}"
    return {
        "links": [_self(path)],
        "id": str(row.id),
        "name": row.name,
        "description": row.description,
        "taskId": row.task_id,
        "type": row.kind,
        "url": row.url,
        "createTime": moment(row.created_at),
        "removalTime": None,
        "rootProcessInstanceId": None,
    }


def _self(path: str) -> dict[str, str]:
    return {"method": "GET", "href": f"{request.host_url}engine-rest/{path}", "rel": "self"}


def external_task(row: Row[Any]) -> dict[str, Any]:
    """One service task for a worker outside. ``retries`` is null until somebody has set them, as in Camunda."""
    return _external(row, row) | {"suspended": row.instance_state == SUSPENDED}


def fetched(found: engine.ExternalTask) -> dict[str, Any]:
    """A task that a worker has just locked."""
    task = _external(found.job, found)
    details, variables = found.job.payload.get("details"), variables_to_camunda(found.variables)
    more = {"suspended": False, "extensionProperties": {}, "errorDetails": details, "variables": variables}
    return task | more


def _external(row: Row[Any] | engine.JobRow, of: Row[Any] | engine.ExternalTask) -> dict[str, Any]:
    return {
        "id": str(row.id),
        "topicName": row.topic,
        "workerId": row.worker,
        "lockExpirationTime": moment(row.lease_until),
        "activityId": row.node_id,
        "activityInstanceId": row.task_id,
        "executionId": row.instance_id,
        "processInstanceId": row.instance_id,
        "processDefinitionId": of.definition_id,
        "processDefinitionKey": of.definition_key,
        "processDefinitionVersionTag": of.version_tag,
        "businessKey": of.business_key,
        "retries": row.payload.get("retries"),
        "errorMessage": row.last_error,
        "priority": row.priority,
        "createTime": moment(row.created_at),
        "tenantId": None,
    }
