"""Call activities: work of another process. The called instance lives on its own; the token waits for its end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from SpiffWorkflow.task import Task

from engine import evaluator
from engine.errors import ExpressionFailed
from engine.model import CallRequest, CallVersion
from engine.spiff import call_reader, source, variables
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
    business_key = None if key is None else str(key)
    if call_reader.is_pinned(call):
        return CallRequest(call.key, business_key, given)
    version = _version(task, call.version) if call.binding == "version" else None
    tag = _text(task, call.tag) if call.binding == "versionTag" else None
    return CallRequest(_text(task, call.key), business_key, given, CallVersion(call.binding, version, tag))


def _text(task: Task, text: str) -> str:
    found = variables.resolve(task, text)
    if not isinstance(found, str) or not found:
        raise _unfit(task, text, "is empty" if found == "" else f"is no text but {_kind(found)}")
    return found


def _version(task: Task, text: str) -> int:
    found = variables.resolve(task, text)
    if isinstance(found, str) and call_reader.is_version(found):
        return int(found)
    if type(found) is not int or not call_reader.is_version(str(found)):
        raise _unfit(task, text, "is no number of a version")
    return found


def _kind(value: object) -> str:
    return "nothing" if value is None else type(value).__name__


def _unfit(task: Task, text: str, reason: str) -> ExpressionFailed:
    return ExpressionFailed(expression=text[:200], reason=reason, node_id=task.task_spec.bpmn_id)


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
