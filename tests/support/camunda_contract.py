"""What Camunda 7 promises its clients, as facts (``camunda_contract.json``): operations with their parameters and
answers, types with their properties. A type is written ``string``, ``date``, ``[X]`` (list), ``map:X`` (by name) or as
the name of another type; ``!`` says never null."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

CONTRACT: Mapping[str, Any] = json.loads(Path(__file__).with_suffix(".json").read_text())
OPERATIONS: Mapping[str, Mapping[str, Any]] = CONTRACT["operations"]
TYPES: Mapping[str, Mapping[str, Any]] = CONTRACT["types"]
ROOT = "/engine-rest"
DATE = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}[+-]\d{4}")
ONLY_WHEN_ASKED = {
    "attachment", "comment", "variables", "itemCount", "localVariables", "errorDetails", "extensionProperties",
    "links", "camundaFormRef", "@class",
}  # fmt: skip
"""Left out unless the request asks for them, never there in some types, or the name of a class of Java."""
MORE = {"JobDto": {"activityId", "jobType"}, "ParseExceptionDto": {"errors"}}
"""What we say besides."""
PLAIN = {"string": str, "integer": int, "boolean": bool, "object": dict, "number": float}


def problems(method: str, address: str, status: int, body: Any) -> list[str]:
    """What is wrong with an answer; nothing for an address Camunda does not have."""
    operation = operation_of(method, address)
    if operation is None:
        return []
    if status >= 500:
        return [f"{operation}: {status}"]
    if status >= 400:
        return _refusal(body)
    answers = OPERATIONS[operation]["answers"]
    if not answers:  # a file
        return []
    if str(status) not in answers:
        return [f"{operation}: {status} is none of {', '.join(answers)}"]
    kind = answers[str(status)]
    if status == 204 or "/" in kind or kind in ("", "several", "object", "[object]"):
        return []
    return [f"{operation}: {problem}" for problem in _check(kind, body, "")]


def _refusal(body: Any) -> list[str]:
    if isinstance(body, dict) and {"type", "message", "code"} <= body.keys():
        return []
    return [f"a refusal without type, message and code: {str(body)[:200]}"]


def operation_of(method: str, address: str) -> str | None:
    """The operation an address belongs to: of several the one with the fewest parameters."""
    path = address.partition("?")[0].removeprefix(ROOT)
    found = [name for name, pattern in _patterns() if name.startswith(f"{method} ") and pattern.fullmatch(path)]
    return min(found, key=lambda name: name.count("{"), default=None)


@cache
def _patterns() -> list[tuple[str, re.Pattern[str]]]:
    return [(name, re.compile(re.sub(r"\\\{[^/]+\\\}", "[^/]+", re.escape(name.split(" ")[1])))) for name in OPERATIONS]


def properties(kind: str) -> dict[str, str]:
    """The properties of a type, with those it inherits."""
    found = TYPES[kind]
    return {**(properties(found["extends"]) if "extends" in found else {}), **found["properties"]}


def _check(kind: str, value: Any, where: str) -> Iterator[str]:
    required, kind = kind.endswith("!"), kind.removesuffix("!")
    if value is None or kind == "AnyValue":
        if required:
            yield f"{where} is null"
    elif kind.startswith("["):
        yield from _several(kind[1:-1], value, where)
    elif kind.startswith("map:"):
        yield from _by_name(kind.removeprefix("map:"), value, where)
    elif kind in TYPES:
        yield from _object(kind, value, where)
    elif kind == "date":
        if not isinstance(value, str) or DATE.fullmatch(value) is None:
            yield f"{where} is no moment: {value!r}"
    elif not isinstance(value, PLAIN[kind]) or (kind == "integer" and isinstance(value, bool)):
        yield f"{where} is no {kind}: {value!r}"


def _several(kind: str, value: Any, where: str) -> Iterator[str]:
    if not isinstance(value, list):
        yield f"{where} is no list"
        return
    for number, one in enumerate(value):
        yield from _check(kind, one, f"{where}[{number}]")


def _by_name(kind: str, value: Any, where: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{where} is no object"
        return
    for name, one in value.items():
        yield from _check(kind, one, f"{where}.{name}")


def _object(kind: str, value: Any, where: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{where} is no {kind}"
        return
    known = properties(kind)
    for name in sorted(value.keys() - known.keys() - MORE.get(kind, set())):
        yield f"{where}.{name} is not in {kind}"
    for name in sorted(known.keys() - value.keys() - ONLY_WHEN_ASKED):
        yield f"{where}.{name} of {kind} is missing"
    for name in known.keys() & value.keys():
        yield from _check(known[name], value[name], f"{where}.{name}")
