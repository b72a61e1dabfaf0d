"""``/process-instance``: what runs, its variables, and cancelling it."""

from __future__ import annotations

from typing import Any

from flask import jsonify, request
from flask.typing import ResponseReturnValue

import engine
from app import db
from app.engine_rest import queries, represent, requests, vocabulary
from app.engine_rest.context import blueprint, objects, shown_variables, visible_instance
from app.engine_rest.errors import Missing
from app.engine_rest.values import to_camunda, variables_to_camunda
from app.security import current, policy, signed_in


@blueprint.get("/process-instance")
@signed_in
def process_instances() -> ResponseReturnValue:
    """The running instances that match."""
    return _listed(requests.asked())


@blueprint.post("/process-instance")
@signed_in
@db.without_unit_of_work  # it only asks
def process_instances_by_post() -> ResponseReturnValue:
    """The same, asked by body."""
    return _listed(requests.asked_in_body())


@blueprint.get("/process-instance/count")
@signed_in
def count_process_instances() -> ResponseReturnValue:
    """How many match."""
    return _counted(requests.asked())


@blueprint.post("/process-instance/count")
@signed_in
@db.without_unit_of_work  # it only asks
def count_process_instances_by_post() -> ResponseReturnValue:
    """The same, asked by body."""
    return _counted(requests.asked_in_body())


@blueprint.get("/process-instance/<instance_id>")
@signed_in
def process_instance(instance_id: str) -> ResponseReturnValue:
    """One running instance; 404 once it has ended, as in Camunda."""
    return jsonify(represent.instance(visible_instance(instance_id)))


@blueprint.delete("/process-instance/<instance_id>")
@signed_in
def delete_process_instance(instance_id: str) -> ResponseReturnValue:
    """Cancel the instance with everything that waits in it."""
    session, principal = db.session(), current()
    row = visible_instance(instance_id)
    policy.require(session, principal, "instance.cancel")
    reason = request.args.get("deleteReason", "").replace("\x00", "")[:500] or "Cancelled over REST"
    engine.execute(session, engine.CancelInstance(instance_id=row.id, reason=reason, actor=principal.login))
    return "", 204


@blueprint.get("/process-instance/<instance_id>/variables")
@signed_in
def process_instance_variables(instance_id: str) -> ResponseReturnValue:
    """The variables of the instance's scope."""
    return jsonify(variables_to_camunda(_variables(instance_id)))


@blueprint.get("/process-instance/<instance_id>/variables/<name>")
@signed_in
def process_instance_variable(instance_id: str, name: str) -> ResponseReturnValue:
    """One variable of the instance's scope."""
    found = _variables(instance_id)
    if name not in found:
        raise Missing(f"process instance variable with name {name[:100]} does not exist")
    return jsonify(to_camunda(found[name]))


@blueprint.get("/execution")
@signed_in
def executions() -> ResponseReturnValue:
    """The running instances that match, each as its one execution."""
    asked = requests.asked()
    rows = queries.page(db.session(), vocabulary.INSTANCE, asked, queries.instances(current(), objects(), asked))
    return jsonify([represent.execution(row) for row in rows])


@blueprint.get("/execution/count")
@signed_in
def count_executions() -> ResponseReturnValue:
    """How many match."""
    return _counted(requests.asked())


def _variables(instance_id: str) -> dict[str, Any]:
    row = visible_instance(instance_id)
    return shown_variables(row.definition_id, engine.queries.instance(db.session(), row.id).variables)


def _listed(asked: requests.Asked) -> ResponseReturnValue:
    statement = queries.instances(current(), objects(), asked)
    rows = queries.page(db.session(), vocabulary.INSTANCE, asked, statement)
    return jsonify([represent.instance(row) for row in rows])


def _counted(asked: requests.Asked) -> ResponseReturnValue:
    return jsonify(count=queries.count(db.session(), queries.instances(current(), objects(), asked)))
