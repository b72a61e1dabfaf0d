"""The declaration of a list."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from sqlalchemy import ColumnElement, Row, Select
from sqlalchemy.orm import InstrumentedAttribute, Session

if TYPE_CHECKING:
    from app.security import Principal
    from app.web.lists.filters import Filter

T = TypeVar("T")
Expression = ColumnElement[Any] | InstrumentedAttribute[Any]


@dataclass(frozen=True, slots=True)
class Sort:
    """An order that people may choose. Name the index that serves it beside the declaration.

    ``nullable``: rows without a value come last in both directions.
    """

    expression: Expression
    nullable: bool = False


@dataclass(frozen=True, slots=True)
class Column(Generic[T]):
    """A column of the table and of the export. ``value`` gives the exported value of a row: text, number, date or
    moment. ``permission``: left out of table and export for everybody without it."""

    name: str
    label: Any  # a lazy string
    value: Callable[[T], Any]
    sort: str | None = None
    numeric: bool = False
    permission: str | None = None
    only_export: bool = False


@dataclass(frozen=True, slots=True)
class ListSpec(Generic[T]):
    """What a list shows and how it may be searched.

    ``select``: what this principal may see, without order and limit. ``rows``: the page's database rows as the frozen
    rows that templates show, loaded for the whole page at once. ``key``: a unique column, the last sort of every order.
    """

    name: str
    select: Callable[[Session, Principal], Select[*tuple[Any, ...]]]
    rows: Callable[[Session, Sequence[Row[*tuple[Any, ...]]]], Sequence[T]]
    key: Expression
    columns: Sequence[Column[T]]
    sorts: dict[str, Sort]
    default_sort: str
    """Name of a sort, with ``-`` in front for descending."""
    filters: Sequence[Filter] = ()
    page_size: int = 50
    most_counted: int = 1_000
    """Counting stops here: nobody reads the exact size of a longer list, and whether a row may be seen takes its
    time."""
    export_permission: str | None = None
    title: Any = None
