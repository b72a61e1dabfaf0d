"""``/process-definition``: what is deployed, and starting it. Also ``/version`` and ``/engine``."""

from __future__ import annotations

from typing import Any

from flask import jsonify
from flask.typing import ResponseReturnValue
from sqlalchemy import Row
from sqlalchemy.orm import Session

import engine
from app import db
from app.business_objects import BusinessObject, objects
from app.confidential import variables_of
from app.engine_rest import queries, represent, requests, vocabulary
from app.engine_rest.context import blueprint, visible_definition, visible_definition_by_key
from app.engine_rest.errors import BadRequest
from app.engine_rest.listing import Listing, each, offer
from app.errors import FieldErrors, NotAllowedHere
from app.security import current, public, signed_in

DIALECT = "7.24.0"
"""The Camunda version whose REST API this follows."""
STARTED_WITH = frozenset(
    {"businessKey", "variables", "withVariablesInReturn", "startInstructions", "skipCustomListeners", "skipIoMappings"}
)  # fmt: skip


@blueprint.get("/version")
@public
def version() -> ResponseReturnValue:
    """The dialect spoken here."""
    return jsonify(version=DIALECT)


@blueprint.get("/engine")
@public
def engines() -> ResponseReturnValue:
    """The one engine."""
    return jsonify([{"name": "default"}])


DEFINITIONS = Listing(
    vocabulary.DEFINITION, lambda asked: queries.definitions(current(), asked), each(represent.definition)
)
offer("/process-definition", DEFINITIONS, signed_in, by_body=False)


@blueprint.get("/process-definition/<definition_id>")
@signed_in
def process_definition(definition_id: str) -> ResponseReturnValue:
    """One version."""
    return jsonify(represent.definition(visible_definition(definition_id)))


@blueprint.get("/process-definition/key/<key>")
@signed_in
def process_definition_by_key(key: str) -> ResponseReturnValue:
    """The newest active version."""
    return jsonify(represent.definition(visible_definition_by_key(key)))


@blueprint.get("/process-definition/<definition_id>/xml")
@signed_in
def process_definition_xml(definition_id: str) -> ResponseReturnValue:
    """Its BPMN file."""
    return _xml(visible_definition(definition_id))


@blueprint.get("/process-definition/key/<key>/xml")
@signed_in
def process_definition_xml_by_key(key: str) -> ResponseReturnValue:
    """The BPMN file of the newest active version."""
    return _xml(visible_definition_by_key(key))


@blueprint.post("/process-definition/<definition_id>/start")
@signed_in
def start(definition_id: str) -> ResponseReturnValue:
    """Start this version; a process with a business object always starts its newest one."""
    return _start(visible_definition(definition_id), by_id=True)


@blueprint.post("/process-definition/key/<key>/start")
@signed_in
def start_by_key(key: str) -> ResponseReturnValue:
    """Start the newest active version."""
    return _start(visible_definition_by_key(key), by_id=False)


@blueprint.post("/process-definition/<definition_id>/submit-form")
@signed_in
def submit_start_form(definition_id: str) -> ResponseReturnValue:
    """Camunda's other name for starting with the values of a form."""
    return _submit(visible_definition(definition_id), by_id=True)


@blueprint.post("/process-definition/key/<key>/submit-form")
@signed_in
def submit_start_form_by_key(key: str) -> ResponseReturnValue:
    """The same for the newest active version."""
    return _submit(visible_definition_by_key(key), by_id=False)


def _xml(row: Row[Any]) -> ResponseReturnValue:
    xml = engine.queries.definition_xml(db.session(), row.id)
    return jsonify(id=row.id, bpmn20Xml=xml.decode("utf-8", "replace"))


def _submit(row: Row[Any], *, by_id: bool) -> ResponseReturnValue:
    session, given = db.session(), requests.only(requests.body(), {"variables", "businessKey"})
    variables, key = requests.variables(given), requests.text(given, "businessKey")
    instance_id = start_instance(session, row, variables, key, source="rest", by_id=by_id)
    return jsonify(represent.started(engine.queries.instance(session, instance_id), None))


def _start(row: Row[Any], *, by_id: bool) -> ResponseReturnValue:
    session, given = db.session(), requests.only(requests.body(), STARTED_WITH)
    if given.get("startInstructions"):
        raise BadRequest("'startInstructions' are not supported: start, then modify the instance")
    variables, key = requests.variables(given), requests.text(given, "businessKey")
    instance_id = start_instance(session, row, variables, key, source="rest", by_id=by_id)
    found = engine.queries.instance(session, instance_id)
    shown = variables_of(instance_id) if requests.flag(given, "withVariablesInReturn") else None
    return jsonify(represent.started(found, shown))


def start_instance(
    session: Session, row: Row[Any], variables: dict[str, Any], key: str | None, *, source: str, by_id: bool
) -> str:
    """Start a process as the caller; the id of the instance.

    A process with a business object numbers its cases itself: with all required fields its first task is done at once,
    with some of them the instance waits at it. A value that is wrong, not merely missing, is refused.
    """
    principal, known = current(), objects().get(row.key)
    if known is not None:
        return _start_object(session, known, variables, source)
    if not principal.has("task.work"):
        raise NotAllowedHere("task.work")
    command = engine.StartProcess(
        process_key=None if by_id else row.key,
        definition_id=row.id if by_id else None,
        business_key=key,
        variables=variables,
        actor=principal.login,
    )
    result = engine.execute(session, command)
    assert result.instance_id is not None
    return result.instance_id


def _start_object(session: Session, known: BusinessObject, variables: dict[str, Any], source: str) -> str:
    try:
        return known.start(session, current(), variables, source=source).instance_id
    except FieldErrors as refused:
        given = {name for name, value in variables.items() if value not in (None, "")}
        if any(name == "" or name.partition(".")[0] in given for name in refused.errors):
            raise
    return known.start(session, current(), variables, source=source, may_wait=True).instance_id
