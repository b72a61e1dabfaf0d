"""``/api/v1/tasks``: the same tasks, forms and drafts as the pages, for programs."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify
from sqlalchemy.orm import Session

import engine
from app import db
from app.business_objects import objects
from app.calendars import explanation
from app.errors import FieldErrors, NotVisible
from app.formkit import drafts
from app.inbox import clock, presentation, queries, schemas, service
from app.inbox.queries import Asked, Box
from app.security import current, requires
from app.visibility import require_task
from app.web.api import ApiBlueprint, ErrorSchema

blueprint = ApiBlueprint("tasks_api", __name__, url_prefix="/api/v1/tasks", description="Tasks, their forms and drafts")


@blueprint.get("")
@requires("task.work")
@blueprint.arguments(schemas.TaskQuerySchema, location="query")
@blueprint.response(200, schemas.TaskPageSchema)
def tasks(query: dict[str, Any]) -> dict[str, Any]:
    """List tasks of a box"""
    session, principal = db.session(), current()
    asked = Asked(
        box=Box(query["box"]),
        q=query["q"] or "",
        process_key=query["process_key"] or "",
        node_id=query["node_id"] or "",
        business_key=query["business_key"] or "",
        after=query["after"] or "",
        limit=query["limit"],
    )
    page = queries.tasks(session, principal, objects(), asked)
    count = queries.total(session, principal, objects(), asked)
    return {"tasks": _described(session, page.rows), "count": count, "next": page.next}


@blueprint.get("/<task_id>")
@requires("task.work")
@blueprint.response(200, schemas.TaskSchema)
@blueprint.alt_response(404, schema=ErrorSchema)
def task(task_id: str) -> dict[str, Any]:
    """Get one task, open or over"""
    return _one(require_task(db.session(), current(), objects(), task_id))


@blueprint.get("/<task_id>/form")
@requires("task.work")
@blueprint.response(200, schemas.FormSchema)
@blueprint.alt_response(404, schema=ErrorSchema)
def form(task_id: str) -> Response:
    """Get the form document of a task with its values: what it says is what will be accepted"""
    found = require_task(db.session(), current(), objects(), task_id)
    shown = service.form_of(db.session(), current(), objects(), found)
    if shown.document is None:
        raise NotVisible()
    return jsonify(shown.document.represent(shown.context.values, shown.context.overrides, current().groups))


@blueprint.post("/<task_id>/claim")
@requires("task.work")
@blueprint.response(200, schemas.TaskSchema)
@blueprint.alt_response(409, schema=ErrorSchema)
def claim(task_id: str) -> dict[str, Any]:
    """Claim a task"""
    return _one(service.claim(db.session(), current(), objects(), task_id))


@blueprint.delete("/<task_id>/claim")
@requires("task.work")
@blueprint.response(204)
def release(task_id: str) -> None:
    """Release a task to its candidates"""
    service.release(db.session(), current(), objects(), task_id)


@blueprint.post("/<task_id>/pause")
@requires("task.work")
@blueprint.arguments(schemas.PauseSchema)
@blueprint.response(200, schemas.TaskSchema)
@blueprint.alt_response(403, schema=ErrorSchema)
@blueprint.alt_response(422, schema=ErrorSchema)
def pause(body: dict[str, Any], task_id: str) -> dict[str, Any]:
    """Stop the clock of a task, for its assignee or a supervisor"""
    until = body["until"].isoformat() if body["until"] else ""
    try:
        return _one(clock.pause(db.session(), current(), objects(), task_id, body["reason"], until))
    except FieldErrors as refused:
        raise FieldErrors({name.removeprefix("pause_"): said for name, said in refused.errors.items()}) from None


@blueprint.delete("/<task_id>/pause")
@requires("task.work")
@blueprint.response(204)
def go_on(task_id: str) -> None:
    """Let the clock of a task run again"""
    clock.go_on(db.session(), current(), objects(), task_id)


@blueprint.post("/<task_id>/complete")
@requires("task.work")
@blueprint.arguments(schemas.PayloadSchema)
@blueprint.response(200, schemas.CompletedSchema)
@blueprint.alt_response(403, schema=ErrorSchema)
@blueprint.alt_response(409, schema=ErrorSchema)
@blueprint.alt_response(422, schema=ErrorSchema)
def complete(body: dict[str, Any], task_id: str) -> dict[str, Any]:
    """Complete a task with its form filled in; an unassigned one counts as claimed by the caller"""
    session = db.session()
    done = service.complete_task(session, current(), objects(), task_id, body["values"], source="api")
    return {
        "task": _one(engine.queries.task(session, task_id)),
        "instance_state": done.result.state,
        "created": _described(session, [row for row in done.result.created if _visible(session, row.id)]),
    }


@blueprint.get("/<task_id>/draft")
@requires("task.work")
@blueprint.response(200, schemas.DraftSchema)
@blueprint.alt_response(404, schema=ErrorSchema)
def draft(task_id: str) -> dict[str, Any]:
    """Get the caller's draft of a task's form"""
    found = require_task(db.session(), current(), objects(), task_id)
    kept = drafts.draft_of(db.session(), found.id, current().login)
    if kept is None:
        raise NotVisible()
    return {"values": kept.payload, "saved_at": kept.saved_at}


@blueprint.put("/<task_id>/draft")
@requires("task.work")
@blueprint.arguments(schemas.PayloadSchema)
@blueprint.response(200, schemas.DraftSchema)
@blueprint.alt_response(409, schema=ErrorSchema)
def save_draft(body: dict[str, Any], task_id: str) -> dict[str, Any]:
    """Keep a draft; values of fields the caller may not fill in are dropped"""
    kept = service.save_draft(db.session(), current(), objects(), task_id, body["values"])
    return {"values": kept.payload, "saved_at": kept.saved_at}


@blueprint.delete("/<task_id>/draft")
@requires("task.work")
@blueprint.response(204)
def discard_draft(task_id: str) -> None:
    """Forget the caller's draft"""
    found = require_task(db.session(), current(), objects(), task_id)
    drafts.discard(db.session(), found.id, current().login)


def _visible(session: Session, task_id: str) -> bool:
    try:
        require_task(session, current(), objects(), task_id)
    except NotVisible:
        return False
    return True


def _one(row: engine.TaskRow) -> dict[str, Any]:
    how = explanation.of_task(db.session(), row)
    more = {"candidate_groups": list(row.candidate_groups), "deadline": explanation.as_json(how) if how else None}
    return _described(db.session(), [row])[0] | more


def _described(session: Session, rows: Any) -> list[dict[str, Any]]:
    """Tasks as :class:`schemas.TaskSchema` writes them."""
    names = ("id", "business_key", "node_id", "form_key", "assignee", "priority", "created_at", "claimed_at", "due_at")
    return [
        {
            name: getattr(line.task, name)
            for name in (*names, "ended_at", "ended_by", "on_behalf_of", "delegation", "owner")
        }
        | {
            "name": line.step,
            "title": line.title,
            "customer": line.customer,
            "process_key": line.task.definition_key,
            "process_definition_id": line.task.definition_id,
            "process_instance_id": line.task.instance_id,
            "state": str(line.task.state),
        }
        for line in presentation.task_lines(session, current(), objects(), rows)
    ]
