"""``/task``: what people have to do. Completing goes the same way as the page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import jsonify
from flask.typing import ResponseReturnValue
from sqlalchemy import Row, case, func, select

import engine
from app import db
from app.business_objects import objects
from app.confidential import shown_variables, variables_of
from app.engine_rest import filters, queries, represent, requests, together
from app.engine_rest.context import blueprint, known_task, visible_task
from app.engine_rest.errors import BadRequest
from app.engine_rest.listing import Listing, offer
from app.engine_rest.task_vocabulary import TASK
from app.engine_rest.values import BadValue, variables_to_camunda
from app.errors import NotAllowedHere
from app.inbox import service
from app.security import current, signed_in
from engine.tables import user_task, user_task_candidate


def _shown(rows: Sequence[Row[Any]], asked: requests.Asked) -> list[dict[str, Any]]:
    """Tasks, with what is asked for besides."""
    found = [represent.task(row) for row in rows]
    session, ids = db.session(), [row.id for row in rows]
    if _wants(asked, "withCommentAttachmentInfo"):
        with_comments, with_attachments = together.with_comments(session, ids), together.with_attachments(session, ids)
        for one in found:
            one |= {"comment": one["id"] in with_comments, "attachment": one["id"] in with_attachments}
    of_instance, local = _wants(asked, "withTaskVariablesInReturn"), _wants(asked, "withTaskLocalVariablesInReturn")
    if of_instance or local:
        for one, row in zip(found, rows, strict=True):
            values = {**(variables_of(row.instance_id) if of_instance else {}), **row.local_variables}
            one["variables"] = variables_to_camunda(values)
    return found


def _wants(asked: requests.Asked, name: str) -> bool:
    try:
        return name in asked and filters.flag(asked[name])
    except BadValue as error:
        raise BadRequest(f"Cannot set query parameter '{name}': {error}") from None


TASK_PROPERTIES = frozenset(
    {"id", "name", "assignee", "created", "lastUpdated", "due", "followUp", "delegationState", "description",
     "executionId", "owner", "parentTaskId", "priority", "processDefinitionId", "processInstanceId",
     "taskDefinitionKey", "caseExecutionId", "caseInstanceId", "caseDefinitionId", "suspended", "formKey",
     "camundaFormRef", "tenantId", "taskState", "attachment", "comment", "variables"}
)  # fmt: skip
"""What a program may send back that has read a task."""
TASKS = Listing(TASK, lambda asked: queries.tasks(current(), objects(), asked), _shown)
offer("/task", TASKS, signed_in)


@blueprint.get("/task/<task_id>")
@signed_in
def task(task_id: str) -> ResponseReturnValue:
    """One open task; 404 once it is over, as in Camunda."""
    return jsonify(_shown([visible_task(task_id)], requests.asked())[0])


@blueprint.get("/task/report/candidate-group-count")
@signed_in
def count_by_candidate_group() -> ResponseReturnValue:
    """How many of the tasks the caller sees are offered to each group."""
    mine = queries.tasks(current(), objects(), {}).with_only_columns(user_task.c.id).subquery()
    group = case((user_task_candidate.c.kind == "group", user_task_candidate.c.name))
    counted = (
        select(group.label("name"), func.count(mine.c.id.distinct()).label("tasks"))
        .select_from(mine.outerjoin(user_task_candidate, user_task_candidate.c.task_id == mine.c.id))
        .group_by(group)
        .order_by(group.nulls_first())
    )
    return jsonify([{"groupName": row.name, "taskCount": row.tasks} for row in db.session().execute(counted)])


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
        service.claim(db.session(), current(), objects(), known_task(task_id).id)
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
    service.release(db.session(), current(), objects(), known_task(task_id).id)
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
    found = known_task(task_id)
    service.require_worker(principal, service.lock_task(session, found))
    form = service.form_of(session, principal, objects(), found)
    payload: Mapping[str, Any] = variables
    if form.document is not None:
        payload = requests.form_values(form.document, principal.groups, variables)
    service.complete_task(session, principal, objects(), found.id, payload, source="engine_rest")
    if not wants:
        return "", 204
    return jsonify(variables_to_camunda(variables_of(found.instance_id)))


def _assign(task_id: str, user: str) -> ResponseReturnValue:
    session, principal = db.session(), current()
    found = service.lock_task(session, known_task(task_id))
    if not service.may_reassign(session, principal, found):
        raise NotAllowedHere("task.reassign")
    if user not in service.people_for(session, found):
        raise BadRequest(f"'{user[:80]}' is not one of the people who may do this task")
    command = engine.AssignTask(task_id=found.id, assignee=user, reason="REST", actor=principal.login)
    engine.execute(session, command)
    return "", 204
