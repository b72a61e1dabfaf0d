"""Keyset paging: a page begins after (or ends before) a row, so the last page costs no more than the first.

A cursor is the sort value and key of a row, in the URL. People can write anything there: what does not fit the columns
is no cursor.
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, cast, get_args

from sqlalchemy import ColumnElement, and_, or_
from sqlalchemy.types import TypeDecorator

from app.web.lists.spec import Expression, Sort

MAX_INTEGER = 2**63 - 1
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
        terms: list[ColumnElement[Any]] = []
        if self.sort.nullable:
            empty = self.sort.expression.is_(None)
            terms.append(empty.desc() if backwards else empty.asc())
        for expression in (self.sort.expression, self.key):
            terms.append(expression.desc() if descending else expression.asc())
        return terms

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
        """The cursor of a row, for the URL."""
        text = json.dumps([_plain(value), _plain(key)], ensure_ascii=False, separators=(",", ":"))
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")

    def decode(self, text: str) -> Cursor | None:
        """The cursor in the URL; None for anything that is not one of this order."""
        if not text or len(text) > 1000:
            return None
        try:
            padded = text.encode("ascii") + b"=" * (-len(text) % 4)
            value, key = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
            if value is None and not self.sort.nullable:
                return None
            typed = None if value is None else _typed(value, _python_type(self.sort.expression))
            return Cursor(typed, _typed(key, _python_type(self.key)))
        except (ValueError, TypeError, InvalidOperation, binascii.Error, RecursionError):
            return None


def _python_type(expression: Expression) -> type:
    kind = type(expression.type)
    if issubclass(kind, TypeDecorator):
        # class UtcDateTime(TypeDecorator[datetime]): what it decorates may be of another type than its values are.
        (values, *_) = get_args(kind.__orig_bases__[0])  # type: ignore[attr-defined]  # set by typing
        return cast(type, values)
    return expression.type.python_type


def _plain(value: Any) -> Any:
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value


def _typed(value: Any, wanted: type) -> Any:
    """``value`` as the column's type. Raises ValueError or TypeError if it is not such a value."""
    if wanted is int:
        if type(value) is not int or abs(value) > MAX_INTEGER:
            raise TypeError
        return value
    if wanted is bool or wanted is float:
        if not isinstance(value, (bool, int, float)):
            raise TypeError
        return wanted(value)
    if not isinstance(value, str) or "\x00" in value:
        raise TypeError
    if wanted is datetime:
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is None:
            raise ValueError
        return moment
    if wanted is date:
        return date.fromisoformat(value)
    if wanted is Decimal:
        amount = Decimal(value)
        if not amount.is_finite() or abs(amount) > LARGEST_AMOUNT:
            raise ValueError
        return amount
    return value
