"""What an instance waits for, read from its live tokens."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from engine.model import (
    ServiceLevel,
    Waiting,
    WaitingCall,
    WaitingService,
    WaitingSubscription,
    WaitingTask,
    WaitingTimer,
)
from engine.spiff import calls, happenings, timers, variables
from engine.spiff.activities import UserTask, correlation_key
from engine.spiff.assignment import DEFAULT_PRIORITY
from engine.spiff.workflow import InstanceWorkflow


def waiting(workflow: InstanceWorkflow, known: Mapping[str, WaitingTask]) -> Waiting:
    """Open user tasks, timers, subscriptions and services, in the order they came to be. A task in ``known`` is not
    read again."""
    tasks: list[WaitingTask] = []
    timer_rows: list[WaitingTimer] = []
    subscriptions: list[WaitingSubscription] = []
    services: list[WaitingService] = []
    called: list[WaitingCall] = []
    for scope in workflow.scopes():
        for task in scope.live():
            if task._state == TaskState.READY and isinstance(task.task_spec, UserTask):
                tasks.append(known.get(task.id) or _user_task(task))
            elif task._state == TaskState.STARTED and "topic" in task.internal_data:
                services.append(_service(task))
            elif task._state == TaskState.STARTED and calls.CALL in task.internal_data:
                called.append(WaitingCall(task.id, task.task_spec.bpmn_id, task.task_spec.element.call.key))
            elif task._state == TaskState.WAITING:
                timer_rows.extend(_timers(task))
                subscriptions.extend(_subscriptions(task))
    return Waiting(tuple(tasks), tuple(timer_rows), tuple(subscriptions), tuple(services), tuple(called))


def _user_task(task: Task) -> WaitingTask:
    element, found = task.task_spec.element, task.internal_data["assignment"]
    level = found.get("level")
    return WaitingTask(
        task_id=task.id,
        node_id=element.id,
        name=element.name or element.id,
        form_key=found.get("form"),
        assignee=found.get("assignee"),
        candidate_groups=tuple(found.get("groups", ())),
        candidate_users=tuple(found.get("users", ())),
        excluded_users=tuple(found.get("excluded", ())),
        due_at=_moment(found.get("due")),
        follow_up_at=_moment(found.get("follow_up")),
        priority=found.get("priority", DEFAULT_PRIORITY),
        service_level=ServiceLevel(level[0], level[1]) if level else None,
        due_basis=found.get("due_basis"),
        local_variables=_local(task),
    )


def _local(task: Task) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for scope in reversed(variables.locals_of(task)):
        found.update(scope)
    return found


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _service(task: Task) -> WaitingService:
    retries = task.task_spec.element.properties.get("retries", "")
    return WaitingService(
        task.id,
        task.task_spec.bpmn_id,
        task.internal_data["topic"],
        dict(variables.visible(task)),
        _local(task),
        int(retries) if retries.isascii() and retries.isdecimal() and len(retries) < 4 and int(retries) else None,
        task.internal_data.get("job_priority", 0),
    )


def _timers(task: Task) -> list[WaitingTimer]:
    return [
        WaitingTimer(
            task.id,
            timers.key_of(node_id, armed),
            node_id,
            datetime.fromisoformat(armed["due"]),
            timers.explanation(armed),
            armed.get("priority", 0),
        )
        for node_id, armed in task.internal_data.get("timers", {}).items()
    ]


def _subscriptions(task: Task) -> list[WaitingSubscription]:
    return [
        WaitingSubscription(task.id, node.bpmn_id, event.kind, event.name, _key(task, event))
        for node in happenings.awaited(task)
        if (event := node.element.event).kind in ("message", "signal")
    ]


def _key(task: Task, event: Any) -> str | None:
    return correlation_key(task, event) if event.kind == "message" else None
