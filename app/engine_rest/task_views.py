"""``/task``: what people have to do. Completing goes the same way as the page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import jsonify
from flask.typing import ResponseReturnValue

import engine
from app import db
from app.engine_rest import queries, represent, requests, vocabulary
from app.engine_rest.context import blueprint, objects, shown_variables, variables_of, visible_task
from app.engine_rest.errors import BadRequest, Missing
from app.engine_rest.values import to_camunda, variables_to_camunda
from app.errors import NotAllowedHere, NotVisible
from app.inbox import service
from app.inbox.visibility import require_task
from app.security import current, signed_in


@blueprint.get("/task")
@signed_in
def tasks() -> ResponseReturnValue:
    """The open tasks that match."""
    return _listed(requests.asked())


@blueprint.post("/task")
@signed_in
@db.without_unit_of_work  # it only asks
def tasks_by_post() -> ResponseReturnValue:
    """The same, asked by body."""
    return _listed(requests.asked_in_body())


@blueprint.get("/task/count")
@signed_in
def count_tasks() -> ResponseReturnValue:
    """How many match."""
    return _counted(requests.asked())


@blueprint.post("/task/count")
@signed_in
@db.without_unit_of_work  # it only asks
def count_tasks_by_post() -> ResponseReturnValue:
    """The same, asked by body."""
    return _counted(requests.asked_in_body())


@blueprint.get("/task/<task_id>")
@signed_in
def task(task_id: str) -> ResponseReturnValue:
    """One open task; 404 once it is over, as in Camunda."""
    return jsonify(represent.task(visible_task(task_id)))


@blueprint.get("/task/<task_id>/form")
@signed_in
def task_form(task_id: str) -> ResponseReturnValue:
    """The key of its form; ``GET /api/v1/tasks/{id}/form`` is the form."""
    row = visible_task(task_id)
    return jsonify(key=row.form_key, camundaFormRef=None, contextPath=None)


@blueprint.get("/task/<task_id>/form-variables")
@signed_in
def task_form_variables(task_id: str) -> ResponseReturnValue:
    """The fields of its form with what they start with, and the variables of the instance."""
    session, principal = db.session(), current()
    found = engine.queries.task(session, visible_task(task_id).id)
    values = variables_of(found.instance_id) | dict(found.local_variables)
    form = service.form_of(session, principal, objects(), found)
    if form.document is not None:
        shown = form.document.represent(form.context.values, form.context.overrides, principal.groups)
        values |= {field["name"]: field["value"] for field in shown["fields"]}
    wanted = requests.asked().get("variableNames")
    names = set(wanted.split(",")) if wanted else set(values)
    return jsonify({name: to_camunda(value) for name, value in values.items() if name in names})


@blueprint.get("/task/<task_id>/variables")
@signed_in
def task_variables(task_id: str) -> ResponseReturnValue:
    """The variables visible at the task."""
    row, session = visible_task(task_id), db.session()
    found = engine.queries.instance(session, row.instance_id)
    return jsonify(variables_to_camunda({**shown_variables(row.definition_id, found.variables), **row.local_variables}))


@blueprint.post("/task/<task_id>/claim")
@signed_in
def claim(task_id: str) -> ResponseReturnValue:
    """Take a task, or, for who may reassign, give it to ``userId``."""
    user = requests.text(requests.body(), "userId", required=True)
    if user == current().login:
        service.claim(db.session(), current(), objects(), _known(task_id).id)
        return "", 204
    return _assign(task_id, str(user))


@blueprint.post("/task/<task_id>/assignee")
@signed_in
def assign(task_id: str) -> ResponseReturnValue:
    """Give a task to ``userId``; without one it goes back to its candidates."""
    user = requests.text(requests.body(), "userId")
    return _assign(task_id, user) if user else unclaim(task_id)


@blueprint.post("/task/<task_id>/unclaim")
@signed_in
def unclaim(task_id: str) -> ResponseReturnValue:
    """Give a task back to its candidates."""
    service.release(db.session(), current(), objects(), _known(task_id).id)
    return "", 204


@blueprint.post("/task/<task_id>/complete")
@signed_in
def complete(task_id: str) -> ResponseReturnValue:
    """Complete a task with the fields of its form as variables."""
    return _complete(task_id)


@blueprint.post("/task/<task_id>/submit-form")
@signed_in
def submit_form(task_id: str) -> ResponseReturnValue:
    """Camunda's other name for completing a task with its form."""
    return _complete(task_id)


def _complete(task_id: str) -> ResponseReturnValue:
    session, principal, given = db.session(), current(), requests.body()
    variables, wants = requests.variables(given), requests.flag(given, "withVariablesInReturn")
    found = _known(task_id)
    service.require_worker(principal, service.lock_task(session, found))
    form = service.form_of(session, principal, objects(), found)
    payload: Mapping[str, Any] = variables
    if form.document is not None:
        payload = requests.form_values(form.document, principal.groups, variables)
    service.complete_task(session, principal, objects(), found.id, payload, source="engine_rest")
    if not wants:
        return "", 204
    return jsonify(variables_to_camunda(variables_of(found.instance_id)))


def _known(task_id: str) -> engine.TaskRow:
    """A task the caller sees, open or over: what is over is a conflict, not unknown."""
    try:
        return require_task(db.session(), current(), objects(), task_id)
    except NotVisible:
        raise Missing(f"Cannot find task with id {task_id[:100]}: task is null") from None


def _assign(task_id: str, user: str) -> ResponseReturnValue:
    session, principal = db.session(), current()
    found = service.lock_task(session, _known(task_id))
    if not service.may_reassign(session, principal, found):
        raise NotAllowedHere("task.reassign")
    if user not in service.people_for(session, found):
        raise BadRequest(f"'{user[:80]}' is not one of the people who may do this task")
    command = engine.AssignTask(task_id=found.id, assignee=user, reason="REST", actor=principal.login)
    engine.execute(session, command)
    return "", 204


def _listed(asked: requests.Asked) -> ResponseReturnValue:
    statement = queries.tasks(current(), objects(), asked)
    rows = queries.page(db.session(), vocabulary.TASK, asked, statement)
    return jsonify([represent.task(row) for row in rows])


def _counted(asked: requests.Asked) -> ResponseReturnValue:
    return jsonify(count=queries.count(db.session(), queries.tasks(current(), objects(), asked)))
