"""A form that does not exist yet: begun from a user task of the draft."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from app.designer.forms.document import OPTION, Json
from engine import drawing

_OUTCOME = re.compile(r"\boutcome\s*==\s*['\"]([^'\"]{1,60})['\"]")


@dataclass(frozen=True, slots=True)
class TaskWithoutForm:
    """A user task whose form is not in the draft. ``key``: the form key it has or should get; ``outcomes``: what the
    flows behind it ask for."""

    node: str
    name: str
    name_en: str
    key: str
    chosen: bool
    outcomes: tuple[str, ...]


def tasks(files: Mapping[str, bytes]) -> list[TaskWithoutForm]:
    """The user tasks of the draft without a form, in the order of the file."""
    return [
        task
        for name in sorted(files)
        if name.endswith(".bpmn")
        for process in drawing.read(name, files[name])
        for task in _without(process, files)
    ]


def _without(process: drawing.Process, files: Mapping[str, bytes]) -> Iterator[TaskWithoutForm]:
    english = _english(files.get(f"{process.key}.en.json", b""))
    for scope, node in process.scope.walk():
        if node.type != "userTask":
            continue
        chosen = node.attributes.get("formKey", "")
        key = chosen or f"{process.key}/{node.id}".lower()
        if f"{key}.json" not in files:
            name = node.name or node.id
            yield TaskWithoutForm(
                node.id, name, english.get(node.id, ""), key, bool(chosen), tuple(_outcomes(scope, node.id))
            )


def _english(content: bytes) -> Mapping[str, str]:
    """The English names of the elements, as far as the file can be read."""
    try:
        found = json.loads(content).get("elements", {})
    except (ValueError, RecursionError, AttributeError):
        return {}
    return {node: name for node, name in found.items() if isinstance(name, str)} if isinstance(found, dict) else {}


def _outcomes(scope: drawing.Scope, node: str) -> list[str]:
    """The values of ``outcome`` by which the flow right behind the task branches."""
    behind = [flow.target for flow in scope.outgoing(node)]
    asked = [flow.condition or "" for target in behind for flow in scope.outgoing(target)]
    asked += [flow.condition or "" for flow in scope.outgoing(node)]
    return list(dict.fromkeys(value for text in asked for value in _OUTCOME.findall(text)))


def form(key: str, zh: str, en: str, outcomes: tuple[str, ...]) -> Json:
    """A form that decides with ``outcome`` and leaves room for a remark."""
    options: list[Any] = [{"value": value, "label": {"zh": "", "en": ""}} for value in outcomes] or [OPTION]
    return {
        "$schema": "../form.schema.json",
        "key": key,
        "title": {"zh": zh, "en": en},
        "fields": [
            {
                "name": "outcome",
                "type": "choice",
                "label": {"zh": "办理结果", "en": "Outcome"},
                "required": True,
                "options": options,
                "variable": True,
            },
            {"name": "remark", "type": "longtext", "label": {"zh": "备注", "en": "Remark"}},
        ],
    }
