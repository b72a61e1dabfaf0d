"""Rows of the past as Camunda writes them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Row

import engine
from app.engine_rest.represent import INCIDENT_TYPES
from app.engine_rest.values import moment, to_camunda

STATES = {
    engine.InstanceState.ACTIVE: "ACTIVE",
    engine.InstanceState.SUSPENDED: "SUSPENDED",
    engine.InstanceState.COMPLETED: "COMPLETED",
    engine.InstanceState.CANCELLED: "EXTERNALLY_TERMINATED",
}
TASK_STATES = {
    engine.TaskState.CREATED: "Created",
    engine.TaskState.CLAIMED: "Assigned",
    engine.TaskState.COMPLETED: "Completed",
    engine.TaskState.CANCELLED: "Deleted",
}
DELETE_REASONS = {engine.TaskState.COMPLETED: "completed", engine.TaskState.CANCELLED: "deleted"}


def instance(row: Row[Any]) -> dict[str, Any]:
    """One instance."""
    return {
        "id": row.id,
        "businessKey": row.business_key,
        "processDefinitionId": row.definition_id,
        "processDefinitionKey": row.definition_key,
        "processDefinitionName": row.definition_name,
        "processDefinitionVersion": row.definition_version,
        "startTime": moment(row.started_at),
        "endTime": moment(row.ended_at),
        "removalTime": None,
        "durationInMillis": _milliseconds(row.started_at, row.ended_at),
        "startUserId": row.started_by,
        "startActivityId": None,
        "deleteReason": row.end_reason,
        "rootProcessInstanceId": row.id if row.parent_instance_id is None else None,
        "superProcessInstanceId": row.parent_instance_id,
        "superCaseInstanceId": None,
        "caseInstanceId": None,
        "tenantId": None,
        "state": STATES[engine.InstanceState(row.state)],
        "restartedProcessInstanceId": None,
    }


def task(row: Row[Any]) -> dict[str, Any]:
    """One user task."""
    return {
        "id": row.id,
        "processDefinitionKey": row.definition_key,
        "processDefinitionId": row.definition_id,
        "processInstanceId": row.instance_id,
        "executionId": row.instance_id,
        "activityInstanceId": row.id,
        "name": row.name,
        "description": row.description,
        "deleteReason": DELETE_REASONS.get(engine.TaskState(row.state)),
        "owner": row.owner,
        "assignee": row.assignee,
        "startTime": moment(row.created_at),
        "endTime": moment(row.ended_at),
        "duration": _milliseconds(row.created_at, row.ended_at),
        "taskDefinitionKey": row.node_id,
        "priority": row.priority,
        "due": moment(row.due_at),
        "followUp": moment(row.follow_up_at),
        "parentTaskId": None,
        "removalTime": None,
        "rootProcessInstanceId": None,
        "tenantId": None,
        "caseDefinitionKey": None,
        "caseDefinitionId": None,
        "caseInstanceId": None,
        "caseExecutionId": None,
        "taskState": TASK_STATES[engine.TaskState(row.state)],
    }


def activity(row: Row[Any]) -> dict[str, Any]:
    """One node that was passed, or a user task. Who did it is told by ``/history/task``."""
    node = row.nodes.get(row.node_id, {})
    return {
        "id": row.id,
        "parentActivityInstanceId": row.instance_id,
        "activityId": row.node_id,
        "activityName": node.get("name"),
        "activityType": node.get("type"),
        "processDefinitionKey": row.definition_key,
        "processDefinitionId": row.definition_id,
        "processInstanceId": row.instance_id,
        "executionId": row.instance_id,
        "taskId": row.task_id,
        "assignee": None,
        "calledProcessInstanceId": None,
        "calledCaseInstanceId": None,
        "startTime": moment(row.started_at),
        "endTime": moment(row.ended_at),
        "durationInMillis": _milliseconds(row.started_at, row.ended_at),
        "canceled": bool(row.cancelled),
        "completeScope": False,
        "removalTime": None,
        "rootProcessInstanceId": None,
        "tenantId": None,
    }


def incident(row: Row[Any]) -> dict[str, Any]:
    """One incident, open or resolved."""
    is_open = row.state == engine.IncidentState.OPEN
    return {
        "id": str(row.id),
        "processDefinitionKey": row.definition_key,
        "processDefinitionId": row.definition_id,
        "processInstanceId": row.instance_id,
        "executionId": row.instance_id,
        "rootProcessInstanceId": None,
        "createTime": moment(row.created_at),
        "endTime": moment(row.resolved_at),
        "removalTime": None,
        "incidentType": INCIDENT_TYPES.get(row.kind, "failedJob"),
        "activityId": row.node_id,
        "failedActivityId": row.node_id,
        "causeIncidentId": str(row.id),
        "rootCauseIncidentId": str(row.id),
        "configuration": None if row.job_id is None else str(row.job_id),
        "historyConfiguration": None,
        "incidentMessage": row.message,
        "tenantId": None,
        "jobDefinitionId": None,
        "open": is_open,
        "deleted": False,
        "resolved": not is_open,
        "annotation": row.annotation,
    }


def variable(row: Row[Any], name: str, value: Any) -> dict[str, Any]:
    """One variable of an instance."""
    return {
        "id": f"{row.id}:{name}",
        "name": name,
        **to_camunda(value),
        "processDefinitionKey": row.definition_key,
        "processDefinitionId": row.definition_id,
        "processInstanceId": row.id,
        "executionId": row.id,
        "activityInstanceId": row.id,
        "caseDefinitionKey": None,
        "caseDefinitionId": None,
        "caseInstanceId": None,
        "caseExecutionId": None,
        "taskId": None,
        "errorMessage": None,
        "tenantId": None,
        "state": "CREATED",
        "createTime": moment(row.started_at),
        "removalTime": None,
        "rootProcessInstanceId": None,
    }


def _milliseconds(began: datetime, ended: datetime | None) -> int | None:
    return None if ended is None else round((ended - began).total_seconds() * 1000)
