"""Moving the tokens of a running instance by hand: cancel, start before or after a node, start along a flow.

The orders of one call are carried out one after the other; what they leave empty is cancelled at the end. So a scope
whose last token is moved inside it stays open, with its local variables.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from engine.errors import PlanRefused
from engine.model import Finding, Instruction
from engine.spiff import compensation, listeners, loops, variables
from engine.spiff.activities import SubProcess
from engine.spiff.node import Node, Path
from engine.spiff.places import BODY, Place, Places
from engine.spiff.workflow import LISTENING, InstanceWorkflow, ScopeTasks, cancel_task


class _Order(Protocol):
    def __call__(self, workflow: InstanceWorkflow, places: Places, order: Instruction) -> None: ...


def modify(workflow: InstanceWorkflow, places: Places, orders: Sequence[Instruction]) -> bool:
    """Carry out the orders. The workflow has not moved on yet. False: nothing is left of the instance.

    Raises PlanRefused with a finding that names the node, BadVariables.
    """
    for order in orders:
        variables.check(order.variables)
        variables.check(order.local_variables)
        workflow.variables.update(order.variables)
        _ORDERS[order.kind](workflow, places, order)
    if any(order.variables for order in orders):
        workflow.changed = True
    return _sweep(workflow)


def refused(code: str, node_id: str | None, **facts: Any) -> PlanRefused:
    """A refusal with one finding."""
    return PlanRefused((Finding("error", code, "", node_id, None, facts),))


# cancel
def _cancel(workflow: InstanceWorkflow, places: Places, order: Instruction) -> None:
    for task in _meant(workflow, places, order):
        if compensation.RUNNER in task.internal_data:
            raise refused("move_compensating", task.task_spec.bpmn_id)
        _cancel_one(task)


def _meant(workflow: InstanceWorkflow, places: Places, order: Instruction) -> list[Task]:
    if order.task_id is not None:
        found = [task for task in _tokens(workflow) if str(task.id) == order.task_id]
        if not found:
            raise refused("move_no_token", order.node_id, token=order.task_id)
        return found
    place = places.find(order.node_id)
    found = [task for task in _tokens(workflow) if task.task_spec is place.node and LISTENING not in task.internal_data]
    if not found:
        raise refused("move_not_there", place.node.bpmn_id)
    return [task for task in found if "body" not in task.internal_data]


def _tokens(workflow: InstanceWorkflow) -> list[Task]:
    return [task for scope in workflow.scopes() for task in scope.live()]


def _cancel_one(task: Task) -> None:
    """An item that is cancelled is no item of its loop any more."""
    body = task.internal_data.get("body")
    cancel_task(task)
    if body is not None:
        state = task.workflow.tasks[body].internal_data
        if "total" in state:
            state["total"] -= 1


def _sweep(workflow: InstanceWorkflow) -> bool:
    """Cancel loops and sub-processes in which nothing is left to do, from the inside out."""
    while True:
        empty = next((task for task in _tokens(workflow) if _is_empty(workflow, task)), None)
        if empty is None:
            break
        if compensation.RUNNER in empty.internal_data:
            raise refused("move_compensating", empty.task_spec.bpmn_id)
        _cancel_one(empty)
    return any(LISTENING not in task.internal_data for task in workflow.live())


def _is_empty(workflow: InstanceWorkflow, task: Task) -> bool:
    if task._state != TaskState.STARTED:
        return False
    spec, data = task.task_spec, task.internal_data
    if spec.element.loop is not None and "body" not in data and "completed" in data:
        return not any(other.internal_data.get("body") == task.id for other in task.workflow.live())
    scope = workflow.subprocesses.get(task.id)
    return scope is not None and not any(LISTENING not in other.internal_data for other in scope.live())


# start
def _before(workflow: InstanceWorkflow, places: Places, order: Instruction) -> None:
    place = places.find(order.node_id)
    node = place.node
    undoes = node.element.compensates or node.element.undoes_around
    if undoes or (node.element.type == "boundaryEvent" and node.element.event.kind == "compensate"):
        raise refused("move_compensates", node.bpmn_id)
    scope = _scope(workflow, place, order)
    local = {variables.LOCAL: dict(order.local_variables)} if order.local_variables else {}
    body = None if str(order.node_id).endswith(BODY) else _running_loop(scope, node, order)
    if body is not None:
        _add_item(body, order)
    elif node.joins and len(node.arriving) > 1:
        scope.spawn(node, flow=_free_flow(scope, node), **local)
    else:
        scope.spawn(node, **local)


def _after(workflow: InstanceWorkflow, places: Places, order: Instruction) -> None:
    place = places.find(order.node_id)
    if len(place.node.paths) != 1:
        raise refused("move_after", place.node.bpmn_id, flows=len(place.node.paths))
    _along(workflow, place, place.node.paths[0], order)


def _transition(workflow: InstanceWorkflow, places: Places, order: Instruction) -> None:
    place, path = places.flow(order.flow_id)
    _along(workflow, place, path, order)


def _along(workflow: InstanceWorkflow, place: Place, path: Path, order: Instruction) -> None:
    local = {variables.LOCAL: dict(order.local_variables)} if order.local_variables else {}
    _scope(workflow, place, order).spawn(path.target, flow=path.flow_id, **local)


def _scope(workflow: InstanceWorkflow, place: Place, order: Instruction) -> ScopeTasks:
    """Where the token begins: the open scope of the place, or a new one within those around it."""
    scope: ScopeTasks = workflow
    for number, activity in enumerate(place.around):
        opened = [found for found in workflow.subprocesses.values() if _owned(found, activity, scope)]
        if order.ancestor_id is not None and len(opened) > 1:
            inside = {str(owner.id) for owner in _line(workflow, order.ancestor_id)}
            opened = [found for found in opened if found.owner is not None and str(found.owner.id) in inside]
        if len(opened) > 1:
            raise refused("move_several_scopes", activity.bpmn_id, count=len(opened))
        last = number == len(place.around) - 1
        scope = opened[0] if opened else _open(workflow, scope, activity, order if last else None)
    return scope


def _owned(scope: ScopeTasks, activity: Node, parent: ScopeTasks) -> bool:
    owner = scope.owner
    return owner is not None and owner.task_spec is activity and owner.workflow is parent


def _line(workflow: InstanceWorkflow, task_id: str) -> list[Task]:
    """The token itself and the owners of the scopes around it."""
    found: list[Task] = []
    current = next((task for task in _tokens(workflow) if str(task.id) == task_id), None)
    if current is None:
        raise refused("move_no_token", None, token=task_id)
    while current is not None:
        found.append(current)
        current = current.workflow.owner
    return found


def _open(workflow: InstanceWorkflow, around: ScopeTasks, activity: Node, order: Instruction | None) -> ScopeTasks:
    """A sub-process that runs without having begun at its start event."""
    assert isinstance(activity, SubProcess)
    if activity.element.loop is not None:
        raise refused("move_no_body", activity.bpmn_id)
    if activity.element.undoes_around:
        raise refused("move_compensates", activity.bpmn_id)
    task = around.spawn(activity)
    workflow.agenda.remove(task)
    task.internal_data["open"] = True
    task._set_state(TaskState.STARTED)
    workflow.record("entered", task)
    scope = workflow.create_subprocess(task, activity.bpmn_id)
    listeners.listen(scope)
    return scope


def _running_loop(scope: ScopeTasks, node: Node, order: Instruction) -> Task | None:
    """The loop that gets one item more; None: a new one begins."""
    if node.element.loop is None or node.element.loop.standard:
        return None
    bodies = [task for task in scope.live() if task.task_spec is node and "total" in task.internal_data]
    if order.ancestor_id is not None:
        bodies = [body for body in bodies if str(body.id) == order.ancestor_id] or bodies
    if len(bodies) > 1:
        raise refused("move_several_scopes", node.bpmn_id, count=len(bodies))
    if bodies and node.element.loop.sequential:
        raise refused("move_sequential", node.bpmn_id)
    return bodies[0] if bodies else None


def _add_item(body: Task, order: Instruction) -> None:
    state = body.internal_data
    limit = variables.top(body).context.limits.multi_instance
    if state["total"] >= limit:
        raise refused("move_too_many", body.task_spec.bpmn_id, allowed=limit)
    items = [task for task in body.workflow.live() if task.internal_data.get("body") == body.id]
    numbers = [int(task.internal_data[variables.LOCAL]["loopCounter"]) for task in items]
    number = max([state["total"], *(one + 1 for one in numbers), *(int(key) + 1 for key in state.get("results", ()))])
    state["total"] += 1
    loops.add(body, number, dict(order.local_variables))


def _free_flow(scope: ScopeTasks, join: Node) -> str:
    """A token put in front of a join counts for a flow on which none has come."""
    taken = {task.internal_data.get("flow") for task in scope.waiting_at(join)}
    flows = sorted(join.arriving)
    return next((flow for flow in flows if flow not in taken), flows[0])


_ORDERS: dict[str, _Order] = {
    "cancel": _cancel,
    "start_before": _before,
    "start_after": _after,
    "start_transition": _transition,
}
