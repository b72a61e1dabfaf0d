"""Tokens that wait for an event beside the work: boundary events, and starts of event sub-processes."""

from __future__ import annotations

from SpiffWorkflow.task import Task

from engine.spiff import timers, variables
from engine.spiff.node import Node, wait
from engine.spiff.workflow import LISTENING, ScopeTasks, cancel_task

WAITS_FOR = frozenset({"message", "signal", "timer", "conditional"})
"""Events that need a waiting token. Errors and escalations find their handler when they are thrown."""


class Listener(Node):
    """Base of nodes that can listen. A token marked as listening waits; any other passes at once."""

    def enter(self, task: Task) -> None:
        if LISTENING not in task.internal_data:
            super().enter(task)
            return
        wait(task)
        if self.element.event.condition:
            variables.top(task).changed = True
        timer = self.element.event.timer
        if timer is not None:
            owner = task.workflow.tasks.get(task.internal_data.get("attached"))
            task.internal_data["timers"] = {self.bpmn_id: timers.arm(task, self.element, timer, owner)}

    def fire(self, task: Task) -> None:
        """What a listening token waits for has come."""
        raise NotImplementedError

    def rearm(self, task: Task, node_id: str) -> None:
        """A listener that stays: its cycle goes on; an exhausted timer listens no more."""
        armed = task.internal_data.get("timers", {}).get(node_id)
        if armed is None:
            return
        following = timers.next_firing(variables.top(task).context, armed)
        if following is None:
            cancel_task(task)
        else:
            task.internal_data["timers"] = {node_id: following}


class BoundaryEvent(Listener):
    """Attached to an activity."""

    def fire(self, task: Task) -> None:
        owner = task.workflow.tasks[task.internal_data["attached"]]
        changes, task.data = task.data, {}
        if not self.element.interrupting:
            self.rearm(task, self.bpmn_id)
        trigger_boundary(owner, self).data.update(changes)


class EventStart(Listener):
    """The start event of an event sub-process, waiting in the scope around it."""

    def __init__(self, wf_spec: object, element: object, activity: Node) -> None:
        super().__init__(wf_spec, element)  # type: ignore[arg-type]  # checked by the builder, the only caller
        self.activity = activity

    def fire(self, task: Task) -> None:
        changes, task.data = task.data, {}
        if not self.element.interrupting:
            self.rearm(task, self.bpmn_id)
        trigger_event_scope(task.workflow, self).data.update(changes)


def attach(task: Task, boundaries: list[BoundaryEvent]) -> None:
    """Let the boundary events of an activity listen."""
    for boundary in boundaries:
        if boundary.element.event.kind in WAITS_FOR:
            task.workflow.spawn(boundary, **{LISTENING: True, "attached": task.id})


def detach(task: Task) -> None:
    """The activity has ended: its boundary events listen no more."""
    for other in task.workflow.live():
        if other.internal_data.get("attached") == task.id:
            cancel_task(other)


def listen(workflow: ScopeTasks) -> None:
    """Let the event sub-processes of a scope listen."""
    for start in workflow.spec.event_starts:
        if start.element.event.kind in WAITS_FOR:
            workflow.spawn(start, **{LISTENING: True})


def trigger_boundary(owner: Task, boundary: Node) -> Task:
    """A token leaves the activity by its boundary event; an interrupting one ends the activity. Returns the token."""
    workflow = owner.workflow
    if not boundary.element.interrupting:
        return workflow.spawn(boundary)
    cancel_task(owner)
    token = workflow.spawn(boundary)
    owner.task_spec.given_up(owner)
    return token


def trigger_event_scope(workflow: ScopeTasks, start: Node) -> Task:
    """Run an event sub-process in its scope; an interrupting one ends everything else there. Returns its token."""
    assert isinstance(start, EventStart)
    if start.element.interrupting:
        for task in workflow.live():
            cancel_task(task)
    return workflow.spawn(start.activity)
