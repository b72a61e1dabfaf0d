"""What may become a process variable: JSON values and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import Any

from engine.errors import BadVariables

MAX_DEPTH = 50
MAX_INTEGER = 2**53
"""The largest integer every JSON reader keeps exactly."""


def checked(variables: Mapping[str, Any]) -> dict[str, Any]:
    """The variables as plain JSON values, copied. Raises BadVariables(path, type) at the first that is not."""
    if not isinstance(variables, Mapping):
        raise BadVariables(path="", type=type(variables).__name__)
    return {_name(name): _value(value, str(name), 0) for name, value in variables.items()}


def _name(name: Any) -> str:
    if not isinstance(name, str) or not name:
        raise BadVariables(path=str(name), type=type(name).__name__)
    return name


def _value(value: Any, path: str, depth: int) -> Any:
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, int) and abs(value) <= MAX_INTEGER:
        return value
    if isinstance(value, float) and isfinite(value):
        return value
    if depth < MAX_DEPTH:
        if isinstance(value, Mapping):
            return {_name(key): _value(item, f"{path}.{key}", depth + 1) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [_value(item, f"{path}.{index}", depth + 1) for index, item in enumerate(value)]
    raise BadVariables(path=path, type=type(value).__name__)
