"""Filters of lists. Each reads its own parameters of the URL; a value it does not understand is named, not ignored."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, Date, and_
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from app.db import search
from app.web.lists.spec import Expression
from app.web.periods import midnight

Option = tuple[str, Any]
MAX_VALUE = 200


@dataclass(frozen=True, slots=True)
class BoundFilter:
    """A filter with the values of this request. ``condition`` None: it does not narrow the list."""

    name: str
    label: str
    kind: str
    values: tuple[str, ...] = ()
    options: tuple[tuple[str, str], ...] = ()
    condition: ColumnElement[bool] | None = None
    error: str = ""

    @property
    def value(self) -> str:
        """The only or first value."""
        return self.values[0] if self.values else ""


@dataclass(frozen=True, slots=True)
class FilterContext:
    """What filters may ask: the session, and the business zone in which days begin."""

    session: Session
    zone: ZoneInfo


class Filter(Protocol):
    """Reads its parameters and says what to look for."""

    @property
    def name(self) -> str:
        """The parameter of the URL."""
        ...

    def parameters(self) -> tuple[str, ...]:
        """All parameters of the URL that belong to this filter."""
        ...

    def bind(self, arguments: MultiDict[str, str], context: FilterContext) -> BoundFilter:
        """The filter for this request."""
        ...


def clean(value: str) -> str:
    """What a database can be asked: trimmed, bounded, without control characters (PostgreSQL refuses NUL)."""
    return "".join(c for c in value if c.isprintable()).strip()[:MAX_VALUE]


@dataclass(frozen=True, slots=True)
class _Named:
    name: str
    label: Any

    def parameters(self) -> tuple[str, ...]:
        return (self.name,)


@dataclass(frozen=True, slots=True)
class SearchFilter(_Named):
    """Free text over the search index: ``expression`` is the column that holds the ref of things of ``kind``."""

    kind: str
    expression: Expression

    def bind(self, arguments: MultiDict[str, str], context: FilterContext) -> BoundFilter:
        """Everything that matches all words."""
        value = clean(arguments.get(self.name, ""))
        condition = None
        if value:
            dialect = context.session.get_bind().dialect.name
            condition = self.expression.in_(search.matching(self.kind, value, dialect))
        return BoundFilter(self.name, str(self.label), "search", (value,) if value else (), condition=condition)


@dataclass(frozen=True, slots=True)
class TextFilter(_Named):
    """A part of a short text, in any case. For columns without search index; keep the list small."""

    expression: Expression

    def bind(self, arguments: MultiDict[str, str], context: FilterContext) -> BoundFilter:
        """Rows that contain the text."""
        value = clean(arguments.get(self.name, ""))
        condition = self.expression.icontains(value, autoescape=True) if value else None
        return BoundFilter(self.name, str(self.label), "text", (value,) if value else (), condition=condition)


@dataclass(frozen=True, slots=True)
class ChoiceFilter(_Named):
    """One of some values, or several of them. ``options``: (value, label) pairs, or a function that loads them.
    ``condition`` replaces "column is one of" where the choice means something else."""

    options: Sequence[Option] | Callable[[Session], Sequence[Option]]
    expression: Expression | None = None
    condition: Callable[[Sequence[str]], ColumnElement[bool]] | None = None
    several: bool = False

    def bind(self, arguments: MultiDict[str, str], context: FilterContext) -> BoundFilter:
        """Rows with one of the chosen values; a value that is no option is named."""
        found = self.options(context.session) if callable(self.options) else self.options
        options = tuple((str(value), str(label)) for value, label in found)
        given = [clean(value) for value in arguments.getlist(self.name)]
        chosen = tuple(dict.fromkeys(value for value in given if value))
        if not self.several:
            chosen = chosen[:1]
        kind = "choices" if self.several else "choice"
        known = {value for value, _label in options}
        if not known.issuperset(chosen):
            error = _("This value is not one of the choices.")
            return BoundFilter(self.name, str(self.label), kind, (), options, error=error)
        return BoundFilter(self.name, str(self.label), kind, chosen, options, self._meaning(chosen))

    def _meaning(self, chosen: tuple[str, ...]) -> ColumnElement[bool] | None:
        if not chosen:
            return None
        if self.condition is not None:
            return self.condition(chosen)
        assert self.expression is not None, f"filter {self.name!r} has neither expression nor condition"
        return self.expression.in_(chosen)


@dataclass(frozen=True, slots=True)
class FlagFilter(_Named):
    """A box to tick: only rows for which ``condition`` holds."""

    condition: Callable[[FilterContext], ColumnElement[bool]]

    def bind(self, arguments: MultiDict[str, str], context: FilterContext) -> BoundFilter:
        """Narrowed when ticked."""
        ticked = arguments.get(self.name, "") not in ("", "0", "false")
        condition = self.condition(context) if ticked else None
        return BoundFilter(self.name, str(self.label), "flag", ("1",) if ticked else (), condition=condition)


@dataclass(frozen=True, slots=True)
class HiddenFilter(_Named):
    """What the list is about, chosen elsewhere on the page: kept when other filters change, and narrows nothing."""

    def bind(self, arguments: MultiDict[str, str], context: FilterContext) -> BoundFilter:
        """The value as it is."""
        value = clean(arguments.get(self.name, ""))
        return BoundFilter(self.name, "", "hidden", (value,) if value else ())


@dataclass(frozen=True, slots=True)
class DateFilter(_Named):
    """From one day to another, both included; of moments, the days of the business time zone."""

    expression: Expression

    def parameters(self) -> tuple[str, ...]:
        """Two of them: ``name_from`` and ``name_to``."""
        return (f"{self.name}_from", f"{self.name}_to")

    def bind(self, arguments: MultiDict[str, str], context: FilterContext) -> BoundFilter:
        """Rows of those days; a text that is no day is named and given back."""
        texts = tuple(clean(arguments.get(name, ""))[:10] for name in self.parameters())
        try:
            first, last = (date.fromisoformat(text) if text else None for text in texts)
        except ValueError:
            error = _("Give days like 2026-11-30.")
            return BoundFilter(self.name, str(self.label), "dates", texts, error=error)
        if first and last and last < first:
            error = _("The last day is before the first.")
            return BoundFilter(self.name, str(self.label), "dates", texts, error=error)
        condition = self._between(first, last, context.zone)
        return BoundFilter(self.name, str(self.label), "dates", texts if any(texts) else (), condition=condition)

    def _between(self, first: date | None, last: date | None, zone: ZoneInfo) -> ColumnElement[bool] | None:
        days = isinstance(self.expression.type, Date)
        conditions = []
        if first:
            conditions.append(self.expression >= (first if days else midnight(first, zone)))
        if last and days:
            conditions.append(self.expression <= last)
        elif last and last < date.max:
            conditions.append(self.expression < midnight(last + timedelta(days=1), zone))
        return and_(*conditions) if conditions else None
