"""Variables as filters: ``name_operator_value`` in an address, a list of {name, operator, value} in a body.

Each database is asked in its own words, because they read JSON too differently. A variable that a form keeps from the
caller finds nothing: otherwise its value could be guessed.
"""

from __future__ import annotations

import json
import operator
from collections.abc import Callable, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement, and_, func, literal, not_
from sqlalchemy.dialects.postgresql import JSONB

from app import db
from app.confidential import definitions_hiding
from app.engine_rest.filters import Condition, pattern
from app.engine_rest.values import BadValue

ORDERED: Mapping[str, Callable[[Any, Any], Any]] = {
    "eq": operator.eq,
    "gt": operator.gt,
    "gteq": operator.ge,
    "lt": operator.lt,
    "lteq": operator.le,
}
OPERATORS = (*ORDERED, "neq", "like", "notLike")
MOST = 50
KINDS: Mapping[str, tuple[str, ...]] = {
    "number": ("integer", "real"),
    "string": ("text",),
    "boolean": ("true", "false"),
    "null": ("null",),
}
"""What PostgreSQL calls a kind of value, and what SQLite calls it."""


def variables(column: ColumnElement[Any], definition: ColumnElement[Any]) -> Condition:
    """Every variable asked for in the JSON ``column`` fits. ``definition``: the column that says whose forms hide."""

    def build(given: Any) -> ColumnElement[bool]:
        asked = _in_address(given) if isinstance(given, str) else given
        if not isinstance(asked, list) or len(asked) > MOST or not all(isinstance(one, Mapping) for one in asked):
            raise BadValue(f"a list of at most {MOST} objects with name, operator and value is expected")
        return and_(sa.true(), *(_one(column, definition, one) for one in asked))

    return build


def _in_address(text: str) -> list[dict[str, Any]]:
    """Camunda takes values in an address as texts."""
    found = []
    for part in text.split(","):
        name, how, value = [*part.split("_", 2), "", ""][:3]
        found.append({"name": name, "operator": how, "value": value})
    return found


def _one(column: ColumnElement[Any], definition: ColumnElement[Any], asked: Mapping[str, Any]) -> ColumnElement[bool]:
    name, how, value = asked.get("name"), asked.get("operator", "eq"), asked.get("value")
    if not isinstance(name, str) or not name or '"' in name or len(name) > 200:
        raise BadValue("the name of a variable is expected")
    if how not in OPERATORS:
        raise BadValue(f"operator must be one of {', '.join(OPERATORS)}")
    if isinstance(value, list | dict) or (how in ("like", "notLike") and not isinstance(value, str)):
        raise BadValue("a text, a number or a boolean is expected")
    found = _Variable(column, name)
    return and_(found.compared(str(how), value), definition.not_in(definitions_hiding(name)))


class _Variable:
    """One name in a column of JSON objects."""

    def __init__(self, column: ColumnElement[Any], name: str) -> None:
        self.on_postgresql = db.session().get_bind().dialect.name == "postgresql"
        self.column, self.path = column, f'$."{name}"'
        self.inside = sa.cast(column, JSONB)[name] if self.on_postgresql else func.json_extract(column, self.path)

    def compared(self, how: str, value: Any) -> ColumnElement[bool]:
        """It is there and fits."""
        if how == "neq":
            return and_(self._is_there(), not_(self.compared("eq", value)))
        if how == "notLike":
            return and_(self._is_there(), not_(self.compared("like", value)))
        if how == "like":
            text = self.inside.astext if self.on_postgresql else self.inside
            return and_(self._is("string"), sa.type_coerce(text, sa.String).like(pattern(value)))
        kind = _kind(value)
        if kind == "null":
            return self._is("null") if how == "eq" else sa.false()
        return and_(self._is(kind), ORDERED[how](self.inside, self._value(value)))

    def _value(self, value: Any) -> ColumnElement[Any]:
        if self.on_postgresql:
            return sa.cast(literal(json.dumps(value), type_=sa.String), JSONB)
        return literal(int(value) if isinstance(value, bool) else value)

    def _is_there(self) -> ColumnElement[bool]:
        found: ColumnElement[bool] = self._type().is_not(None)
        return found

    def _is(self, kind: str) -> ColumnElement[bool]:
        names = (kind,) if self.on_postgresql else KINDS[kind]
        return func.coalesce(self._type().in_(names), sa.false())

    def _type(self) -> ColumnElement[Any]:
        return func.jsonb_typeof(self.inside) if self.on_postgresql else func.json_type(self.column, self.path)


def _kind(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int() | float():
            return "number"
    return "string"
