"""Variables and moments as Camunda 7 writes them in JSON, to and from plain values.

Source: Camunda 7.21 REST API, "Variables in the REST API" and "Date Format".
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from app.web.api import check_json

INTEGER = range(-(2**31), 2**31)
LONG = range(-(2**63), 2**63)
SHORT = range(-(2**15), 2**15)
REFUSED = ("Object", "File", "Bytes", "Xml")
_MOMENT = re.compile(r"(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2}:\d{2})(?:\.(\d{1,6}))?(Z|[+-]\d{2}:?\d{2})?", re.ASCII)


class BadValue(Exception):
    """A value does not fit its type; the message says why, in English like Camunda's."""


def moment(value: datetime | None) -> str | None:
    """``2013-01-23T13:42:42.000+0000``, always in UTC."""
    if value is None:
        return None
    utc = value.astimezone(UTC)
    return f"{utc:%Y-%m-%dT%H:%M:%S}.{utc.microsecond // 1000:03d}+0000"


def parse_moment(text: object, zone: str) -> datetime:
    """A moment in Camunda's format; without an offset it is local time of ``zone``. Raises :class:`BadValue`."""
    found = _MOMENT.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise BadValue(f"Cannot convert {_shown(text)} to a date; expected yyyy-MM-dd'T'HH:mm:ss.SSSZ")
    day, clock, fraction, offset = found.groups()
    try:
        naive = datetime.fromisoformat(f"{day}T{clock}.{(fraction or '0').ljust(6, '0')}")
        if offset in (None, "Z"):
            aware = naive.replace(tzinfo=UTC if offset else ZoneInfo(zone))
        else:
            aware = datetime.fromisoformat(f"{naive.isoformat()}{offset[:3]}:{offset[-2:]}")
        return aware.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise BadValue(f"Cannot convert {_shown(text)} to a date: {error}") from None


def to_camunda(value: Any) -> dict[str, Any]:
    """``{"type", "value", "valueInfo"}`` of a plain JSON value; lists and objects become a ``Json`` string."""
    kind, shown = _typed(value)
    return {"type": kind, "value": shown, "valueInfo": {}}


def _typed(value: Any) -> tuple[str, Any]:
    match value:
        case None:
            return "Null", None
        case bool():
            return "Boolean", value
        case int():
            return ("Integer" if value in INTEGER else "Long"), value
        case float():
            return "Double", value
        case str():
            return "String", value
        case datetime():
            return "Date", moment(value)
        case _:
            return "Json", json.dumps(value, ensure_ascii=False)


def variables_to_camunda(values: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Every variable in Camunda's form."""
    return {name: to_camunda(value) for name, value in values.items()}


def from_camunda(name: str, given: object, zone: str) -> Any:
    """The plain value of ``{"value": …, "type": …}``; a ``Date`` becomes an ISO 8601 string with offset.

    Without a type the JSON value is taken as it is. Raises :class:`BadValue`.
    """
    if not isinstance(given, Mapping):
        raise BadValue(f"Variable '{name}' must be an object with 'value' and 'type'")
    value, kind = given.get("value"), given.get("type")
    if kind is None:
        return value
    if not isinstance(kind, str) or not kind:
        raise BadValue(f"Variable '{name}': 'type' must be a string")
    kind = kind[:1].upper() + kind[1:]
    if kind in REFUSED:
        raise BadValue(f"Variable '{name}': values of type {kind} are not accepted; use Json")
    convert = _CONVERT.get(kind)
    if convert is None:
        raise BadValue(f"Variable '{name}': unsupported value type {_shown(kind)}")
    if value is None:
        return None
    try:
        return convert(value, zone)
    except BadValue as error:
        raise BadValue(f"Variable '{name}': {error}") from None


def variables_from_camunda(given: object, zone: str) -> dict[str, Any]:
    """All variables of a request body. Raises :class:`BadValue` for the first that does not fit."""
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise BadValue("'variables' must be an object of variables by name")
    return {str(name): from_camunda(str(name), value, zone) for name, value in given.items()}


def _whole(allowed: range, kind: str) -> Callable[[Any, str], int]:
    def convert(value: Any, _zone: str) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or value not in allowed:
            raise BadValue(f"Cannot convert {_shown(value)} to {kind}")
        return value

    return convert


def _double(value: Any, _zone: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BadValue(f"Cannot convert {_shown(value)} to Double")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise BadValue(f"Cannot convert {_shown(value)} to Double")
    return number


def _exactly(kind: type, name: str) -> Callable[[Any, str], Any]:
    def convert(value: Any, _zone: str) -> Any:
        if not isinstance(value, kind):
            raise BadValue(f"Cannot convert {_shown(value)} to {name}")
        return value

    return convert


def _json(value: Any, _zone: str) -> Any:
    if not isinstance(value, str):
        return value
    try:
        found = json.loads(value, parse_constant=_no_constant)
        check_json(found)  # a text within a text: the reader of the body did not look into it
        return found
    except (ValueError, RecursionError) as error:
        raise BadValue(f"not valid JSON: {error}") from None


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _null(value: Any, _zone: str) -> None:
    raise BadValue(f"type Null cannot hold {_shown(value)}")


def _date(value: Any, zone: str) -> str:
    return parse_moment(value, zone).astimezone(ZoneInfo(zone)).isoformat()  # in local time its date is the one meant


def _shown(value: object) -> str:
    return repr(value)[:80]


_CONVERT: Mapping[str, Callable[[Any, str], Any]] = {
    "String": _exactly(str, "String"),
    "Boolean": _exactly(bool, "Boolean"),
    "Short": _whole(SHORT, "Short"),
    "Integer": _whole(INTEGER, "Integer"),
    "Long": _whole(LONG, "Long"),
    "Double": _double,
    "Number": _double,
    "Date": _date,
    "Json": _json,
    "Null": _null,
}
