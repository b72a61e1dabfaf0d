"""Multi-instance: one token per item, all at once or one after the other. The item is a local variable.

A standard loop is one token after the other while its condition holds.
"""

from __future__ import annotations

from typing import Any

from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from engine.errors import ExecutionFailed, LimitExceeded
from engine.spiff import source, variables
from engine.spiff.workflow import cancel_task


def start(body: Task, loop: source.LoopText) -> bool:
    """Make the tokens. True when there is nothing to do."""
    if loop.standard:
        return _start_standard(body, loop)
    items = _items(body, loop)
    if not items:
        if loop.output_collection is not None:
            variables.write(body, {loop.output_collection: []})
        return True
    limit = variables.top(body).context.limits.multi_instance
    if len(items) > limit:
        node = body.task_spec.bpmn_id
        raise LimitExceeded(limit="multi_instance", value=len(items), allowed=limit, node_id=node)
    body.internal_data["total"] = len(items)
    body.internal_data["completed"] = 0
    body._set_state(TaskState.STARTED)
    if loop.sequential:
        body.internal_data["items"] = items
        items = items[:1]
    for number, item in enumerate(items):
        _spawn(body, loop, number, item)
    return False


def _start_standard(body: Task, loop: source.LoopText) -> bool:
    if loop.test_before and not _goes_on(body, loop, 0):
        return True
    body.internal_data["completed"] = 0
    body._set_state(TaskState.STARTED)
    _spawn(body, loop, 0, None)
    return False


def _goes_on(task: Task, loop: source.LoopText, rounds: int) -> bool:
    """Whether there is another round; ``loopCounter`` is the number of rounds so far."""
    if loop.maximum is not None and rounds >= int(loop.maximum):
        return False
    return loop.condition is None or bool(variables.evaluate(task, loop.condition, extra={"loopCounter": rounds}))


def _items(body: Task, loop: source.LoopText) -> list[Any]:
    if loop.collection is not None:
        name = loop.collection
        text = name if variables.is_expression(name) else f"={name}"
        found = variables.evaluate(body, text)
        if isinstance(found, dict):
            found = list(found.values())
        if found is None or not isinstance(found, list | tuple):
            reason = f"{name} is no list: one task per item can't be made"
            raise ExecutionFailed(node_id=body.task_spec.bpmn_id, reason=reason)
        items = variables.plain(list(found))
        variables.check({"items": items})
        return list(items)
    count = variables.evaluate(body, loop.cardinality or "0")
    if isinstance(count, bool) or not isinstance(count, int | float | str) or not str(count).strip().isdigit():
        raise ExecutionFailed(node_id=body.task_spec.bpmn_id, reason=f"{count!r} is no number of items")
    limit = variables.top(body).context.limits.multi_instance
    return [None] * min(int(count), limit + 1)


def _spawn(body: Task, loop: source.LoopText, number: int, item: Any) -> None:
    local: dict[str, Any] = {"loopCounter": number}
    if loop.element and loop.collection is not None:
        local[loop.element] = item
    if loop.output_collection is not None and loop.output_element is not None:
        local.setdefault(loop.output_element, None)  # each item has its own, so that no other overwrites it
    body.workflow.spawn(body.task_spec, body=body.id, **{variables.LOCAL: local})


def add(body: Task, number: int, local: dict[str, Any]) -> None:
    """One item more of a loop that runs, by hand; ``local`` has its variables."""
    body.workflow.spawn(body.task_spec, body=body.id, **{variables.LOCAL: {**local, "loopCounter": number}})


def item_done(task: Task, loop: source.LoopText) -> None:
    """An item is done: the next one starts, or the loop ends."""
    body = task.workflow.tasks[task.internal_data["body"]]
    state = body.internal_data
    state["completed"] += 1
    if loop.standard:
        if _goes_on(task, loop, state["completed"]):
            _spawn(body, loop, state["completed"], None)
        else:
            _end(task, body, loop)
        return
    _collect(task, body, loop)
    if state["completed"] >= state["total"] or _is_enough(task, body, loop):
        _end(task, body, loop)
    elif loop.sequential:
        number = state["completed"]
        _spawn(body, loop, number, state["items"][number])


def _collect(task: Task, body: Task, loop: source.LoopText) -> None:
    """Keep what the item contributes to the output collection, at the item's place."""
    if loop.output_collection is None or loop.output_element is None:
        return
    number = str(task.internal_data[variables.LOCAL]["loopCounter"])
    value = variables.visible(task).get(loop.output_element)
    body.internal_data.setdefault("results", {})[number] = value


def _is_enough(task: Task, body: Task, loop: source.LoopText) -> bool:
    if loop.completion is None:
        return False
    return bool(variables.evaluate(task, loop.completion, extra=variables.counters(body, between=True)))


def _end(task: Task, body: Task, loop: source.LoopText) -> None:
    for other in body.workflow.live():
        if other is not task and other.internal_data.get("body") == body.id:
            cancel_task(other)
    results = body.internal_data.get("results")
    if loop.output_collection is not None and results is not None:
        ordered = [results[key] for key in sorted(results, key=int)]
        variables.write(body, {loop.output_collection: ordered})
    body.complete()
