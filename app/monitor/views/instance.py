"""The page of one instance, what it asks again by itself, and giving one of its tasks to somebody else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

import app.db as db
import engine
from app import assigning
from app.accounts import queries as accounts
from app.business_objects import objects
from app.errors import FieldErrors, NotAllowedHere, NotVisible
from app.monitor import instance_list, instance_page
from app.monitor.views.blueprint import SEES, blueprint, visible
from app.process_names import step_name
from app.security import current, polling, requires
from app.visibility import require_task
from app.web.i18n import language
from app.web.rendering import unless_known


@blueprint.get("/instances/<instance_id>")
@requires(SEES)
def instance(instance_id: str) -> ResponseReturnValue:
    """Everything about an instance that this person may know."""
    session, everything = db.session(), request.args.get("steps") == "all"
    row = visible(session, instance_id)
    page = instance_page.load(session, current(), objects(), row, everything=everything)
    states = instance_list.states()
    return render_template(
        "monitor/instance.html", it=page, instance=row, seen=row.version, states=states, everything=everything
    )


@blueprint.get("/instances/<instance_id>/current")
@requires(SEES)
@polling
def instance_current(instance_id: str) -> ResponseReturnValue:
    """What waits now, asked again every few seconds: 304 while nothing has changed. ``seen``: the instance's version
    when the page was opened."""
    session = db.session()
    row = visible(session, instance_id)
    now = instance_page.now(session, current(), row)
    seen = request.args.get("seen", row.version, type=int)
    return unless_known(render_template("monitor/_live.html", it=now, instance=row, seen=seen))


@blueprint.get("/instances/<instance_id>/state.json")
@requires(SEES)
@polling
def instance_state(instance_id: str) -> ResponseReturnValue:
    """Tokens, the way so far and times, for the diagram."""
    session = db.session()
    return jsonify(instance_page.diagram_state(session, visible(session, instance_id)))


@blueprint.get("/tasks/<task_id>/assignee")
@requires("task.reassign")
def reassigning(task_id: str) -> ResponseReturnValue:
    """The form to give a task to somebody else."""
    return _form(db.session(), _task(db.session(), task_id), {}, {})


@blueprint.post("/tasks/<task_id>/assignee")
@requires("task.reassign")
def reassign(task_id: str) -> ResponseReturnValue:
    """Give a task to somebody else; refused values come back at their fields."""
    session, given = db.session(), request.form
    assignee, reason = given.get("assignee", ""), given.get("reason", "")
    try:
        task = assigning.reassign(session, current(), objects(), task_id, assignee, reason)
    except FieldErrors as refused:
        return _form(session, engine.queries.task(session, task_id), given, refused.errors), 422
    name = accounts.display_names(session, [assignee], language())[assignee]
    flash(_("%(name)s has the task now.", name=name), "success")
    return redirect(url_for("monitor.instance", instance_id=task.instance_id, _anchor="now"), 303)


def _task(session: Session, task_id: str) -> engine.TaskRow:
    """An open task that this person may give away. Raises ``NotVisible``, ``NotAllowedHere``."""
    task = require_task(session, current(), objects(), task_id)
    if not task.is_open:
        raise NotVisible
    if not assigning.may_reassign(session, current(), task):
        raise NotAllowedHere("task.reassign")
    return task


def _form(session: Session, task: engine.TaskRow, values: Mapping[str, Any], errors: Mapping[str, list[Any]]) -> str:
    logins = {*assigning.people_for(session, task), task.assignee or ""}
    names = accounts.display_names(session, logins, language())
    holder = names.pop(task.assignee or "", "")
    return render_template(
        "monitor/reassign.html",
        task=task,
        step=step_name(session, task.definition_id, task.node_id),
        holder=holder,
        people=sorted(names.items(), key=lambda pair: pair[1]),
        values=values,
        errors=errors,
    )
