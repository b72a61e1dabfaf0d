"""State of an instance as bytes: live tokens and variables, never specs, never history.

The first byte is the codec number. A blob of another number is refused here; migrations read the old one and write
this. Layout: ``{"v": variables, "s": [[owner, scope, [[id, node, state, data], …]], …], "end": completed}``,
and ``"c"``: what can be undone, if there is anything.
"""

from __future__ import annotations

from typing import Any

import orjson

from engine.errors import LimitExceeded, StateUnreadable
from engine.spiff.token import Token
from engine.spiff.workflow import InstanceWorkflow, ScopeTasks

CODEC = 1


def dumps(workflow: InstanceWorkflow) -> bytes:
    """The state, compacted. Raises LimitExceeded when it is too large."""
    workflow.compact()
    owned = [(scope.owner.id, scope) for scope in workflow.subprocesses.values()]
    scopes = [["", workflow.spec.name, _rows(workflow)]]
    scopes.extend([owner, scope.spec.name, _rows(scope)] for owner, scope in owned)
    state = {"v": workflow.variables, "s": scopes, "end": workflow.completed}
    if workflow.compensable:
        state["c"] = workflow.compensable
    blob = bytes([CODEC]) + orjson.dumps(state)
    allowed = workflow.context.limits.blob_bytes
    if len(blob) > allowed:
        raise LimitExceeded(limit="blob_bytes", value=len(blob), allowed=allowed)
    return blob


def _rows(scope: ScopeTasks) -> list[list[Any]]:
    root = scope.task_tree.id
    return [
        [task.id, task.task_spec.bpmn_id, task._state, task.internal_data]
        if task.internal_data
        else [task.id, task.task_spec.bpmn_id, task._state]
        for task in scope.tasks.values()
        if task.id != root
    ]


def loads(blob: bytes, workflow: InstanceWorkflow) -> None:
    """Fill a new workflow with a saved state. Raises StateUnreadable."""
    if not blob or blob[0] != CODEC:
        raise StateUnreadable(codec=blob[0] if blob else None)
    try:
        state = orjson.loads(memoryview(blob)[1:])
        workflow.variables = state["v"]
        workflow.completed = state["end"]
        workflow.compensable = state.get("c", [])
        for owner, _name, rows in state["s"]:
            _fill(_open(workflow, owner), rows)
    except (KeyError, ValueError, TypeError, IndexError, StopIteration) as problem:
        raise StateUnreadable(codec=CODEC, reason=f"{type(problem).__name__}: {problem}") from problem


def _open(workflow: InstanceWorkflow, owner: str) -> ScopeTasks:
    if not owner:
        return workflow
    task = workflow.task(owner)
    if task is None:
        raise StateUnreadable(codec=CODEC, reason=f"the owner {owner} of a scope is missing")
    return workflow.create_subprocess(task, task.task_spec.element.id)


def _fill(scope: ScopeTasks, rows: list[list[Any]]) -> None:
    specs, root = scope.spec.by_element, scope.task_tree
    for row in rows:
        task = Token(scope, specs[row[1]], parent=root, state=row[2], id=row[0])
        if len(row) > 3:
            task.internal_data = row[3]
