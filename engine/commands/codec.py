"""Commands as JSON, so that an incident can keep one and somebody can run it again."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime, timedelta
from typing import Any

from engine.commands import model, repair_model, task_model
from engine.commands.model import Command, Topic
from engine.model import Instruction

_VALUES: dict[str, type[Any]] = {"Topic": Topic, "Instruction": Instruction}
"""Values within commands."""
_TYPES: dict[str, type[Command]] = {
    value.__name__: value
    for value in [*vars(model).values(), *vars(repair_model).values(), *vars(task_model).values()]
    if isinstance(value, type) and issubclass(value, Command) and value is not Command
}


def to_json(command: Command) -> dict[str, Any]:
    """The command as a JSON object with its name as ``command``."""
    values = {field.name: _plain(getattr(command, field.name)) for field in fields(command)}
    return {"command": type(command).__name__, **values}


def from_json(stored: Mapping[str, Any]) -> Command:
    """The command that :func:`to_json` wrote. Raises KeyError for a name this version does not know."""
    values = {name: _rich(value) for name, value in stored.items() if name != "command"}
    return _TYPES[stored["command"]](**values)


def _plain(value: Any) -> Any:
    match value:
        case datetime():
            return {"$at": value.isoformat()}
        case timedelta():
            return {"$seconds": value.total_seconds()}
        case frozenset():
            return {"$set": sorted(value)}
        case bytes():
            return {"$bytes": base64.b64encode(value).decode()}
        case Command():
            return {"$command": to_json(value)}
        case _ if is_dataclass(value):
            plain = {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
            return {"$value": type(value).__name__, **plain}
        case Mapping():
            return {key: _plain(item) for key, item in value.items()}
        case list() | tuple():
            return [_plain(item) for item in value]
    return value


def _rich(value: Any) -> Any:
    match value:
        case {"$at": str(at)}:
            return datetime.fromisoformat(at)
        case {"$seconds": int() | float() as seconds}:
            return timedelta(seconds=seconds)
        case {"$set": list(items)}:
            return frozenset(items)
        case {"$bytes": str(text)}:
            return base64.b64decode(text)
        case {"$command": dict(stored)}:
            return from_json(stored)
        case {"$value": str(name), **values} if name in _VALUES:
            return _VALUES[name](**{str(key): _rich(item) for key, item in values.items()})
        case dict():
            return {key: _rich(item) for key, item in value.items()}
        case list():
            return [_rich(item) for item in value]
    return value
