"""``/history``: what was. Visible as what runs is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import jsonify
from flask.typing import ResponseReturnValue
from sqlalchemy import Select

from app import db
from app.business_objects import objects
from app.confidential import shown_variables
from app.engine_rest import history_queries, history_represent, history_vocabulary, queries, requests
from app.engine_rest.context import blueprint
from app.engine_rest.errors import BadRequest, Missing
from app.engine_rest.history_vocabulary import ACTIVITY_ROW
from app.engine_rest.listing import Listing, add, each, first_rows, offer
from app.engine_rest.variable_lists import Order
from app.security import current, signed_in
from engine.tables import process_instance

NAMED = ("processInstanceId", "processInstanceIdIn", "executionIdIn")
"""Variables are kept with their instance, so an instance has to be named."""
OF_VARIABLES = ("variableName", "variableNameLike", "variableNameIn", "deserializeValues", "sortBy", "sortOrder")


def _of_caller(query: Callable[..., Select[Any]]) -> Callable[[requests.Asked], Select[Any]]:
    return lambda asked: query(current(), objects(), asked)


INSTANCES = Listing(
    history_vocabulary.INSTANCE, _of_caller(history_queries.instances), each(history_represent.instance)
)
TASKS = Listing(history_vocabulary.TASK, _of_caller(history_queries.tasks), each(history_represent.task))
ACTIVITIES = Listing(
    history_vocabulary.ACTIVITY, _of_caller(history_queries.activities), each(history_represent.activity)
)
INCIDENTS = Listing(history_vocabulary.INCIDENT, _of_caller(queries.incidents), each(history_represent.incident))
offer("/history/process-instance", INSTANCES, signed_in)
offer("/history/task", TASKS, signed_in)
offer("/history/activity-instance", ACTIVITIES, signed_in)
offer("/history/incident", INCIDENTS, signed_in, by_body=False)


@blueprint.get("/history/process-instance/<instance_id>")
@signed_in
def past_instance(instance_id: str) -> ResponseReturnValue:
    """One instance that runs or has ended."""
    row = queries.one(db.session(), INSTANCES.query({}), process_instance.c.id, instance_id)
    if row is None:
        raise Missing(f"Historic process instance with id {instance_id[:100]} does not exist")
    return jsonify(history_represent.instance(row))


@blueprint.get("/history/activity-instance/<activity_id>")
@signed_in
def past_activity(activity_id: str) -> ResponseReturnValue:
    """One node that was passed, or a user task."""
    row = queries.one(db.session(), ACTIVITIES.query({}), ACTIVITY_ROW.c.id, activity_id)
    if row is None:
        raise Missing(f"Historic activity instance with id '{activity_id[:100]}' does not exist")
    return jsonify(history_represent.activity(row))


@blueprint.get("/history/variable-instance/<variable_id>")
@signed_in
def past_variable(variable_id: str) -> ResponseReturnValue:
    """The last value of one variable: ``<instance>:<name>``."""
    instance_id, _, name = variable_id.partition(":")
    for found in _variables({"processInstanceId": instance_id, "variableName": name}):
        return jsonify(found)
    raise Missing(f"Variable instance with Id '{variable_id[:100]}' does not exist.")


def _page(asked: requests.Asked) -> ResponseReturnValue:
    return jsonify(first_rows(asked, _variables(asked)))


def _count(asked: requests.Asked) -> ResponseReturnValue:
    return jsonify(count=len(_variables(asked)))


VARIABLES = "/history/variable-instance"
add(VARIABLES, "GET", signed_in(lambda: _page(requests.asked())))
add(f"{VARIABLES}/count", "GET", signed_in(lambda: _count(requests.asked())))
add(VARIABLES, "POST", signed_in(db.without_unit_of_work(lambda: _page(requests.asked_in_body()))))
add(f"{VARIABLES}/count", "POST", signed_in(db.without_unit_of_work(lambda: _count(requests.asked_in_body()))))


def _variables(asked: requests.Asked) -> list[dict[str, Any]]:
    if not any(asked.get(name) for name in NAMED):
        raise BadRequest("Name process instances by 'processInstanceId' or 'processInstanceIdIn'")
    order = Order(asked)
    wanted = {name: value for name, value in asked.items() if name not in (*OF_VARIABLES, "firstResult", "maxResults")}
    if "executionIdIn" in wanted:
        wanted["processInstanceIdIn"] = wanted.pop("executionIdIn")
    statement = history_queries.variables(current(), objects(), wanted)
    found = [
        history_represent.variable(row, one, value)
        for row in queries.page(db.session(), history_vocabulary.INSTANCE, {}, statement)
        for one, value in sorted(shown_variables(row.definition_id, row.variables).items())
        if order.names.fits(one)
    ]
    return order.of(found)
