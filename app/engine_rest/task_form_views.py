"""The form of a task: its key, what its fields start with, the document, and a plain rendering."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify
from flask.typing import ResponseReturnValue

import engine
from app import db, formkit
from app.business_objects import objects
from app.confidential import variables_of
from app.engine_rest import form_shapes, requests
from app.engine_rest.context import blueprint, visible_task
from app.engine_rest.errors import BadRequest, Missing
from app.engine_rest.values import to_camunda
from app.inbox import service
from app.security import current, signed_in


@blueprint.get("/task/<task_id>/form")
@signed_in
def task_form(task_id: str) -> ResponseReturnValue:
    """The key of its form; ``deployed-form`` is the form."""
    return jsonify(form_shapes.key_of(visible_task(task_id).form_key))


@blueprint.get("/task/<task_id>/form-variables")
@signed_in
def task_form_variables(task_id: str) -> ResponseReturnValue:
    """The fields of its form with what they start with, and the variables of the instance."""
    found, form = _form(task_id)
    values = variables_of(found.instance_id) | dict(found.local_variables)
    if form.document is not None:
        values |= {field["name"]: field["value"] for field in _shown(form, form.document)["fields"]}
    names = form_shapes.names_asked(requests.asked(), values)
    return jsonify({name: to_camunda(value) for name, value in values.items() if name in names})


@blueprint.get("/task/<task_id>/deployed-form")
@signed_in
def task_deployed_form(task_id: str) -> ResponseReturnValue:
    """The form as the caller may fill it in: the same document as ``/api/v1/tasks/{id}/form``."""
    found, form = _form(task_id)
    if form.document is None:
        raise (Missing if found.form_key else BadRequest)("The task has no deployed form")
    return jsonify(_shown(form, form.document))


@blueprint.get("/task/<task_id>/rendered-form")
@signed_in
def task_rendered_form(task_id: str) -> ResponseReturnValue:
    """The form as plain inputs."""
    _found, form = _form(task_id)
    if form.document is None:
        raise BadRequest("The task has no form to render")
    return Response(form_shapes.rendered(_shown(form, form.document)), content_type=form_shapes.XHTML)


def _form(task_id: str) -> tuple[engine.TaskRow, service.TaskForm]:
    session = db.session()
    found = engine.queries.task(session, visible_task(task_id).id)
    try:
        return found, service.form_of(session, current(), objects(), found)
    except engine.DefinitionNotFound:  # a form key of another program
        raise Missing(f"The form with the resource name '{found.form_key}' cannot be found.") from None


def _shown(form: service.TaskForm, document: formkit.FormDocument) -> dict[str, Any]:
    return document.represent(form.context.values, form.context.overrides, current().groups)
