"""Events in the flow: starts, ends, catching and throwing."""

from __future__ import annotations

from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from engine.model import Thrown
from engine.spiff import compensation, faults, source, timers, variables
from engine.spiff.activities import payload, throw_message
from engine.spiff.gateways import EventGateway
from engine.spiff.job_priority import TASK, priority_of
from engine.spiff.listeners import Listener
from engine.spiff.node import Node, resume, wait
from engine.spiff.workflow import cancel_task


class StartEvent(Node):
    """Where a process or sub-process begins. Its event has already happened."""


class CatchEvent(Node):
    """Waits for a message, signal or moment, unless an event gateway in front has already seen it."""

    def enter(self, task: Task) -> None:
        if task.internal_data.pop("fired", False):
            resume(task)
            return
        variables.top(task).record("entered", task)
        wait(task)
        if self.element.event.condition:
            variables.top(task).changed = True
        timer = self.element.event.timer
        if timer is not None:
            task.internal_data["timers"] = {self.bpmn_id: timers.arm(task, self.element, timer)}

    def shows(self, task: Task) -> bool:
        return True


class LinkCatchEvent(Node):
    """The other end of a link: tokens come from every throwing link of that name."""


class ThrowEvent(Node):
    """Throws a message, signal or escalation and goes on. Without event, or as a link, it only passes."""

    def behave(self, task: Task) -> bool:
        if self.element.event.kind == "compensate":
            return compensation.begin(task, self.element.event.name)
        throw(task, self)
        return True


class EndEvent(ThrowEvent):
    """Ends a token; throws first if it has something to throw."""

    def behave(self, task: Task) -> bool:
        if self.element.event.kind == "cancel":
            return compensation.cancel(task)
        if self.element.event.kind == "terminate":
            for other in task.workflow.live():
                if other is not task:
                    cancel_task(other)
        return super().behave(task)


class ThrowByHandler(Node):
    """A message event with a topic: a registered handler sends the message."""

    waits_outside = True

    def behave(self, task: Task) -> bool:
        variables.top(task).record("entered", task)
        task.internal_data["topic"] = str(variables.resolve(task, self.element.attributes["topic"]))
        if priority := priority_of(task, self.element, TASK):
            task.internal_data["job_priority"] = priority
        return False

    def shows(self, task: Task) -> bool:
        return "topic" in task.internal_data


def throw(task: Task, node: Node) -> None:
    """Do what a throwing event says."""
    event = node.element.event
    if event.kind == "message":
        throw_message(task, node.element)
    elif event.kind == "signal":
        throw_signal(task, node.element)
    elif event.kind == "error":
        if not faults.throw_error(task, event.name) and variables.top(task).context.called:
            variables.top(task).escape(event.name)
    elif event.kind == "escalation" and not faults.throw_escalation(task, event.name):
        variables.top(task).escalated.append(event.name)


def throw_signal(task: Task, element: source.Node) -> None:
    """Everybody in the instance who waits for the signal has it at once; other instances get it handed out."""
    workflow, name = variables.top(task), element.event.name
    sent = payload(task, element)
    for scope in list(workflow.scopes()):
        for other in scope.live():
            node_id = signal_node(other, name)
            if node_id is not None and not scope.completed:
                variables.write(other, sent)
                fire(other, node_id)
    workflow.thrown.append(Thrown("signal", name, None, sent))


def signal_node(task: Task, name: str) -> str | None:
    """The node that waits for the signal at this token, if any."""
    for node in awaited(task):
        if node.element.event.kind == "signal" and node.element.event.name == name:
            return str(node.bpmn_id)
    return None


def awaited(task: Task) -> list[Node]:
    """The nodes whose events a waiting token waits for: itself, or those behind an event gateway."""
    if task._state != TaskState.WAITING or task.task_spec.joins:
        return []
    spec = task.task_spec
    return [path.target for path in spec.paths] if isinstance(spec, EventGateway) else [spec]


def fire(task: Task, node_id: str) -> None:
    """The event at ``node_id`` has come for this token."""
    spec = task.task_spec
    if isinstance(spec, Listener):
        spec.fire(task)
    elif isinstance(spec, EventGateway):
        spec.choose(task, node_id)
    else:
        task.internal_data.pop("timers", None)
        resume(task)
