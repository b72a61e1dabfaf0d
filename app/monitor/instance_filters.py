"""Filters of the list of instances. Each asks an index for ids; see :mod:`engine.queries.finding`."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, Select, and_, func, or_, select, union
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

import engine
from app.accounts import queries as accounts
from app.business_objects import BusinessObjects
from app.db import search
from app.monitor.search_values import SearchVariable
from app.security import Principal
from app.visibility import REPAIR
from app.web.lists import BoundFilter, FilterContext
from app.web.lists.filters import clean
from engine.tables import asked_each, process_instance

finding = engine.queries.finding
FEW = 10_000
FEW_WORDS = 3_000
"""So many cases with all the words are looked up first."""


def among(session: Session, ids: Any) -> ColumnElement[bool]:
    """Condition on ``process_instance``: it is one of ``ids``. SQLite reads the ids once and goes along the index of
    the order until the page is full; left to itself it would look up every one of them and sort."""
    column = process_instance.c.id
    if session.get_bind().dialect.name == "sqlite":
        return (column + "").in_(ids)
    return column.in_(ids)


def among_few(session: Session, ids: Any, otherwise: ColumnElement[bool]) -> ColumnElement[bool]:
    """The same for ids of which there are few; for many of them ``otherwise``, which is asked row by row: so many rows
    fit that the page is soon full. Counts no further than :data:`FEW`."""
    some = ids.limit(FEW + 1).subquery()
    count = session.scalar(select(func.count()).select_from(some)) or 0
    return otherwise if count > FEW else among(session, ids)


def matches(session: Session, objects: BusinessObjects, principal: Principal, query: str) -> ColumnElement[bool]:
    """Condition on ``process_instance``: its business key begins like this, or its business object matches the words
    (customer, number, what it is about), as far as this person sees it: whoever only repairs does not learn whose case
    it is. Words that stand in many cases are looked for case by case."""
    row, dialect = process_instance.c, session.get_bind().dialect.name
    sets, by_row = [finding.keyed(query)], []
    repairs = any(principal.has(permission) for permission in REPAIR)  # everybody else lists only what they see
    for one in objects:
        own, key = row.definition_key == one.process_key, one.process_key
        numbers = _few(session, search.matching(key, query, dialect))
        if numbers is not None:
            if repairs and numbers:
                numbers = _few(session, _those(one.visible_keys(principal, one_by_one=True), numbers)) or []
            sets.append(select(row.id).where(own, row.business_key.in_(numbers)))
            continue
        here = _of_row(search.found_in(key, query))
        visible = _few(session, one.visible_keys(principal)) if repairs else None
        if visible is not None:
            sets.append(select(row.id).where(own, row.business_key.in_(visible), here))
        else:
            seen = [_of_row(one.visible_keys(principal, one_by_one=True))] if repairs else []
            by_row.append(and_(own, here, *seen))
    return or_(among(session, union(*sets)), *by_row)


def _few(session: Session, keys: Select[str]) -> list[str] | None:
    """The keys, or None if they are more than :data:`FEW_WORDS`."""
    found = list(session.scalars(keys.limit(FEW_WORDS + 1)))
    return found if len(found) <= FEW_WORDS else None


def _those(keys: Select[str], wanted: list[str]) -> Select[str]:
    return keys.where(next(iter(keys.selected_columns)).in_(wanted))


def _of_row(keys: Select[str]) -> ColumnElement[bool]:
    """The business key of the row is one of them, asked of this key alone."""
    key = next(iter(keys.selected_columns))
    return asked_each(keys.where(key == process_instance.c.business_key).correlate(process_instance))


@dataclass(frozen=True, slots=True)
class TextSearch:
    """Business key from its beginning, or words about the business object: the customer, what it is about."""

    name: str
    label: Any
    principal: Principal
    objects: BusinessObjects

    def parameters(self) -> tuple[str, ...]:
        """One."""
        return (self.name,)

    def bind(self, arguments: MultiDict[str, str], context: FilterContext) -> BoundFilter:
        """Instances that fit."""
        value = clean(arguments.get(self.name, ""))
        condition = None
        if value:
            condition = matches(context.session, self.objects, self.principal, value)
        return BoundFilter(self.name, str(self.label), "search", (value,) if value else (), condition=condition)


@dataclass(frozen=True, slots=True)
class StarterFilter:
    """Who started it, by login or by part of the name."""

    name: str
    label: Any

    def parameters(self) -> tuple[str, ...]:
        """One."""
        return (self.name,)

    def bind(self, arguments: MultiDict[str, str], context: FilterContext) -> BoundFilter:
        """Instances that such a person, or a program of that name, started."""
        value = clean(arguments.get(self.name, ""))
        condition = None
        if value:
            logins = {value, *accounts.logins_named(context.session, value)}
            known = sorted(logins)
            mine = process_instance.c.started_by.in_(known)
            condition = among_few(context.session, finding.started_by(known), mine)
        return BoundFilter(self.name, str(self.label), "text", (value,) if value else (), condition=condition)


@dataclass(frozen=True, slots=True)
class VariableFilter:
    """By a search variable, as its kind asks for: one of its values, a range of numbers or days, or the exact text."""

    variable: SearchVariable

    @property
    def name(self) -> str:
        """The parameter of the URL."""
        return f"v_{self.variable.name}"

    def parameters(self) -> tuple[str, ...]:
        """One, or two for a range."""
        ranges = self.variable.kind in ("numbers", "dates")
        return (f"{self.name}_from", f"{self.name}_to") if ranges else (self.name,)

    def bind(self, arguments: MultiDict[str, str], context: FilterContext) -> BoundFilter:
        """Instances whose variable is like this."""
        values = tuple(clean(arguments.get(name, "")) for name in self.parameters())
        if not any(values):
            return self._bound((), None)
        if self.variable.kind == "numbers":
            return self._numbers(values, context)
        if self.variable.kind == "dates":
            return self._dates(values, context)
        if self.variable.kind == "choice" and values[0] not in self.variable.values:
            return self._bound((), None, _("This value is not one of the choices."))
        return self._bound(values, finding.with_text(self.variable.name, values), context=context)

    def _numbers(self, values: tuple[str, ...], context: FilterContext) -> BoundFilter:
        try:
            least, most = (float(text.replace(",", "")) if text else None for text in values)
        except ValueError:
            return self._bound(values, None, _("Give numbers."))
        if any(number is not None and not math.isfinite(number) for number in (least, most)):
            return self._bound(values, None, _("Give numbers."))
        return self._bound(values, finding.with_number_between(self.variable.name, least, most), context=context)

    def _dates(self, values: tuple[str, ...], context: FilterContext) -> BoundFilter:
        try:
            least, most = (date.fromisoformat(text[:10]).isoformat() if text else None for text in values)
        except ValueError:
            return self._bound(values, None, _("Give days like 2026-11-30."))
        ids = finding.with_text_between(self.variable.name, least, most and f"{most}~")  # a moment of that day, too
        return self._bound(values, ids, context=context)

    def _bound(
        self, values: tuple[str, ...], ids: Any, error: str = "", context: FilterContext | None = None
    ) -> BoundFilter:
        options = tuple(self.variable.values.items()) if self.variable.kind == "choice" else ()
        condition = None if ids is None or context is None else self._among(context.session, ids)
        return BoundFilter(self.name, self.variable.label, self.variable.kind, values, options, condition, error)

    @staticmethod
    def _among(session: Session, ids: Select[str]) -> ColumnElement[bool]:
        """pk_instance_variable, row by row"""
        mine = next(iter(ids.selected_columns)) == process_instance.c.id
        return among_few(session, ids, asked_each(ids.where(mine).correlate(process_instance)))


@dataclass(frozen=True, slots=True)
class MomentFilter:
    """From one day to another; of a moment that no index orders by alone, the ids of those days."""

    inner: Any

    @property
    def name(self) -> str:
        """The parameter of the URL."""
        return str(self.inner.name)

    def parameters(self) -> tuple[str, ...]:
        """Two of them."""
        found: tuple[str, ...] = self.inner.parameters()
        return found

    def bind(self, arguments: MultiDict[str, str], context: FilterContext) -> BoundFilter:
        """Instances of those days."""
        bound: BoundFilter = self.inner.bind(arguments, context)
        if bound.condition is None:
            return bound
        states = or_(*(process_instance.c.state == state.value for state in engine.InstanceState))
        ids = select(process_instance.c.id).where(and_(states, bound.condition))
        found = among_few(context.session, ids, bound.condition)
        return BoundFilter(bound.name, bound.label, bound.kind, bound.values, bound.options, found, bound.error)


@dataclass(frozen=True, slots=True)
class ActivityFilter:
    """Where a token stands now: a node of one process. ``options``: (node id, name) pairs."""

    name: str
    label: Any
    process: str
    options: tuple[tuple[str, str], ...]

    def parameters(self) -> tuple[str, ...]:
        """One."""
        return (self.name,)

    def bind(self, arguments: MultiDict[str, str], context: FilterContext) -> BoundFilter:
        """Instances that wait there."""
        value = clean(arguments.get(self.name, ""))
        condition, error = None, ""
        if value in dict(self.options):
            where = (self.process, value)
            condition = among_few(context.session, finding.standing_at(*where), finding.stands_at(*where))
        elif value:
            value, error = "", _("This value is not one of the choices.")
        return BoundFilter(
            self.name, str(self.label), "choice", (value,) if value else (), self.options, condition, error
        )
