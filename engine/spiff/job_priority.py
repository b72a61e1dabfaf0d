"""How urgent the jobs of a node are: the higher, the sooner a worker takes them. Read when the node begins to wait."""

from __future__ import annotations

from SpiffWorkflow.task import Task

from engine.errors import ExecutionFailed
from engine.spiff import source, variables

TASK, JOB = "taskPriority", "jobPriority"
HIGHEST = 2**31 - 1


def priority_of(task: Task, element: source.Node, attribute: str) -> int:
    """``camunda:taskPriority`` or ``camunda:jobPriority`` of the node or its process, 0 without one.

    Raises ExecutionFailed when it is no whole number of 32 bits.
    """
    text = element.attributes.get(attribute)
    if not text:
        return 0
    value = variables.resolve(task, text)
    try:
        number = int(value)
    except (TypeError, ValueError, OverflowError):
        number = HIGHEST + 1
    if abs(number) > HIGHEST:
        raise ExecutionFailed(node_id=element.id, reason=f"{attribute} {value!r} is no whole number")
    return number
