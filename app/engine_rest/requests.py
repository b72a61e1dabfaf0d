"""What every resource of this dialect reads from a request."""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import Any

from flask import request

from app import formkit
from app.engine_rest.errors import BadRequest
from app.engine_rest.values import BadValue, variables_from_camunda
from app.web.api import json_body, settings_zone

Asked = Mapping[str, Any]
MOST_ROWS = 10_000


def asked() -> dict[str, Any]:
    """The query parameters of a list, the last of each; ``lang`` chooses the language of messages only."""
    given: dict[str, Any] = {name: request.args.getlist(name)[-1] for name in request.args if name != "lang"}
    if any("\x00" in name or "\x00" in value for name, value in given.items()):
        raise BadRequest("A query parameter contains a zero byte")
    return given


def asked_in_body() -> dict[str, Any]:
    """The filters of a list asked by POST, with paging in the query."""
    return {**json_body(), **asked()}


def paging(given: Asked) -> tuple[int, int]:
    """firstResult and maxResults for rows put together outside the database. Raises :class:`BadRequest`."""
    found = []
    for name, default in (("firstResult", 0), ("maxResults", MOST_ROWS)):
        value = str(given.get(name, default))
        if not (value.isascii() and value.isdecimal()) or len(value) > 9:
            raise BadRequest(f"Cannot set query parameter '{name}' to value '{value[:80]}'")
        found.append(int(value))
    return found[0], found[1]


def only(given: Asked, known: Set[str]) -> Asked:
    """``given``, unless something in it is unknown. Raises :class:`BadRequest`: ignoring it would answer something else
    than was asked."""
    unknown = sorted(set(given) - known)
    if unknown:
        raise BadRequest(f"Unknown property '{unknown[0][:80]}'. Known: {', '.join(sorted(known))}")
    return given


def body() -> dict[str, Any]:
    """The JSON object sent."""
    return json_body()


def text(given: Mapping[str, Any], name: str, *, required: bool = False, most: int = 200) -> str | None:
    """A text of the body, at most ``most`` characters."""
    value = given.get(name)
    if value is None or value == "":
        if required:
            raise BadRequest(f"'{name}' is required")
        return None
    if not isinstance(value, str) or len(value) > most:
        raise BadRequest(f"'{name}' must be a text of at most {most} characters")
    return value


def flag(given: Mapping[str, Any], name: str) -> bool:
    """A boolean of the body, false when left out."""
    value = given.get(name)
    if value is not None and not isinstance(value, bool):
        raise BadRequest(f"'{name}' must be true or false")
    return bool(value)


def whole(given: Mapping[str, Any], name: str, allowed: range, *, default: int | None = None) -> int:
    """A whole number of the body within ``allowed``; without a default it is required."""
    value = given.get(name)
    if value is None and default is not None:
        return default
    if isinstance(value, bool) or not isinstance(value, int) or value not in allowed:
        raise BadRequest(f"'{name}' must be a whole number from {allowed[0]} to {allowed[-1]}")
    return value


def texts(given: Mapping[str, Any], name: str) -> tuple[str, ...]:
    """A list of texts of the body, empty when left out."""
    value = given.get(name)
    if value is None:
        return ()
    if not isinstance(value, list) or len(value) > 1000 or not all(isinstance(one, str) for one in value):
        raise BadRequest(f"'{name}' must be a list of at most 1000 texts")
    return tuple(value)


def variables(given: Mapping[str, Any], name: str = "variables") -> dict[str, Any]:
    """Typed values of the body as plain ones."""
    try:
        return variables_from_camunda(given.get(name), settings_zone())
    except BadValue as error:
        raise BadRequest(str(error)) from None


def form_values(document: formkit.FormDocument, groups: Set[str], given: Mapping[str, Any]) -> dict[str, Any]:
    """Variables as the fields of a form: names are checked, and a Date given to a date field loses its time of day."""
    fields = {field.name: field for field in document.fields if field.shown_to(groups)}
    fields |= {field.key: field for field in fields.values()}
    unknown = sorted(set(given) - set(fields))
    if unknown:
        names = ", ".join(f"'{name[:80]}'" for name in unknown)
        raise BadRequest(f"Unknown variables {names}. This form takes: {', '.join(fields)}")
    return {name: _fitting(fields[name], value) for name, value in given.items()}


def _fitting(field: formkit.Field, value: Any) -> Any:
    if field.type is formkit.FieldType.DATE and isinstance(value, str) and "T" in value:
        return value.partition("T")[0]
    return value
