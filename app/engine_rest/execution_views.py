"""``/execution`` and ``/event-subscription``. An instance is its one execution, so its local variables are its own."""

from __future__ import annotations

from typing import Any

from flask import jsonify
from flask.typing import ResponseReturnValue
from sqlalchemy import Row

from app import db
from app.business_objects import objects
from app.engine_rest import queries, represent, requests, vocabulary
from app.engine_rest.context import blueprint, visible_instance
from app.engine_rest.errors import Missing
from app.engine_rest.instance_views import process_instance_variable, process_instance_variables
from app.engine_rest.listing import Listing, each, offer
from app.engine_rest.message_views import deliver
from app.engine_rest.repair_views import (
    REPAIR,
    delete_instance_variable,
    modify_instance_variables,
    set_instance_variable,
)
from app.security import current, requires, signed_in

EXECUTIONS = Listing(
    vocabulary.EXECUTION, lambda asked: queries.executions(current(), objects(), asked), each(represent.execution)
)
offer("/execution", EXECUTIONS, signed_in)
SUBSCRIPTIONS = Listing(
    vocabulary.EVENT_SUBSCRIPTION,
    lambda asked: queries.subscriptions(current(), objects(), asked),
    each(represent.subscription),
)
offer("/event-subscription", SUBSCRIPTIONS, signed_in, by_body=False)


@blueprint.get("/execution/<instance_id>")
@signed_in
def execution(instance_id: str) -> ResponseReturnValue:
    """One running instance as its execution."""
    return jsonify(represent.execution(visible_instance(instance_id)))


@blueprint.get("/execution/<instance_id>/localVariables")
@signed_in
def execution_variables(instance_id: str) -> ResponseReturnValue:
    """The instance's variables."""
    return process_instance_variables(instance_id)


@blueprint.post("/execution/<instance_id>/localVariables")
@requires(REPAIR)
def modify_execution_variables(instance_id: str) -> ResponseReturnValue:
    """Set and remove several."""
    return modify_instance_variables(instance_id)


@blueprint.get("/execution/<instance_id>/localVariables/<name>")
@signed_in
def execution_variable(instance_id: str, name: str) -> ResponseReturnValue:
    """One of them."""
    return process_instance_variable(instance_id, name)


@blueprint.put("/execution/<instance_id>/localVariables/<name>")
@requires(REPAIR)
def set_execution_variable(instance_id: str, name: str) -> ResponseReturnValue:
    """Set one."""
    return set_instance_variable(instance_id, name)


@blueprint.delete("/execution/<instance_id>/localVariables/<name>")
@requires(REPAIR)
def delete_execution_variable(instance_id: str, name: str) -> ResponseReturnValue:
    """Remove one."""
    return delete_instance_variable(instance_id, name)


@blueprint.get("/execution/<instance_id>/messageSubscriptions/<name>")
@signed_in
def message_subscription(instance_id: str, name: str) -> ResponseReturnValue:
    """The message of that name, if the instance waits for it."""
    return jsonify(represent.subscription(_waits_for(visible_instance(instance_id), name)))


@blueprint.post("/execution/<instance_id>/messageSubscriptions/<name>/trigger")
@signed_in
def trigger_message(instance_id: str, name: str) -> ResponseReturnValue:
    """Give the instance the message, by the rules of ``POST /message``."""
    row, given = visible_instance(instance_id), requests.only(requests.body(), {"variables"})
    _waits_for(row, name)
    deliver(db.session(), row, name, requests.variables(given))
    return "", 204


def _waits_for(row: Row[Any], name: str) -> Row[Any]:
    asked = {"processInstanceId": row.id, "eventName": name, "eventType": "message"}
    found = db.session().execute(queries.subscriptions(current(), objects(), asked).limit(1)).one_or_none()
    if found is None:
        raise Missing(f"Message event subscription for execution {row.id} named {name[:100]} does not exist")
    return found
