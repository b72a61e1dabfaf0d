"""``/process-instance``: what runs, its variables, and cancelling it."""

from __future__ import annotations

from typing import Any

from flask import jsonify, request
from flask.typing import ResponseReturnValue

import engine
from app import db
from app.business_objects import objects
from app.confidential import shown_variables
from app.engine_rest import activity_tree, queries, represent, together, vocabulary
from app.engine_rest.context import blueprint, visible_instance
from app.engine_rest.errors import Missing
from app.engine_rest.listing import Listing, each, offer
from app.engine_rest.values import to_camunda, variables_to_camunda
from app.security import current, policy, signed_in
from engine.tables import task_comment, user_task

INSTANCES = Listing(
    vocabulary.INSTANCE, lambda asked: queries.instances(current(), objects(), asked), each(represent.instance)
)
offer("/process-instance", INSTANCES, signed_in)


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


@blueprint.get("/process-instance/<instance_id>/activity-instances")
@signed_in
def activity_instances(instance_id: str) -> ResponseReturnValue:
    """Where it waits, as a tree."""
    return jsonify(activity_tree.tree(db.session(), visible_instance(instance_id)))


@blueprint.get("/process-instance/<instance_id>/comment")
@signed_in
def instance_comments(instance_id: str) -> ResponseReturnValue:
    """What was said about those of its tasks that the caller sees."""
    row = visible_instance(instance_id)
    seen = together.seen_tasks(current(), objects()).where(user_task.c.instance_id == row.id)
    return jsonify(
        [represent.comment(one) for one in together.comments(db.session(), task_comment.c.task_id.in_(seen))]
    )


def _variables(instance_id: str) -> dict[str, Any]:
    row = visible_instance(instance_id)
    return shown_variables(row.definition_id, engine.queries.instance(db.session(), row.id).variables)
