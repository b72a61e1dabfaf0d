"""What foreign methods and functions are in our language. Every entry gives text for the texts of its arguments."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping


class Untranslatable(Exception):
    """There is no counterpart; the message says of what."""


Texts = Callable[..., str]


def _plus(unit: str) -> Texts:
    """``moment.plusDays(3)``: a literal count becomes an ISO duration, so that months and minutes work too."""
    pattern = {"days": "P{}D", "weeks": "P{}W", "months": "P{}M", "years": "P{}Y"}
    timed = {"hours": "PT{}H", "minutes": "PT{}M", "seconds": "PT{}S"}
    factor = {"days": "days({})", "weeks": "days(7 * ({}))", "hours": "hours({})", "minutes": "hours(({}) / 60)"}

    def apply(moment: str, count: str) -> str:
        if re.fullmatch(r"\d{1,6}", count):
            return f'({moment} + duration("{({**pattern, **timed})[unit].format(count)}"))'
        if unit not in factor:
            raise Untranslatable(f"a computed number of {unit}")
        return f"({moment} + {factor[unit].format(count)})"

    return apply


def _minus(unit: str) -> Texts:
    factor = {"days": "days({})", "weeks": "days(7 * ({}))", "hours": "hours({})", "minutes": "hours(({}) / 60)"}
    return lambda moment, count: f"({moment} - {factor[unit].format(count)})"


def _append(items: str, *more: str) -> str:
    return f"({items} + [{', '.join(more)}])"


METHODS: Mapping[str, Texts] = {
    "size": lambda x: f"len({x})",
    "length": lambda x: f"len({x})",
    "count": lambda x: f"len({x})",
    "isEmpty": lambda x: f"empty({x})",
    "equals": lambda x, y: f"({x} == {y})",
    "equalsIgnoreCase": lambda x, y: f"(lower({x}) == lower({y}))",
    "contains": lambda x, y: f"contains({x}, {y})",
    "includes": lambda x, y: f"contains({x}, {y})",
    "containsKey": lambda x, y: f"contains({x}, {y})",
    "startsWith": lambda x, y: f"starts_with({x}, {y})",
    "endsWith": lambda x, y: f"ends_with({x}, {y})",
    "toLowerCase": lambda x: f"lower({x})",
    "toUpperCase": lambda x: f"upper({x})",
    "trim": lambda x: f"trim({x})",
    "strip": lambda x: f"trim({x})",
    "get": lambda x, y: f"{x}[{y}]",
    "prop": lambda x, y: f"{x}[{y}]",
    "toString": lambda x: f"str({x})",
    "intValue": lambda x: f"int({x})",
    "longValue": lambda x: f"int({x})",
    "doubleValue": lambda x: f"float({x})",
    **{f"plus{unit.capitalize()}": _plus(unit) for unit in ("days", "weeks", "months", "years", "hours", "minutes")},
    **{f"minus{unit.capitalize()}": _minus(unit) for unit in ("days", "weeks", "hours", "minutes")},
}
"""The first argument is what the method is called on."""

IDENTITY = frozenset({
    "booleanValue", "value", "stringValue", "numberValue", "boolValue", "elements", "toDate", "toInstant",
    "toDateTime", "toISOString",
})  # fmt: skip
"""Methods that only turn one Java class into another."""

FUNCTIONS: Mapping[str, Texts] = {
    "dateTime": lambda: "now()",
    "S": lambda x: x,
    "JSON": lambda x: x,
    "modulo": lambda x, y: f"(({x}) % ({y}))",
    "append": _append,
    "concatenate": lambda x, y: f"({x} + {y})",
    "parseInt": lambda x, *_: f"int({x})",
    "parseFloat": lambda x: f"float({x})",
    "Number": lambda x: f"number({x})",
    "String": lambda x: f"str({x})",
}


def _get_or(value: str, default: str) -> str:
    return f"(if {value} != null then {value} else {default})"


FEEL_NAMES: Mapping[str, Texts] = {
    "string length": lambda x: f"len({x})",
    "upper case": lambda x: f"upper({x})",
    "lower case": lambda x: f"lower({x})",
    "list contains": lambda x, y: f"contains({x}, {y})",
    "starts with": lambda x, y: f"starts_with({x}, {y})",
    "ends with": lambda x, y: f"ends_with({x}, {y})",
    "is defined": lambda x: f"({x} != null)",
    "is empty": lambda x: f"empty({x})",
    "is blank": lambda x: f"empty({x})",
    "get value": lambda x, y: f"{x}[{y}]",
    "get or else": _get_or,
}
"""FEEL functions whose names are several words."""


def _name(literal: str) -> str:
    found = re.fullmatch(r"['\"]?([^\W\d]\w*)['\"]?", literal.strip())
    if found is None:
        raise Untranslatable(f"variable {literal}")
    return found[1]


NAMESPACES = frozenset({"variables", "vars", "var"})
NAMESPACED: Mapping[str, Texts] = {
    "get": _name,
    "getOrDefault": lambda x, y: f"({_name(x)} != null ? {_name(x)} : {y})",
    "exists": lambda x: f"({_name(x)} != null)",
    "exist": lambda x: f"({_name(x)} != null)",
    "isEmpty": lambda x: f"empty({_name(x)})",
    "empty": lambda x: f"empty({_name(x)})",
    "isNotEmpty": lambda x: f"(not empty({_name(x)}))",
    "notEmpty": lambda x: f"(not empty({_name(x)}))",
    **dict.fromkeys(("equals", "eq"), lambda x, y: f"({_name(x)} == {y})"),
    **dict.fromkeys(("notEquals", "ne"), lambda x, y: f"({_name(x)} != {y})"),
    **dict.fromkeys(("lowerThan", "lessThan", "lt"), lambda x, y: f"({_name(x)} < {y})"),
    **dict.fromkeys(("lowerThanOrEquals", "lessThanOrEquals", "lte"), lambda x, y: f"({_name(x)} <= {y})"),
    **dict.fromkeys(("greaterThan", "gt"), lambda x, y: f"({_name(x)} > {y})"),
    **dict.fromkeys(("greaterThanOrEquals", "gte"), lambda x, y: f"({_name(x)} >= {y})"),
    "contains": lambda x, *values: "(" + " and ".join(f"contains({_name(x)}, {v})" for v in values) + ")",
    "containsAny": lambda x, *values: "(" + " or ".join(f"contains({_name(x)}, {v})" for v in values) + ")",
}
"""Flowable's ``variables:get(x)`` and its relatives. A variable that is not there is null."""


def _number(text: str) -> str:
    found = re.fullmatch(r"['\"](-?\d+(?:\.\d+)?)['\"]", text)
    return found[1] if found else text


KIE: Mapping[str, Texts] = {
    "isNull": lambda x: f"({x} == null)",
    "isEmpty": lambda x: f"empty({x})",
    "isTrue": lambda x: f"({x} == true)",
    "isFalse": lambda x: f"({x} == false)",
    "equalsTo": lambda x, y: f"({x} == {y})",
    "contains": lambda x, y: f"contains({x}, {y})",
    "startsWith": lambda x, y: f"starts_with({x}, {y})",
    "endsWith": lambda x, y: f"ends_with({x}, {y})",
    "greaterThan": lambda x, y: f"({x} > {_number(y)})",
    "lessThan": lambda x, y: f"({x} < {_number(y)})",
    "greaterOrEqualThan": lambda x, y: f"({x} >= {_number(y)})",
    "lessOrEqualThan": lambda x, y: f"({x} <= {_number(y)})",
    "between": lambda x, y, z: f"({x} >= {_number(y)} and {x} <= {_number(z)})",
}
"""``KieFunctions`` in conditions of jBPM."""
