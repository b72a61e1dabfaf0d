"""One page of a list, as the URL asks for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from zoneinfo import ZoneInfo

from flask import Response, current_app, make_response, render_template, request
from sqlalchemy import ColumnElement, Row, Select, func, select
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

import app.db as db
from app.errors import FieldErrors, NotAllowedHere
from app.security import Principal, current
from app.web.lists import export
from app.web.lists.filters import BoundFilter, FilterContext
from app.web.lists.paging import Cursor, Order
from app.web.lists.spec import Column, ListSpec
from app.web.rendering import merged_query, wants_fragment

T = TypeVar("T")
PAGING = ("after", "before")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """What the template shows."""

    name: str
    rows: Sequence[T]
    columns: Sequence[Column[T]]
    filters: Sequence[BoundFilter]
    sort: str
    descending: bool
    total: int
    most_counted: int
    after: str | None
    """Cursor of the next page; None on the last."""
    before: str | None
    may_export: bool

    @property
    def capped(self) -> bool:
        """True when there are more rows than ``total`` says."""
        return self.total > self.most_counted

    @property
    def filtered(self) -> bool:
        """True when a filter narrows the list."""
        return any(bound.condition is not None for bound in self.filters)

    def sort_url(self, sort: str) -> str:
        """The address that sorts by ``sort``; the other way round if it does already."""
        turned = f"-{sort}" if self.sort == sort and not self.descending else sort
        return merged_query(sort=turned, after=None, before=None)

    def reset_url(self) -> str:
        """The same list without filters."""
        gone = {name: None for bound in self.filters if bound.kind != "hidden" for name in _parameters(bound)}
        return merged_query(**gone, after=None, before=None)

    def page_url(self, **cursor: str | None) -> str:
        """The next page (``after=``), the one before (``before=``) or the first one (neither)."""
        return merged_query(**{"after": None, "before": None, **cursor})

    def export_url(self, kind: str) -> str:
        """The whole filtered list as a file (``csv`` or ``xlsx``)."""
        return merged_query(export=kind, after=None, before=None)


def _parameters(bound: BoundFilter) -> tuple[str, ...]:
    ranges = bound.kind in ("dates", "numbers")
    return (f"{bound.name}_from", f"{bound.name}_to") if ranges else (bound.name,)


def respond(spec: ListSpec[T], page_template: str, fragment: str, **context: Any) -> Response:
    """Answer a list's route: the page, the fragment for htmx, or the file that ``?export=`` asks for.

    The templates get ``page`` and ``context``. Raises ``NotAllowedHere`` for an export without its permission.
    """
    session, principal = db.session(), current()
    if request.args.get("export") in export.KINDS:
        return _exported(spec, session, principal, request.args["export"])
    page = load(spec, session, principal, request.args)
    template = fragment if wants_fragment() else page_template
    response = make_response(render_template(template, page=page, **context))
    response.headers["Vary"] = "HX-Request"
    if wants_fragment():
        response.headers["HX-Push-Url"] = _tidy_address()
    return response


def load(spec: ListSpec[T], session: Session, principal: Principal, arguments: MultiDict[str, str]) -> Page[T]:
    """The page that ``arguments`` (of the URL) describe."""
    filters = _bound(spec, session, arguments)
    sort, descending = _chosen_sort(spec, arguments.get("sort", ""))
    order = Order(spec.sorts[sort], spec.key, descending)
    matching = _narrowed(spec.select(session, principal), filters)
    found, after, before = _window(spec, session, matching, order, arguments)
    return Page(
        name=spec.name,
        rows=spec.rows(session, [row for row, _value, _key in found]),
        columns=[column for column in _columns(spec, principal) if not column.only_export],
        filters=filters,
        sort=sort,
        descending=descending,
        total=_count(session, matching, spec),
        most_counted=spec.most_counted,
        after=after,
        before=before,
        may_export=_may_export(spec, principal),
    )


def matching(
    spec: ListSpec[T], session: Session, principal: Principal, arguments: MultiDict[str, str]
) -> Select[*tuple[Any, ...]]:
    """Every row that ``arguments`` (of the URL) describe, without an order. Raises ``FieldErrors`` for a filter that
    is not understood: what is done to all in a filter must not be done to all there are."""
    filters = _bound(spec, session, arguments)
    errors = {bound.name: [f"{bound.label}: {bound.error}"] for bound in filters if bound.error}
    if errors:
        raise FieldErrors(errors)
    return _narrowed(spec.select(session, principal), filters)


def first_rows(
    spec: ListSpec[T],
    session: Session,
    principal: Principal,
    arguments: MultiDict[str, str],
    limit: int,
    columns: Sequence[ColumnElement[Any]] = (),
) -> Sequence[Row[Any]]:
    """The first ``limit`` rows that ``arguments`` describe, in their order: ``columns`` of the tables of the list, the
    key alone when none are named. Raises ``FieldErrors``."""
    sort, descending = _chosen_sort(spec, arguments.get("sort", ""))
    order = Order(spec.sorts[sort], spec.key, descending)
    found = matching(spec, session, principal, arguments).order_by(*order.terms()).limit(limit)
    return session.execute(found.with_only_columns(*(columns or (spec.key,)), maintain_column_froms=True)).all()


def first_keys(
    spec: ListSpec[T], session: Session, principal: Principal, arguments: MultiDict[str, str], limit: int
) -> list[Any]:
    """The keys of the first ``limit`` rows that ``arguments`` describe, in their order. Raises ``FieldErrors``."""
    return [row[0] for row in first_rows(spec, session, principal, arguments, limit)]


def _bound(spec: ListSpec[T], session: Session, arguments: MultiDict[str, str]) -> list[BoundFilter]:
    context = FilterContext(session, ZoneInfo(current_app.extensions["keliu.settings"].zone))
    return [item.bind(arguments, context) for item in spec.filters]


def _narrowed(statement: Select[*tuple[Any, ...]], filters: Sequence[BoundFilter]) -> Select[*tuple[Any, ...]]:
    return statement.where(*(bound.condition for bound in filters if bound.condition is not None))


def _columns(spec: ListSpec[T], principal: Principal) -> list[Column[T]]:
    return [c for c in spec.columns if c.permission is None or c.permission in principal.permissions]


def _may_export(spec: ListSpec[T], principal: Principal) -> bool:
    return spec.export_permission is None or spec.export_permission in principal.permissions


def _chosen_sort(spec: ListSpec[T], asked: str) -> tuple[str, bool]:
    if asked.removeprefix("-") not in spec.sorts:
        asked = spec.default_sort
    return asked.removeprefix("-"), asked.startswith("-")


Found = list[tuple[Any, Any, Any]]


def _window(
    spec: ListSpec[T],
    session: Session,
    matching: Select[*tuple[Any, ...]],
    order: Order,
    arguments: MultiDict[str, str],
) -> tuple[Found, str | None, str | None]:
    """The rows of the page, each with its sort value and key, and the cursors of its neighbours."""
    before = order.decode(arguments.get("before", ""))
    cursor = before or order.decode(arguments.get("after", ""))
    found = _fetch(session, matching, order, cursor, spec.page_size + 1, backwards=before is not None)
    more = len(found) > spec.page_size
    found = found[: spec.page_size]
    if before is not None:
        found.reverse()
        earlier, later = more, True
    else:
        earlier, later = cursor is not None, more
    if not found:
        return [], None, None
    first, last = (order.encode(value, key) for _row, value, key in (found[0], found[-1]))
    return found, last if later else None, first if earlier else None


def _fetch(
    session: Session,
    matching: Select[*tuple[Any, ...]],
    order: Order,
    cursor: Cursor | None,
    limit: int,
    *,
    backwards: bool = False,
) -> Found:
    statement = matching.add_columns(order.sort.expression.label("sort_value"), order.key.label("sort_key"))
    if cursor is not None:
        statement = statement.where(order.beyond(cursor, backwards=backwards))
    rows = session.execute(statement.order_by(*order.terms(backwards=backwards)).limit(limit))
    return [(row, row[-2], row[-1]) for row in rows]


def _count(session: Session, matching: Select[*tuple[Any, ...]], spec: ListSpec[T]) -> int:
    some = matching.with_only_columns(spec.key, maintain_column_froms=True).limit(spec.most_counted + 1).subquery()
    return session.scalars(select(func.count()).select_from(some)).one()


def _exported(spec: ListSpec[T], session: Session, principal: Principal, kind: str) -> Response:
    if not _may_export(spec, principal):
        raise NotAllowedHere(spec.export_permission or "")
    sort, descending = _chosen_sort(spec, request.args.get("sort", ""))
    order = Order(spec.sorts[sort], spec.key, descending)
    matching = _narrowed(spec.select(session, principal), _bound(spec, session, request.args))
    columns = _columns(spec, principal)
    rows: list[list[Any]] = []
    cursor: Cursor | None = None
    while len(rows) < export.MOST_ROWS:
        found = _fetch(session, matching, order, cursor, export.BATCH)
        rows += [
            [column.value(row) for column in columns] for row in spec.rows(session, [row for row, _v, _k in found])
        ]
        if len(found) < export.BATCH:
            break
        cursor = Cursor(found[-1][1], found[-1][2])
    return export.file_response(kind, spec.name, [str(column.label) for column in columns], rows[: export.MOST_ROWS])


def _tidy_address() -> str:
    """The address of the list without empty parameters: short enough to send to a colleague."""
    kept = {name: [value for value in values if value] for name, values in request.args.lists()}
    return merged_query(**{name: values or None for name, values in kept.items()})
