"""A list of a resource in Camunda's way: asked by address or by body, counted by both."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import jsonify
from flask.typing import ResponseReturnValue
from sqlalchemy import Row, Select

from app import db
from app.engine_rest import queries, requests
from app.engine_rest.context import blueprint
from app.engine_rest.filters import Vocabulary

View = Callable[[], ResponseReturnValue]
Guard = Callable[[View], View]


def each(show: Callable[[Any], dict[str, Any]]) -> Callable[[Sequence[Row[Any]], requests.Asked], list[dict[str, Any]]]:
    """Rows shown one by one."""
    return lambda rows, _asked: [show(row) for row in rows]


@dataclass(frozen=True, slots=True)
class Listing:
    """What a resource is filtered and sorted by, which rows the caller sees, and how they are shown."""

    words: Vocabulary
    query: Callable[[requests.Asked], Select[Any]]
    show: Callable[[Sequence[Row[Any]], requests.Asked], list[dict[str, Any]]]

    def page(self, asked: requests.Asked) -> list[dict[str, Any]]:
        """The rows of one page. Raises :class:`BadRequest`."""
        return self.show(queries.page(db.session(), self.words, asked, self.query(asked)), asked)

    def count(self, asked: requests.Asked) -> int:
        """How many match. Raises :class:`BadRequest`."""
        return queries.count(db.session(), self.query(asked))


OFFERED: dict[str, Listing] = {}
"""Every list by its address."""


def offer(path: str, listing: Listing, guard: Guard, *, by_body: bool = True) -> None:
    """Add the routes of a list: ``GET`` of it and of its count, and the same by ``POST`` unless Camunda has none."""
    OFFERED[path] = listing
    add(path, "GET", guard(lambda: jsonify(listing.page(requests.asked()))))
    add(f"{path}/count", "GET", guard(lambda: jsonify(count=listing.count(requests.asked()))))
    if by_body:
        add(path, "POST", guard(_only_asks(lambda: jsonify(listing.page(requests.asked_in_body())))))
        add(f"{path}/count", "POST", guard(_only_asks(lambda: jsonify(count=listing.count(requests.asked_in_body())))))


def add(path: str, method: str, view: View) -> None:
    """Add one route under a name made of its address."""
    name = path.strip("/").replace("/", "_").replace("-", "_")
    blueprint.add_url_rule(path, f"{name}_{method.lower()}", view, methods=[method])


def _only_asks(view: View) -> View:
    return db.without_unit_of_work(view)


def first_rows(asked: Mapping[str, Any], found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One page of what was put together outside the database."""
    first, most = requests.paging(asked)
    return found[first : first + most]
