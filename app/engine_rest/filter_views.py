"""``/filter``: queries for tasks that a program keeps for its owner. Everybody sees their own, and what one finds is
what its owner may see at that moment."""

from __future__ import annotations

from typing import Any

from flask import jsonify
from flask.typing import ResponseReturnValue
from sqlalchemy import Select, false, select, true

import engine
from app import db
from app.engine_rest import filters, queries, requests
from app.engine_rest.context import blueprint, number_of
from app.engine_rest.errors import BadRequest, Missing
from app.engine_rest.filters import Vocabulary, equals, like
from app.engine_rest.models import TaskFilter
from app.engine_rest.task_views import TASKS
from app.security import current, signed_in

PROPERTIES = {"id", "resourceType", "name", "owner", "query", "properties", "itemCount"}
MOST = 500
"""Filters one person may keep."""
FILTER = Vocabulary(
    filters={
        "filterId": filters.numbers(TaskFilter.__table__.c.id),
        "name": equals(TaskFilter.__table__.c.name),
        "nameLike": like(TaskFilter.__table__.c.name),
        "owner": equals(TaskFilter.__table__.c.owner),
        "resourceType": lambda value: true() if value == "Task" else false(),
    },
    sorts={
        "filterId": TaskFilter.__table__.c.id,
        "name": TaskFilter.__table__.c.name,
        "owner": TaskFilter.__table__.c.owner,
        "firstName": TaskFilter.__table__.c.name,
    },
    key=TaskFilter.__table__.c.id,
    ignored=frozenset({"itemCount"}),
)


@blueprint.get("/filter")
@signed_in
def task_filters() -> ResponseReturnValue:
    """The caller's own filters that match."""
    asked = requests.asked()
    statement = filters.paged(asked, filters.ordered(FILTER, asked, _own(asked)))
    counts = asked.get("itemCount") == "true"
    return jsonify([_shown(row, counts=counts) for row in db.session().scalars(statement)])


@blueprint.get("/filter/count")
@signed_in
def count_task_filters() -> ResponseReturnValue:
    """How many match."""
    return jsonify(count=queries.count(db.session(), _own(requests.asked())))


@blueprint.post("/filter/create")
@signed_in
def create_filter() -> ResponseReturnValue:
    """Keep a query under a name."""
    session = db.session()
    if queries.count(session, _own({})) >= MOST:
        raise BadRequest(f"At most {MOST} filters can be kept")
    made = TaskFilter(owner=current().login, created_at=engine.now(session), **_given())
    session.add(made)
    session.flush()
    return jsonify(_shown(made))


@blueprint.get("/filter/<filter_id>")
@signed_in
def task_filter(filter_id: str) -> ResponseReturnValue:
    """One of the caller's filters."""
    return jsonify(_shown(_found(filter_id), counts=requests.asked().get("itemCount") == "true"))


@blueprint.put("/filter/<filter_id>")
@signed_in
def change_filter(filter_id: str) -> ResponseReturnValue:
    """Replace what it is called and asks for."""
    found = _found(filter_id)
    for name, value in _given().items():
        setattr(found, name, value)
    return "", 204


@blueprint.delete("/filter/<filter_id>")
@signed_in
def delete_filter(filter_id: str) -> ResponseReturnValue:
    """It is gone."""
    db.session().delete(_found(filter_id))
    return "", 204


@blueprint.get("/filter/<filter_id>/list")
@signed_in
def filtered(filter_id: str) -> ResponseReturnValue:
    """The tasks it finds now."""
    return jsonify(TASKS.page(_asked(filter_id, {})))


@blueprint.post("/filter/<filter_id>/list")
@signed_in
@db.without_unit_of_work  # it only asks
def filtered_further(filter_id: str) -> ResponseReturnValue:
    """Those that also fit the query sent."""
    return jsonify(TASKS.page(_asked(filter_id, requests.body())))


@blueprint.get("/filter/<filter_id>/count")
@signed_in
def count_filtered(filter_id: str) -> ResponseReturnValue:
    """How many it finds."""
    return jsonify(count=TASKS.count(_asked(filter_id, {})))


@blueprint.post("/filter/<filter_id>/count")
@signed_in
@db.without_unit_of_work  # it only asks
def count_filtered_further(filter_id: str) -> ResponseReturnValue:
    """How many of them also fit the query sent."""
    return jsonify(count=TASKS.count(_asked(filter_id, requests.body())))


@blueprint.get("/filter/<filter_id>/singleResult")
@signed_in
def filtered_one(filter_id: str) -> ResponseReturnValue:
    """The one task it finds; 204 when there is none."""
    return _single(_asked(filter_id, {}))


@blueprint.post("/filter/<filter_id>/singleResult")
@signed_in
@db.without_unit_of_work  # it only asks
def filtered_one_further(filter_id: str) -> ResponseReturnValue:
    """The same, also fitting the query sent."""
    return _single(_asked(filter_id, requests.body()))


def _single(asked: dict[str, Any]) -> ResponseReturnValue:
    found = TASKS.page({**asked, "maxResults": 2})
    if len(found) > 1:
        raise BadRequest("Filter contains more than one result")
    return jsonify(found[0]) if found else ("", 204)


def _own(asked: requests.Asked) -> Select[Any]:
    mine = select(TaskFilter).where(TaskFilter.owner == current().login)
    return mine.where(*filters.conditions(FILTER, asked))


def _found(filter_id: str) -> TaskFilter:
    number = number_of(filter_id)
    found = None if number is None else db.session().get(TaskFilter, number)
    if found is None or found.owner != current().login:
        raise Missing(f"Filter with id '{filter_id[:100]}' does not exist.")
    return found


def _given() -> dict[str, Any]:
    """What a filter holds; its query is tried before it is kept."""
    given = requests.only(requests.body(), PROPERTIES)
    if given.get("resourceType", "Task") != "Task":
        raise BadRequest("'resourceType' must be Task")
    if given.get("owner") not in (None, "", current().login):
        raise BadRequest("A filter belongs to who creates it")
    query, properties = given.get("query") or {}, given.get("properties") or {}
    if not isinstance(query, dict) or not isinstance(properties, dict):
        raise BadRequest("'query' and 'properties' must be objects")
    TASKS.count(query)
    filters.ordered(TASKS.words, query, TASKS.query(query))
    name = str(requests.text(given, "name", required=True))
    return {"name": name, "query": query, "properties": properties}


def _asked(filter_id: str, more: dict[str, Any]) -> dict[str, Any]:
    """The query of the filter; what is sent besides narrows it and cannot widen it."""
    kept = _found(filter_id).query
    if changed := sorted(name for name in more.keys() & kept.keys() if name != "sorting" and more[name] != kept[name]):
        raise BadRequest(f"The filter has '{changed[0][:80]}' already")
    return {**kept, **more, **requests.asked()}


def _shown(row: TaskFilter, *, counts: bool = False) -> dict[str, Any]:
    shown = {
        "id": str(row.id),
        "resourceType": "Task",
        "name": row.name,
        "owner": row.owner,
        "query": row.query,
        "properties": row.properties,
    }
    return {**shown, "itemCount": TASKS.count(row.query)} if counts else shown
