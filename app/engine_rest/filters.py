"""Query parameters in Camunda's names, turned into SQL conditions. A filter nobody knows is refused: ignoring it would
answer with more than was asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement, Select

from app.engine_rest.errors import BadRequest
from app.engine_rest.values import BadValue, parse_moment

MOST_NESTED = 20
MOST = 10_000
"""Rows in one answer; a list without maxResults ends there too."""
DEEPEST = 2**31 - 1

Condition = Callable[[Any], ColumnElement[bool] | None]
Plain = Callable[[Any], ColumnElement[bool]]
"""A condition that always asks something."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What a resource can be filtered and sorted by."""

    filters: Mapping[str, Condition]
    sorts: Mapping[str, ColumnElement[Any]]
    key: ColumnElement[Any]
    """Unique column that makes the order total."""
    usual: ColumnElement[Any] | None = None
    """The order when none is asked for: one that an index gives."""
    ignored: frozenset[str] = field(default=frozenset())
    """Options that do not change which rows are found."""
    offers: frozenset[str] = field(default=frozenset())
    """Filters by candidate: without ``includeAssignedTasks`` they find only what is :attr:`free`."""
    free: ColumnElement[bool] | None = None
    nested: bool = False
    """Whether a body may hold ``orQueries``: of each at least one condition holds."""


PAGING = frozenset({"firstResult", "maxResults", "sortBy", "sortOrder", "sorting"})


def conditions(words: Vocabulary, asked: Mapping[str, Any]) -> list[ColumnElement[bool]]:
    """The conditions asked for. Raises :class:`BadRequest` for an unknown filter or a value that does not fit."""
    found: list[ColumnElement[bool]] = []
    for name, value in asked.items():
        if name in PAGING or name in words.ignored or value is None:
            continue
        if name == "orQueries" and words.nested:
            found.extend(_either(words, value))
            continue
        condition = _condition(words, name, value)
        if condition is not None and name in words.offers and not _asks(asked, "includeAssignedTasks"):
            condition = condition & words.free
        if condition is not None:
            found.append(condition)
    return found


def _condition(words: Vocabulary, name: str, value: Any) -> ColumnElement[bool] | None:
    build = words.filters.get(name)
    if build is None:
        known = ", ".join(sorted({*words.filters, *PAGING}))
        raise BadRequest(f"Unknown query parameter '{name[:80]}'. Known: {known}")
    try:
        return build(value)
    except BadValue as error:
        raise BadRequest(f"Cannot set query parameter '{name}': {error}") from None


def _either(words: Vocabulary, given: Any) -> list[ColumnElement[bool]]:
    if not isinstance(given, list) or len(given) > MOST_NESTED or not all(isinstance(one, Mapping) for one in given):
        raise BadRequest(f"'orQueries' must be a list of at most {MOST_NESTED} queries")
    if any("orQueries" in one or PAGING & one.keys() for one in given):
        raise BadRequest("A query within 'orQueries' has neither 'orQueries' nor sorting nor paging")
    return [sa.or_(*found) for one in given if (found := conditions(words, one))]


def _asks(asked: Mapping[str, Any], name: str) -> bool:
    try:
        return asked.get(name) is not None and flag(asked[name])
    except BadValue as error:
        raise BadRequest(f"Cannot set query parameter '{name}': {error}") from None


def ordered(words: Vocabulary, asked: Mapping[str, Any], statement: Select[Any]) -> Select[Any]:
    """``statement`` in the order asked for, always total; rows without a value come last."""
    order: list[ColumnElement[Any]] = []
    for one in _sortings(asked):
        by, direction = one.get("sortBy"), one.get("sortOrder")
        if by is None and direction is None:
            continue
        if by is None or direction is None:
            raise BadRequest("Only a single sorting parameter specified. sortBy and sortOrder required")
        column = words.sorts.get(str(by))
        if column is None:
            raise BadRequest(
                f"Cannot set query parameter 'sortBy' to value '{str(by)[:80]}'. Known: {', '.join(words.sorts)}"
            )
        if direction not in ("asc", "desc"):
            raise BadRequest("Cannot set query parameter 'sortOrder': asc or desc expected")
        order.append((column.asc() if direction == "asc" else column.desc()).nulls_last())
    if not order and words.usual is not None:
        order = [words.usual]
    return statement.order_by(*order, words.key)


def paged(asked: Mapping[str, Any], statement: Select[Any]) -> Select[Any]:
    """``statement`` limited by firstResult and maxResults."""
    first = _number(asked, "firstResult", 0)
    most = min(_number(asked, "maxResults", MOST), MOST)
    return statement.limit(most).offset(first)


