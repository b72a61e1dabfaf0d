"""Pausing the clock of a task."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app import db
from app.business_objects import objects
from app.errors import FieldErrors
from app.inbox import clock
from app.inbox.task_views import page_of
from app.inbox.views import blueprint
from app.security import current, requires
from app.visibility import require_task
from app.web import links


@blueprint.post("/tasks/<task_id>/pause")
@requires("task.work")
def pause(task_id: str) -> ResponseReturnValue:
    """Stop the clock, with a reason."""
    session, given = db.session(), request.form
    reason, until = given.get("pause_reason", ""), given.get("pause_until", "")
    try:
        clock.pause(session, current(), objects(), task_id, reason, until)
    except FieldErrors as refused:
        found = require_task(session, current(), objects(), task_id)
        page = page_of(session, found) | {"pause_errors": refused.errors, "pause_values": given}
        return render_template("inbox/task.html", **page), 422
    flash(_("The clock of this task stands still."), "success")
    return redirect(url_for("inbox.task", task_id=task_id), 303)


@blueprint.delete("/tasks/<task_id>/pause")
@requires("task.work")
def go_on(task_id: str) -> ResponseReturnValue:
    """Let the clock run again."""
    clock.go_on(db.session(), current(), objects(), task_id)
    flash(_("The clock runs again. The deadline has moved by the working time between."), "success")
    return links.go(url_for("inbox.task", task_id=task_id))
