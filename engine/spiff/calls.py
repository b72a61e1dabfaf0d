"""Call activities: work of another process. The called instance lives on its own; the token waits for its end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from SpiffWorkflow.task import Task

from engine import evaluator
from engine.errors import ExpressionFailed
from engine.model import CallRequest
from engine.spiff import source, variables
from engine.spiff.activities import Activity

CALL = "call"
"""Mark of a token that waits for a called process."""


class CallActivity(Activity):
    """Work of another process."""

    waits_outside = True

    def behave(self, task: Task) -> bool:
        variables.top(task).record("entered", task)
        task.internal_data[CALL] = True
        return False

    def shows(self, task: Task) -> bool:
        return CALL in task.internal_data


def request(task: Task) -> CallRequest:
    """What the called process starts with. Raises ExpressionFailed naming the node."""
    call: source.CallText = task.task_spec.element.call
    key = variables.resolve(task, call.business_key) if call.business_key else None
    given = _mapped(task, call.inputs, variables.visible(task))
    return CallRequest(call.key, None if key is None else str(key), given)


def is_detached(task: Task) -> bool:
    """Whether the token goes on as soon as the called process runs (property ``waitForCompletion`` = ``false``)."""
    return bool(task.task_spec.element.properties.get("waitForCompletion") == "false")


def answer(task: Task, values: Mapping[str, Any]) -> None:
    """Take what the called process leaves behind."""
    variables.write(task, _mapped(task, task.task_spec.element.call.outputs, values))


def _mapped(task: Task, mappings: Sequence[source.MappingText], values: Mapping[str, Any]) -> dict[str, Any]:
    """A variable that is not there is passed as null."""
    found: dict[str, Any] = {}
    for mapping in mappings:
        if mapping.everything:
            found.update(values)
        elif mapping.name:
            found[mapping.target] = values.get(mapping.name)
        else:
            found[mapping.target] = _computed(task, mapping.expression, values)
    result: dict[str, Any] = variables.plain(found)
    return result


def _computed(task: Task, text: str, values: Mapping[str, Any]) -> Any:
    if not variables.is_expression(text):
        return text
    try:
        return evaluator.evaluate(text, values, variables.top(task).functions(None))
    except ExpressionFailed as failure:
        raise ExpressionFailed(**{**failure.facts, "node_id": task.task_spec.bpmn_id}) from None
