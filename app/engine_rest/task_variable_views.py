"""``/task/{id}/variables`` and ``/localVariables``, and who may do the task. Changing variables is repair: forms say
what those who work on a task may set."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import jsonify
from flask.typing import ResponseReturnValue

import engine
from app import db
from app.confidential import shown_variables
from app.engine_rest.context import blueprint, visible_task
from app.engine_rest.errors import Missing
from app.engine_rest.repair_views import REPAIR, modifications, value_of
from app.engine_rest.values import to_camunda, variables_to_camunda
from app.security import current, requires, signed_in


@blueprint.get("/task/<task_id>/variables/<name>")
@signed_in
def task_variable(task_id: str, name: str) -> ResponseReturnValue:
    """One variable visible at the task."""
    return _one(name, _visible(task_id))


@blueprint.put("/task/<task_id>/variables/<name>")
@requires(REPAIR)
def set_task_variable(task_id: str, name: str) -> ResponseReturnValue:
    """Set it where it is, else in the instance."""
    return _change(task_id, {name: value_of(name)}, frozenset(), local=False)


@blueprint.delete("/task/<task_id>/variables/<name>")
@requires(REPAIR)
def delete_task_variable(task_id: str, name: str) -> ResponseReturnValue:
    """Remove it where it is."""
    return _change(task_id, {}, frozenset({name}), local=False)


@blueprint.post("/task/<task_id>/variables")
@requires(REPAIR)
def modify_task_variables(task_id: str) -> ResponseReturnValue:
    """Set and remove several."""
    changes, removals = modifications()
    return _change(task_id, changes, removals, local=False)


@blueprint.get("/task/<task_id>/localVariables")
@signed_in
def local_variables(task_id: str) -> ResponseReturnValue:
    """The task's own variables: the loop item, input parameters."""
    return jsonify(variables_to_camunda(visible_task(task_id).local_variables))


@blueprint.get("/task/<task_id>/localVariables/<name>")
@signed_in
def local_variable(task_id: str, name: str) -> ResponseReturnValue:
    """One of them."""
    return _one(name, visible_task(task_id).local_variables)


@blueprint.put("/task/<task_id>/localVariables/<name>")
@requires(REPAIR)
def set_local_variable(task_id: str, name: str) -> ResponseReturnValue:
    """Set one of the task alone."""
    return _change(task_id, {name: value_of(name)}, frozenset(), local=True)


@blueprint.delete("/task/<task_id>/localVariables/<name>")
@requires(REPAIR)
def delete_local_variable(task_id: str, name: str) -> ResponseReturnValue:
    """Remove one of the task."""
    return _change(task_id, {}, frozenset({name}), local=True)


@blueprint.post("/task/<task_id>/localVariables")
@requires(REPAIR)
def modify_local_variables(task_id: str) -> ResponseReturnValue:
    """Set and remove several of the task."""
    changes, removals = modifications()
    return _change(task_id, changes, removals, local=True)


@blueprint.get("/task/<task_id>/identity-links")
@signed_in
def identity_links(task_id: str) -> ResponseReturnValue:
    """Who has the task and who may claim it."""
    found = engine.queries.task(db.session(), visible_task(task_id).id)
    links = [(found.assignee, None, "assignee")] if found.assignee else []
    links += [(found.owner, None, "owner")] if found.owner else []
    links += [(login, None, "candidate") for login in found.candidate_users]
    groups = [(None, group, "candidate") for group in found.candidate_groups]
    return jsonify([{"userId": user, "groupId": group, "type": kind} for user, group, kind in [*links, *groups]])


def _visible(task_id: str) -> dict[str, Any]:
    row = visible_task(task_id)
    found = engine.queries.instance(db.session(), row.instance_id)
    return {**shown_variables(row.definition_id, found.variables), **row.local_variables}


def _one(name: str, found: Mapping[str, Any]) -> ResponseReturnValue:
    if name not in found:
        raise Missing(f"task variable with name {name[:100]} does not exist")
    return jsonify(to_camunda(found[name]))


def _change(task_id: str, changes: Mapping[str, Any], removals: frozenset[str], *, local: bool) -> ResponseReturnValue:
    row = visible_task(task_id)
    command = engine.SetTaskVariables(
        task_id=row.id, variables=changes, removals=removals, local=local, reason="REST", actor=current().login
    )
    engine.execute(db.session(), command)
    return "", 204