def _sortings(asked: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    several = asked.get("sorting")
    if several is None:
        return [asked]
    if not isinstance(several, list) or not all(isinstance(one, Mapping) for one in several):
        raise BadRequest("'sorting' must be a list of {sortBy, sortOrder}")
    return several


def _number(asked: Mapping[str, Any], name: str, default: int) -> int:
    value = asked.get(name)
    if value is None:
        return default
    try:
        number = int(value) if isinstance(value, str) and value.isascii() and len(value) < 12 else value
    except ValueError:
        number = None
    if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number <= DEEPEST:
        raise BadRequest(f"Cannot set query parameter '{name}' to value '{str(value)[:80]}'")
    return number


# Builders of conditions


def equals(column: ColumnElement[Any]) -> Plain:
    """The column is exactly that text."""
    return lambda value: column == text_of(value)


def like(column: ColumnElement[Any]) -> Plain:
    """The column matches a pattern with % and _."""
    return lambda value: sa.cast(column, sa.String).like(pattern(value))


def like_ignoring_case(column: ColumnElement[Any]) -> Plain:
    """The column contains the text, upper and lower case alike (Camunda's ``nameLike`` with ``%``)."""
    return lambda value: column.ilike(pattern(value))


def pattern(value: Any) -> str:
    """A pattern that PostgreSQL takes: a backslash at its end would escape nothing, which is an error there."""
    text = text_of(value)
    return text + "\\" if (len(text) - len(text.rstrip("\\"))) % 2 else text


def one_of(column: ColumnElement[Any]) -> Plain:
    """The column is one of a list, or of a text with commas."""
    return lambda value: column.in_(list_of(value))


def none_of(column: ColumnElement[Any]) -> Plain:
    """The column is none of a list, or of a text with commas; empty ones are found."""
    return lambda value: sa.or_(column.is_(None), column.not_in(list_of(value)))


def unlike(condition: Plain) -> Plain:
    """Whatever ``condition`` does not find."""

    return lambda value: sa.not_(sa.func.coalesce(condition(value), sa.false()))


def at(column: ColumnElement[Any], compare: str, zone: Callable[[], str]) -> Plain:
    """The moment in the column is before, after or exactly the given one."""

    def build(value: Any) -> ColumnElement[bool]:
        given = parse_moment(value, zone())
        match compare:
            case "before":
                return column < given
            case "after":
                return column > given
            case _:
                return column == given

    return build


def when_true(condition: Callable[[], ColumnElement[bool]]) -> Condition:
    """A filter that is only asked with ``true``; ``false`` asks nothing, as in Camunda."""
    return lambda value: condition() if flag(value) else None


def either(yes: Callable[[], ColumnElement[bool]], no: Callable[[], ColumnElement[bool]]) -> Condition:
    """``true`` asks for one, ``false`` for the other."""
    return lambda value: yes() if flag(value) else no()


def whole(build: Callable[[int], ColumnElement[bool]]) -> Plain:
    """A condition on a whole number."""

    def convert(value: Any) -> ColumnElement[bool]:
        try:
            number = int(value) if not isinstance(value, bool) and len(str(value)) < 19 else None
        except (TypeError, ValueError):
            number = None
        if number is None:
            raise BadValue(f"{str(value)[:80]!r} is not a whole number")
        return build(number)

    return convert


def numbers(column: ColumnElement[Any]) -> Plain:
    """The column is one of these ids of the ledger; what is no number matches nothing."""
    return lambda value: column.in_([int(one) for one in list_of(value) if one.isdecimal() and len(one) < 19])


def flag(value: Any) -> bool:
    """A JSON or query-string boolean."""
    if isinstance(value, bool):
        return value
    if value in ("true", "True"):
        return True
    if value in ("false", "False"):
        return False
    raise BadValue(f"{str(value)[:80]!r} is not true or false")


def text_of(value: Any) -> str:
    """A text of a reasonable length."""
    if isinstance(value, bool) or not isinstance(value, str | int) or len(str(value)) > 4000:
        raise BadValue("a text is expected")
    return str(value)


def list_of(value: Any) -> list[str]:
    """A JSON list of texts, or a text with commas."""
    values = value.split(",") if isinstance(value, str) else value
    if not isinstance(values, list) or len(values) > 1000:
        raise BadValue("a list of at most 1000 texts is expected")
    return [text_of(one) for one in values]
