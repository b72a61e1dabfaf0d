"""``/history``: what was. Visible as what runs is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import jsonify
from flask.typing import ResponseReturnValue
from sqlalchemy import Select

from app import db
from app.business_objects import BusinessObjects
from app.engine_rest import history_queries, history_represent, history_vocabulary, queries, requests
from app.engine_rest.context import blueprint, objects, shown_variables
from app.engine_rest.errors import BadRequest, Missing
from app.engine_rest.filters import Vocabulary
from app.security import Principal, current, signed_in
from engine.tables import process_instance

NAMED = ("processInstanceId", "processInstanceIdIn")
"""Variables are kept with their instance, so an instance has to be named."""
Query = Callable[[Principal, BusinessObjects, requests.Asked], Select[Any]]
Show = Callable[[Any], dict[str, Any]]


@blueprint.get("/history/process-instance")
@signed_in
def past_instances() -> ResponseReturnValue:
    """Instances that run or have ended."""
    return _listed(history_vocabulary.INSTANCE, history_queries.instances, history_represent.instance)


@blueprint.get("/history/process-instance/count")
@signed_in
def count_past_instances() -> ResponseReturnValue:
    """How many match."""
    return _counted(history_queries.instances)


@blueprint.get("/history/process-instance/<instance_id>")
@signed_in
def past_instance(instance_id: str) -> ResponseReturnValue:
    """One of them."""
    statement = history_queries.instances(current(), objects(), {})
    row = queries.one(db.session(), statement, process_instance.c.id, instance_id)
    if row is None:
        raise Missing(f"Historic process instance with id {instance_id[:100]} does not exist")
    return jsonify(history_represent.instance(row))


@blueprint.get("/history/task")
@signed_in
def past_tasks() -> ResponseReturnValue:
    """User tasks that are open or over."""
    return _listed(history_vocabulary.TASK, history_queries.tasks, history_represent.task)


@blueprint.get("/history/task/count")
@signed_in
def count_past_tasks() -> ResponseReturnValue:
    """How many match."""
    return _counted(history_queries.tasks)


@blueprint.get("/history/activity-instance")
@signed_in
def past_activities() -> ResponseReturnValue:
    """Nodes that were passed, and user tasks."""
    return _listed(history_vocabulary.ACTIVITY, history_queries.activities, history_represent.activity)


@blueprint.get("/history/activity-instance/count")
@signed_in
def count_past_activities() -> ResponseReturnValue:
    """How many match."""
    return _counted(history_queries.activities)


@blueprint.get("/history/incident")
@signed_in
def past_incidents() -> ResponseReturnValue:
    """Incidents, open and resolved."""
    return _listed(history_vocabulary.INCIDENT, queries.incidents, history_represent.incident)


@blueprint.get("/history/incident/count")
@signed_in
def count_past_incidents() -> ResponseReturnValue:
    """How many match."""
    return _counted(queries.incidents)


@blueprint.get("/history/variable-instance")
@signed_in
def past_variables() -> ResponseReturnValue:
    """The last values of the variables of instances that are named."""
    asked = requests.asked()
    found = _variables(asked)
    first, most = int(asked.get("firstResult", 0)), int(asked.get("maxResults", len(found)))
    return jsonify(found[first : first + most])


@blueprint.get("/history/variable-instance/count")
@signed_in
def count_past_variables() -> ResponseReturnValue:
    """How many match."""
    return jsonify(count=len(_variables(requests.asked())))


def _variables(asked: requests.Asked) -> list[dict[str, Any]]:
    if not any(asked.get(name) for name in NAMED):
        raise BadRequest("Name process instances by 'processInstanceId' or 'processInstanceIdIn'")
    name = asked.get("variableName")
    of_instance = {key: value for key, value in asked.items() if key not in ("variableName", "deserializeValues")}
    statement = history_queries.variables(current(), objects(), of_instance)
    rows = queries.page(db.session(), history_vocabulary.INSTANCE, _whole(of_instance), statement)
    return [
        history_represent.variable(row, one, value)
        for row in rows
        for one, value in sorted(shown_variables(row.definition_id, row.variables).items())
        if name in (None, one)
    ]


def _whole(asked: requests.Asked) -> dict[str, Any]:
    """Pages are cut out of the variables, not out of the instances; numbers are checked on the way."""
    for name in ("firstResult", "maxResults"):
        if not str(asked.get(name, 0)).isdecimal() or len(str(asked.get(name, 0))) > 9:
            raise BadRequest(f"Cannot set query parameter '{name}' to value '{str(asked[name])[:80]}'")
    return {name: value for name, value in asked.items() if name not in ("firstResult", "maxResults")}


def _listed(words: Vocabulary, query: Query, show: Show) -> ResponseReturnValue:
    asked = requests.asked()
    rows = queries.page(db.session(), words, asked, query(current(), objects(), asked))
    return jsonify([show(row) for row in rows])


def _counted(query: Query) -> ResponseReturnValue:
    return jsonify(count=queries.count(db.session(), query(current(), objects(), requests.asked())))
