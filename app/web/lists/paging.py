"""Keyset paging: a page begins after (or ends before) a row, so the last page costs no more than the first.

A cursor is the sort value and key of a row, in the URL. People can write anything there: what does not fit the columns
is no cursor.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from sqlalchemy import ColumnElement, and_, or_
from sqlalchemy.types import TypeDecorator

from app.web.lists.spec import Expression, Sort

MAX_INTEGER = 2**63 - 1
MAX_CURSOR = 1_000
LARGEST_AMOUNT = Decimal(10) ** 15


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page begins or ends."""

    value: Any
    key: Any


@dataclass(frozen=True, slots=True)
class Order:
    """A chosen sort with its direction; the key decides between equals, in the same direction."""

    sort: Sort
    key: Expression
    descending: bool

    def terms(self, *, backwards: bool = False) -> list[ColumnElement[Any]]:
        """The ORDER BY. ``backwards`` reads the same list from its end."""
        descending = self.descending != backwards
        first, second = (one.desc() if descending else one.asc() for one in (self.sort.expression, self.key))
        if self.sort.nullable:  # in these words an index serves it
            first = first.nulls_first() if backwards else first.nulls_last()
        return [first, second]

    def beyond(self, cursor: Cursor, *, backwards: bool = False) -> ColumnElement[bool]:
        """The rows after ``cursor``, or before it."""
        column, key = self.sort.expression, self.key
        greater = self.descending == backwards
        past_key = key > cursor.key if greater else key < cursor.key
        if cursor.value is None:
            among_empty = and_(column.is_(None), past_key)
            return or_(column.is_not(None), among_empty) if backwards else among_empty
        past_value = column > cursor.value if greater else column < cursor.value
        past = or_(past_value, and_(column == cursor.value, past_key))
        return or_(past, column.is_(None)) if self.sort.nullable and not backwards else past

    def encode(self, value: Any, key: Any) -> str:
        """The cursor of a row, for the URL. Raises TypeError for values of a kind that no cursor can hold."""
        text = json.dumps([_plain(value), _plain(key)], ensure_ascii=False, separators=(",", ":"))
        cursor = base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")
        if self.decode(cursor) is None:
            raise TypeError(f"cannot page by {self.sort.expression} with {value!r}, {key!r}")
        return cursor

    def decode(self, text: str) -> Cursor | None:
        """The cursor in the URL; None for anything that is not one of this order."""
        if not text or len(text) > MAX_CURSOR:
            return None
        try:
            padded = text.encode("ascii") + b"=" * (-len(text) % 4)
            value, key = (_read(part) for part in json.loads(base64.b64decode(padded, altchars=b"-_", validate=True)))
        except (ValueError, TypeError, InvalidOperation, binascii.Error, RecursionError):
            return None
        if not _fits(key, self.key) or not (_fits(value, self.sort.expression) or value is None and self.sort.nullable):
            return None
        return Cursor(value, key)


def _plain(value: Any) -> Any:
    """As JSON; what JSON has no type for says which type it is."""
    if isinstance(value, datetime):
        return {"at": value.isoformat()}
    if isinstance(value, date):
        return {"day": value.isoformat()}
    return {"amount": str(value)} if isinstance(value, Decimal) else value


_READERS: Mapping[str, Callable[[str], Any]] = {
    "at": datetime.fromisoformat,
    "day": date.fromisoformat,
    "amount": Decimal,
}


def _read(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    ((kind, text),) = value.items()
    if kind not in _READERS:
        raise ValueError(kind)
    return _READERS[kind](text)


def _fits(value: Any, expression: Expression) -> bool:
    """Whether the column could hold ``value``: the database must never be asked to compare anything else with it."""
    column = expression.type
    decorated = isinstance(column, TypeDecorator)
    stored = column.impl_instance.python_type if isinstance(column, TypeDecorator) else column.python_type
    if isinstance(value, (bool, str)):
        return stored is type(value) and "\x00" not in str(value)
    if isinstance(value, datetime):
        return stored is datetime and value.tzinfo is not None
    if isinstance(value, date):
        return stored is date
    if isinstance(value, Decimal) and (not value.is_finite() or abs(value) > LARGEST_AMOUNT):
        return False
    if isinstance(value, int) and abs(value) > MAX_INTEGER:
        return False
    # A decorated number (fen shown as yuan) may be stored as another kind of number than it is in Python.
    return isinstance(value, (int, Decimal, float)) and (
        stored is type(value) or (decorated and stored in (int, float, Decimal))
    )
