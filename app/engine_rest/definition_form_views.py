"""The form a process starts with, how its versions do, which processes they call, and suspending them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Response, jsonify
from flask.typing import ResponseReturnValue
from sqlalchemy import Row

import engine
from app import db, formkit
from app.business_objects import objects
from app.engine_rest import definition_statistics, form_shapes, requests
from app.engine_rest.context import blueprint, visible_definition, visible_definition_by_key
from app.engine_rest.definition_views import DEFINITIONS
from app.engine_rest.errors import BadRequest, Missing
from app.engine_rest.repair_views import REPAIR
from app.engine_rest.values import to_camunda
from app.security import current, requires, signed_in
from engine.tables import process_definition, process_definition_call

OF_SUSPENDING = frozenset({"suspended", "includeProcessInstances", "executionDate", "processDefinitionKey",
                           "processDefinitionId"})  # fmt: skip


@blueprint.get("/process-definition/<definition_id>/startForm")
@signed_in
def start_form(definition_id: str) -> ResponseReturnValue:
    """The key of the form it starts with."""
    return jsonify(form_shapes.key_of(_start_key(visible_definition(definition_id))))


@blueprint.get("/process-definition/key/<key>/startForm")
@signed_in
def start_form_by_key(key: str) -> ResponseReturnValue:
    """The same for the newest active version."""
    return jsonify(form_shapes.key_of(_start_key(visible_definition_by_key(key))))


@blueprint.get("/process-definition/<definition_id>/form-variables")
@signed_in
def start_form_variables(definition_id: str) -> ResponseReturnValue:
    """The fields of that form with what they start with."""
    return _variables(visible_definition(definition_id))


@blueprint.get("/process-definition/key/<key>/form-variables")
@signed_in
def start_form_variables_by_key(key: str) -> ResponseReturnValue:
    """The same for the newest active version."""
    return _variables(visible_definition_by_key(key))


@blueprint.get("/process-definition/<definition_id>/deployed-start-form")
@signed_in
def deployed_start_form(definition_id: str) -> ResponseReturnValue:
    """That form as a document."""
    return jsonify(_form(visible_definition(definition_id)))


@blueprint.get("/process-definition/key/<key>/deployed-start-form")
@signed_in
def deployed_start_form_by_key(key: str) -> ResponseReturnValue:
    """The same for the newest active version."""
    return jsonify(_form(visible_definition_by_key(key)))


@blueprint.get("/process-definition/<definition_id>/rendered-form")
@signed_in
def rendered_start_form(definition_id: str) -> ResponseReturnValue:
    """That form as plain inputs."""
    return _rendered(visible_definition(definition_id))


@blueprint.get("/process-definition/key/<key>/rendered-form")
@signed_in
def rendered_start_form_by_key(key: str) -> ResponseReturnValue:
    """The same for the newest active version."""
    return _rendered(visible_definition_by_key(key))


@blueprint.get("/process-definition/<definition_id>/diagram")
@signed_in
def diagram(definition_id: str) -> ResponseReturnValue:
    """No picture is deployed with a process: its BPMN file is the drawing."""
    return visible_definition(definition_id) and ("", 204)


@blueprint.get("/process-definition/key/<key>/diagram")
@signed_in
def diagram_by_key(key: str) -> ResponseReturnValue:
    """The same for the newest active version."""
    return visible_definition_by_key(key) and ("", 204)


@blueprint.get("/process-definition/<definition_id>/static-called-process-definitions")
@signed_in
def called_definitions(definition_id: str) -> ResponseReturnValue:
    """The versions that its call activities are bound to."""
    row, call = visible_definition(definition_id), process_definition_call.c
    joined = DEFINITIONS.query({}).join(process_definition_call, call.called_definition_id == process_definition.c.id)
    rows = db.session().execute(joined.where(call.definition_id == row.id).order_by(process_definition.c.key))
    return jsonify([definition_statistics.called(one, row) for one in rows])


@blueprint.get("/process-definition/statistics")
@signed_in
def statistics_of_all() -> ResponseReturnValue:
    """Instances, and on request failed jobs and incidents, of every version, as far as the caller sees them."""
    return jsonify(definition_statistics.of_all(db.session(), current(), objects(), requests.asked()))


@blueprint.get("/process-definition/<definition_id>/statistics")
@signed_in
def statistics(definition_id: str) -> ResponseReturnValue:
    """What waits at each activity of a version."""
    row = visible_definition(definition_id)
    return jsonify(definition_statistics.of_activities(db.session(), current(), objects(), row.id, requests.asked()))


@blueprint.get("/process-definition/key/<key>/statistics")
@signed_in
def statistics_by_key(key: str) -> ResponseReturnValue:
    """The same for the newest active version."""
    row = visible_definition_by_key(key)
    return jsonify(definition_statistics.of_activities(db.session(), current(), objects(), row.id, requests.asked()))


@blueprint.put("/process-definition/<definition_id>/suspended")
@requires(REPAIR)
def suspend_definition(definition_id: str) -> ResponseReturnValue:
    """Nobody starts this version any more, or somebody may again."""
    return _suspend([visible_definition(definition_id).id], requests.body())


@blueprint.put("/process-definition/key/<key>/suspended")
@requires(REPAIR)
def suspend_definitions_by_key(key: str) -> ResponseReturnValue:
    """The same for every version of a process."""
    return _suspend(_versions(key), requests.body())


@blueprint.put("/process-definition/suspended")
@requires(REPAIR)
def suspend_definitions() -> ResponseReturnValue:
    """The same, named in the body."""
    given = requests.body()
    definition_id, key = requests.text(given, "processDefinitionId"), requests.text(given, "processDefinitionKey")
    if (definition_id is None) == (key is None):
        raise BadRequest("Either processDefinitionId or processDefinitionKey must be set")
    return _suspend(_versions(str(key)) if key else [visible_definition(str(definition_id)).id], given)


def _versions(key: str) -> list[str]:
    found = DEFINITIONS.query({"key": key}).with_only_columns(process_definition.c.id)
    ids = list(db.session().scalars(found.order_by(process_definition.c.version)))
    if not ids:
        raise Missing(f"No matching process definition with key: {key[:100]}")
    return ids


def _suspend(ids: list[str], given: Mapping[str, Any]) -> ResponseReturnValue:
    requests.only(given, OF_SUSPENDING)
    suspended, whole = given.get("suspended"), requests.flag(given, "includeProcessInstances")
    if not isinstance(suspended, bool):
        raise BadRequest("'suspended' must be true or false")
    if given.get("executionDate"):
        raise BadRequest("'executionDate' is not supported: it happens now")
    for definition_id in ids:
        command = engine.SuspendDefinition(
            definition_id=definition_id, suspended=suspended, with_instances=whole, actor=current().login
        )
        engine.execute(db.session(), command)
    return "", 204


def _start_key(row: Row[Any]) -> str | None:
    keys = (node.get("form_key") for node in row.nodes.values() if node["type"] == "startEvent")
    return next((str(key) for key in keys if key), None)


def _document(row: Row[Any]) -> formkit.FormDocument | None:
    key = _start_key(row)
    try:
        return None if key is None else formkit.load(db.session(), row.id, key)
    except engine.DefinitionNotFound:  # a form key of another program
        return None


def _form(row: Row[Any]) -> dict[str, Any]:
    document = _document(row)
    if document is None:
        raise (Missing if _start_key(row) else BadRequest)("The process has no deployed start form")
    return document.represent({}, {}, current().groups)


def _variables(row: Row[Any]) -> ResponseReturnValue:
    fields = [] if _document(row) is None else _form(row)["fields"]
    values = {field["name"]: field["value"] for field in fields}
    names = form_shapes.names_asked(requests.asked(), values)
    return jsonify({name: to_camunda(value) for name, value in values.items() if name in names})


def _rendered(row: Row[Any]) -> ResponseReturnValue:
    if _document(row) is None:
        raise BadRequest("The process has no start form to render")
    return Response(form_shapes.rendered(_form(row)), content_type=form_shapes.XHTML)
