"""One task: its page, claim and release, draft, completion, reassignment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from markupsafe import Markup, escape
from sqlalchemy.orm import Session

import engine
from app import db, formkit
from app.accounts import queries as accounts
from app.business_objects import objects
from app.calendars import explanation
from app.errors import FieldErrors, NotVisible
from app.formkit import drafts
from app.inbox import clock, presentation, queries, seen, service
from app.inbox.views import blueprint
from app.process_names import step_name
from app.security import Principal, current, requires
from app.visibility import require_task
from app.web import links
from app.web.i18n import language
from app.web.wording import engine_words


@blueprint.get("/tasks/<task_id>")
@requires("task.work")
def task(task_id: str) -> ResponseReturnValue:
    """The task with its form, or what became of it."""
    found = require_task(db.session(), current(), objects(), task_id)
    return render_template("inbox/task.html", **page_of(db.session(), found))


@blueprint.post("/tasks/<task_id>/seen")
@requires("task.work")
def mark_seen(task_id: str) -> ResponseReturnValue:
    """The page of the task was opened: it says so itself."""
    service.mark_seen(db.session(), current(), objects(), task_id)
    return Response(status=204)


@blueprint.post("/tasks/<task_id>/claim")
@requires("task.work")
def claim(task_id: str) -> ResponseReturnValue:
    """Take the task; who was faster is named."""
    session = db.session()
    try:
        taken = service.claim(session, current(), objects(), task_id)
    except engine.InstanceChanged:
        raise
    except engine.Conflict as conflict:
        flash(engine_words(conflict).message, "warning")
        return redirect(links.back(url_for("inbox.index", box="claim")), 303)
    here = url_for("inbox.task", task_id=task_id)
    step = step_name(session, taken.definition_id, taken.node_id)
    link = Markup('<a class="alert-link" href="{}">{}</a>').format(here, step)
    flash(Markup(_("Claimed: %(task)s", task=link)), "success")
    return redirect(links.back(here), 303)


@blueprint.delete("/tasks/<task_id>/claim")
@requires("task.work")
def release(task_id: str) -> ResponseReturnValue:
    """Give the task back."""
    session = db.session()
    free = service.release(session, current(), objects(), task_id)
    has_it = accounts.display_names(session, [free.assignee or ""], language()).get(free.assignee or "")
    back = _("%(name)s has the task again.", name=has_it) if has_it else None
    flash(back or _("The task is back in the pool. Others can claim it now."), "success")
    return links.go(url_for("inbox.index"))


@blueprint.put("/tasks/<task_id>/draft")
@requires("task.work")
def save_draft(task_id: str) -> ResponseReturnValue:
    """Keep what is typed so far."""
    session, principal = db.session(), current()
    found = require_task(session, principal, objects(), task_id)
    form = service.form_of(session, principal, objects(), found)
    if form.document is not None:
        payload = formkit.from_html(form.document, request.form)
        service.save_draft(session, principal, objects(), task_id, payload)
    return Response(status=204)


@blueprint.delete("/tasks/<task_id>/draft")
@requires("task.work")
def discard_draft(task_id: str) -> ResponseReturnValue:
    """Forget what was typed and show the form as it came."""
    found = require_task(db.session(), current(), objects(), task_id)
    drafts.discard(db.session(), found.id, current().login)
    return links.go(url_for("inbox.task", task_id=task_id))


@blueprint.post("/tasks/<task_id>/complete")
@requires("task.work")
def complete(task_id: str) -> ResponseReturnValue:
    """Complete the task with the form; refused values come back at their fields, a conflict says who was faster."""
    session, principal = db.session(), current()
    found = require_task(session, principal, objects(), task_id)
    form = service.form_of(session, principal, objects(), found)
    if form.document and formkit.is_redraw(request.form):
        typed = formkit.from_html(form.document, request.form, keep_empty_rows=True)
        return render_template("inbox/task.html", **page_of(session, found, typed))
    payload = formkit.from_html(form.document, request.form) if form.document else {}
    try:
        done = service.complete_task(session, principal, objects(), task_id, payload, source="page")
    except FieldErrors as refused:
        page = page_of(session, found, payload, refused.errors)
        return render_template("inbox/task.html", **page), 422
    except engine.InstanceChanged:
        raise  # the unit of work runs again
    except engine.Conflict as conflict:
        return _conflict(session, found, form, payload, conflict), 409
    _say_done(session, done)
    return redirect(url_for("inbox.index"), 303)


@blueprint.post("/tasks/<task_id>/fields")
@requires("task.work")
@db.without_unit_of_work  # only draws: which fields follow from what is chosen so far
def fields(task_id: str) -> ResponseReturnValue:
    """The form again, with the fields that the answers given so far ask for."""
    session, principal = db.session(), current()
    form = service.form_of(session, principal, objects(), require_task(session, principal, objects(), task_id))
    if form.document is None:
        raise NotVisible()
    values = {**form.context.values, **formkit.from_html(form.document, request.form, keep_empty_rows=True)}
    return render_template("inbox/_fields.html", form=form, values=values, errors={}, task=form.task, may_work=True)


@blueprint.post("/tasks/<task_id>/assignee")
@requires("task.reassign")
def reassign(task_id: str) -> ResponseReturnValue:
    """A supervisor gives the task to somebody else."""
    session, given = db.session(), request.form
    found = require_task(session, current(), objects(), task_id)
    assignee, reason = given.get("assignee", ""), given.get("reason", "")
    try:
        service.reassign(session, current(), objects(), task_id, assignee, reason)
    except FieldErrors as refused:
        page = page_of(session, found) | {"reassign_errors": refused.errors, "reassign_values": given}
        return render_template("inbox/task.html", **page), 422
    name = accounts.display_names(session, [assignee], language())[assignee]
    flash(_("%(name)s has the task now.", name=name), "success")
    return redirect(url_for("inbox.task", task_id=task_id), 303)


def page_of(
    session: Session,
    task: engine.TaskRow,
    typed: Mapping[str, Any] | None = None,
    errors: Mapping[str, list[Any]] | None = None,
) -> dict[str, Any]:
    """Everything the task page shows. ``typed``: values that came back refused; else the draft is restored."""
    principal, known = current(), objects()
    form = service.form_of(session, principal, known, task) if task.is_open else None
    works = service.may_work(principal, task)
    may_work = works and task.delegation != engine.Delegation.PENDING  # then only the owner fills in the form
    draft = drafts.draft_of(session, task.id, principal.login) if typed is None and may_work else None
    values = dict(form.context.values) if form else {}
    values |= typed if typed is not None else draft.payload if draft else {}
    business, key = known.get(task.definition_key), task.business_key
    may_reassign = service.may_reassign(session, principal, task)
    people = service.people_for(session, task) if may_reassign else ()
    return {
        "task": task,
        "line": presentation.task_lines(session, principal, known, [task])[0],
        "form": form,
        "values": values,
        "errors": errors or {},
        "draft": draft,
        "unseen": works and not seen.by(session, task.id, principal.login),
        "may_work": may_work,
        "is_candidate": service.is_candidate(principal, task),
        "panel": business.side_panel(session, key, principal) if business and key else None,
        "groups": accounts.group_titles(session, task.candidate_groups, language()),
        "people": sorted(accounts.display_names(session, people, language()).items()),
        "may_reassign": may_reassign,
        **_clock(session, principal, task),
        "reassign_errors": {},
        "reassign_values": {},
        "history": () if business else _history(session, task),
    }


def _clock(session: Session, principal: Principal, task: engine.TaskRow) -> dict[str, Any]:
    """How the deadline came about, and for whom somebody stands in."""
    how = explanation.of_task(session, task)
    logins = {task.on_behalf_of or ""} | {pause.paused_by for pause in (how.pauses if how else ())}
    names = accounts.display_names(session, logins, language())
    return {
        "clock": how,
        "may_pause": how is not None and clock.may_pause(session, principal, task),
        "pausers": names,
        "absent": names.get(task.on_behalf_of or ""),
        "pause_errors": {},
        "pause_values": {},
    }


def _history(session: Session, task: engine.TaskRow) -> list[dict[str, Any]]:
    """What people did so far, newest first, for a process without a page of its own."""
    done = [row for row in engine.queries.tasks_of(session, task.instance_id) if row.ended_at is not None]
    names = accounts.display_names(session, [row.ended_by or "" for row in done], language())
    return [
        {
            "at": row.ended_at,
            "who": names.get(row.ended_by or "", ""),
            "step": step_name(session, row.definition_id, row.node_id),
            "state": row.state,
        }
        for row in reversed(done)
    ]


def _conflict(
    session: Session, task: engine.TaskRow, form: service.TaskForm, payload: Mapping[str, Any], error: engine.Conflict
) -> str:
    """Who did what and when, and everything that was typed, so that nothing is lost."""
    now = engine.queries.task(session, task.id)
    names = accounts.display_names(session, [now.ended_by or now.assignee or ""], language())
    return render_template(
        "inbox/conflict.html",
        words=engine_words(error),
        task=now,
        line=presentation.task_lines(session, current(), objects(), [now])[0],
        who=names.get(now.ended_by or now.assignee or "", ""),
        typed_in=form.document,
        payload=payload,
    )


def _say_done(session: Session, done: service.Completed) -> None:
    """Tell that it is done, with the way to the case and to what comes next."""
    line = presentation.task_lines(session, current(), objects(), [done.task])[0]
    link = Markup('<a class="alert-link" href="{}">{}</a>').format(line.url, line.title)
    case = link if line.url else escape(line.title)
    message = Markup(_("%(step)s is done: %(case)s", step=escape(line.step), case=case))
    following = queries.next_task(session, current(), objects())
    if following is not None:
        step = step_name(session, following.definition_id, following.node_id)
        url = url_for("inbox.task", task_id=following.id)
        link = Markup('<a class="alert-link" href="{}" data-next-task>{}</a>').format(url, step)
        message += Markup(" ") + Markup(_("Next task: %(task)s", task=link))
    flash(message, "success")
