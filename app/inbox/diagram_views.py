"""The diagram of an instance: its file, where its tokens are, and names in English."""

from __future__ import annotations

from flask import Response, jsonify
from flask.typing import ResponseReturnValue

import engine
from app import db
from app.business_objects import objects
from app.inbox.views import blueprint
from app.process_names import element_names
from app.security import current, polling, signed_in
from app.visibility import require_instance

PEOPLE = "user_task"
"""Where people have to act comes first: the diagram shows that part."""


@blueprint.get("/instances/<instance_id>/diagram.bpmn")
@signed_in
def diagram_xml(instance_id: str) -> ResponseReturnValue:
    """The BPMN file as it was deployed."""
    session = db.session()
    found = require_instance(session, current(), objects(), instance_id)
    return Response(engine.queries.definition_xml(session, found.definition_id), mimetype="application/xml")


@blueprint.get("/instances/<instance_id>/state.json")
@signed_in
@polling
def diagram_state(instance_id: str) -> ResponseReturnValue:
    """Where the instance stands and where it has been."""
    session = db.session()
    found = require_instance(session, current(), objects(), instance_id)
    standing = sorted(engine.queries.tokens(session, found.id), key=lambda token: token.state != PEOPLE)
    tokens = [{"node": token.node_id, "state": token.state} for token in standing]
    return jsonify(tokens=tokens, passed=sorted(engine.queries.passed(session, found.id)))


@blueprint.get("/instances/<instance_id>/names.json")
@signed_in
def diagram_names(instance_id: str) -> ResponseReturnValue:
    """Names of the elements in the reader's language."""
    session = db.session()
    found = require_instance(session, current(), objects(), instance_id)
    return jsonify(element_names(session, found.definition_id))
