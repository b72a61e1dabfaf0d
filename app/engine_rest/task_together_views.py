"""``/task/{id}``: given to others and back, changed, offered to more people, commented, with attachments."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Response, jsonify, request
from flask.typing import ResponseReturnValue
from sqlalchemy import Row, select

import engine
from app import db
from app.accounts import queries as accounts
from app.engine_rest import represent, requests, together
from app.engine_rest.context import blueprint, known_task, number_of, visible_task
from app.engine_rest.errors import BadRequest, Missing
from app.engine_rest.task_views import TASK_PROPERTIES
from app.engine_rest.values import BadValue, parse_moment
from app.errors import NotAllowedHere
from app.files import service as files
from app.files.kinds import MAX_BYTES
from app.files.models import StoredFile
from app.inbox import service
from app.security import current, policy, signed_in
from app.web.api import settings_zone
from engine.tables import task_attachment, task_comment

LINKS = ("candidate", "assignee", "owner")
FORM_FIELDS = frozenset({"attachment-name", "attachment-description", "attachment-type", "url"})
REPAIR = "instance.repair"


@blueprint.put("/task/<task_id>")
@signed_in
def update_task(task_id: str) -> ResponseReturnValue:
    """Replace what is said about a task, for those who may reassign it."""
    given, found = requests.only(requests.body(), TASK_PROPERTIES), _supervised(task_id)
    if given.get("parentTaskId") or given.get("tenantId"):
        raise BadRequest("'parentTaskId' and 'tenantId' are not supported")
    changes = {name: value for name, value in _changes(given, found).items() if value != getattr(found, name)}
    if given.get("assignee") not in (None, found.assignee):
        _assign(found, str(requests.text(given, "assignee")))
    if changes:
        _execute(engine.UpdateTask(task_id=found.id, changes=changes, actor=current().login))
    return "", 204


@blueprint.post("/task/<task_id>/delegate")
@signed_in
def delegate(task_id: str) -> ResponseReturnValue:
    """Somebody else does it for the assignee, who gets it back."""
    seen, session = known_task(task_id), db.session()
    user = str(requests.text(requests.body(), "userId", required=True))
    found = service.lock_task(session, seen)
    own = found.assignee == current().login and current().has("task.work")
    if not own and not service.may_reassign(session, current(), found):
        raise NotAllowedHere("task.reassign")
    if user not in service.people_for(session, found):
        raise BadRequest(f"'{user[:80]}' is not one of the people who may do this task")
    return _execute(engine.DelegateTask(task_id=found.id, assignee=user, actor=current().login))


@blueprint.post("/task/<task_id>/resolve")
@signed_in
def resolve(task_id: str) -> ResponseReturnValue:
    """Give a delegated task back to its owner."""
    if requests.variables(requests.body()):
        raise BadRequest("Resolving a task sets no variables: its form says what may be filled in when it is completed")
    return _execute(engine.ResolveTask(task_id=known_task(task_id).id, actor=current().login))


@blueprint.post("/task/<task_id>/identity-links")
@signed_in
def add_identity_link(task_id: str) -> ResponseReturnValue:
    """One more candidate, or another assignee or owner, by those who may reassign."""
    found, (kind, user, group) = _supervised(task_id), _link()
    if kind == "assignee":
        return _assign(found, str(user))
    if kind == "owner":
        return _execute(engine.UpdateTask(task_id=found.id, changes={"owner": user}, actor=current().login))
    _require_known(user, group)
    added = (("user", user),) if user else (("group", str(group)),)
    return _execute(engine.ChangeCandidates(task_id=found.id, added=added, actor=current().login))


@blueprint.post("/task/<task_id>/identity-links/delete")
@signed_in
def delete_identity_link(task_id: str) -> ResponseReturnValue:
    """One candidate, the assignee or the owner less."""
    found, (kind, user, group) = _supervised(task_id), _link()
    if kind == "assignee":
        return _execute(engine.ReleaseTask(task_id=found.id, override=True, actor=current().login))
    if kind == "owner":
        return _execute(engine.UpdateTask(task_id=found.id, changes={"owner": None}, actor=current().login))
    removed = (("user", user),) if user else (("group", str(group)),)
    return _execute(engine.ChangeCandidates(task_id=found.id, removed=removed, actor=current().login))


@blueprint.post("/task/<task_id>/bpmnError")
@signed_in
def throw_error_at_task(task_id: str) -> ResponseReturnValue:
    """Whoever works on the task reports a business error: its boundary event is taken."""
    seen, given = known_task(task_id), requests.only(requests.body(), {"errorCode", "errorMessage", "variables"})
    code, message = requests.text(given, "errorCode", required=True), requests.text(given, "errorMessage", most=4000)
    return _throw(seen, given, code=str(code), message=message or "")


@blueprint.post("/task/<task_id>/bpmnEscalation")
@signed_in
def escalate_at_task(task_id: str) -> ResponseReturnValue:
    """Whoever works on the task reports an escalation."""
    seen, given = known_task(task_id), requests.only(requests.body(), {"escalationCode", "variables"})
    code = requests.text(given, "escalationCode", required=True)
    return _throw(seen, given, code=str(code), escalation=True)


@blueprint.get("/task/<task_id>/comment")
@signed_in
def comments(task_id: str) -> ResponseReturnValue:
    """What was said about the task, open or over."""
    found = together.comments(db.session(), task_comment.c.task_id == known_task(task_id).id)
    return jsonify([represent.comment(row) for row in found])


@blueprint.post("/task/<task_id>/comment/create")
@signed_in
def add_comment(task_id: str) -> ResponseReturnValue:
    """Say something about the task."""
    row = visible_task(task_id)
    message = str(requests.text(requests.body(), "message", required=True, most=4000))
    made = engine.execute(db.session(), engine.AddComment(task_id=row.id, message=message, actor=current().login)).made
    return jsonify(represent.comment(_comment(row.id, str(made))))


@blueprint.put("/task/<task_id>/comment")
@signed_in
def change_comment(task_id: str) -> ResponseReturnValue:
    """The author says it otherwise."""
    seen, given = known_task(task_id), requests.body()
    message = str(requests.text(given, "message", required=True, most=4000))
    row = _comment(seen.id, str(requests.text(given, "id", required=True)))
    return _execute(engine.ChangeComment(comment_id=row.id, message=message, actor=current().login))


@blueprint.get("/task/<task_id>/comment/<comment_id>")
@signed_in
def comment(task_id: str, comment_id: str) -> ResponseReturnValue:
    """One of them."""
    return jsonify(represent.comment(_comment(known_task(task_id).id, comment_id)))


@blueprint.delete("/task/<task_id>/comment/<comment_id>")
@signed_in
def delete_comment(task_id: str, comment_id: str) -> ResponseReturnValue:
    """The author takes it back."""
    row = _comment(known_task(task_id).id, comment_id)
    return _execute(engine.ChangeComment(comment_id=row.id, actor=current().login))


@blueprint.get("/task/<task_id>/attachment")
@signed_in
def attachments(task_id: str) -> ResponseReturnValue:
    """What was attached to the task, open or over."""
    found = together.attachments(db.session(), task_attachment.c.task_id == known_task(task_id).id)
    return jsonify([represent.attachment(row) for row in found])


@blueprint.post("/task/<task_id>/attachment/create")
@signed_in
def add_attachment(task_id: str) -> ResponseReturnValue:
    """Attach an address, or a file of the kinds that forms take."""
    requests.only(request.form, FORM_FIELDS)
    row, upload = visible_task(task_id), next(iter(request.files.values()), None)
    url = _field("url", 4000)
    if upload is None and url is None:
        raise BadRequest("No content or url to remote content exists to create the task attachment.")
    stored = None if upload is None else _keep(row, upload.filename or "", upload.stream.read(MAX_BYTES + 1))
    command = engine.AddAttachment(
        task_id=row.id,
        name=_field("attachment-name", 255) or (stored.name if stored else str(url)[:255]),
        description=_field("attachment-description", 4000),
        kind=_field("attachment-type", 100) or (stored.media_type if stored else None),
        url=url,
        content_id=stored.id if stored else None,
        actor=current().login,
    )
    made = engine.execute(db.session(), command).made
    return jsonify(represent.attachment(_attachment(row.id, str(made))))


@blueprint.get("/task/<task_id>/attachment/<attachment_id>")
@signed_in
def attachment(task_id: str, attachment_id: str) -> ResponseReturnValue:
    """One of them."""
    return jsonify(represent.attachment(_attachment(known_task(task_id).id, attachment_id)))


@blueprint.get("/task/<task_id>/attachment/<attachment_id>/data")
@signed_in
def attachment_data(task_id: str, attachment_id: str) -> ResponseReturnValue:
    """Its content, to be saved."""
    row = _attachment(known_task(task_id).id, attachment_id)
    stored = None if row.content_id is None else db.session().get(StoredFile, row.content_id)
    if stored is None:
        raise Missing(f"Attachment content for attachment with id '{attachment_id[:100]}' is not available.")
    response = Response(stored.content, content_type="application/octet-stream")
    response.headers.set("Content-Disposition", "attachment", filename=stored.name)
    return response


@blueprint.delete("/task/<task_id>/attachment/<attachment_id>")
@signed_in
def delete_attachment(task_id: str, attachment_id: str) -> ResponseReturnValue:
    """Who attached it takes it back; the file stays with the case."""
    row = _attachment(known_task(task_id).id, attachment_id)
    return _execute(engine.DeleteAttachment(attachment_id=row.id, actor=current().login))


def _supervised(task_id: str) -> engine.TaskRow:
    """The open task, locked, for those who may reassign it."""
    found = service.lock_task(db.session(), known_task(task_id))
    if not service.may_reassign(db.session(), current(), found):
        raise NotAllowedHere("task.reassign")
    return found


def _assign(found: engine.TaskRow, user: str) -> ResponseReturnValue:
    if user not in service.people_for(db.session(), found):
        raise BadRequest(f"'{user[:80]}' is not one of the people who may do this task")
    return _execute(engine.AssignTask(task_id=found.id, assignee=user, reason="REST", actor=current().login))


def _changes(given: Mapping[str, Any], found: engine.TaskRow) -> dict[str, Any]:
    """What Camunda replaces: whatever is left out is emptied, except what a task cannot be without."""
    owner, due_at = requests.text(given, "owner"), _moment(given, "due")
    if owner is not None and accounts.user(db.session(), owner) is None:
        raise BadRequest(f"'{owner[:80]}' is nobody here")
    if due_at is None and found.service_minutes is not None:
        raise BadRequest("'due' is required: the task has a service level")
    return {
        "name": requests.text(given, "name") or found.name,
        "description": requests.text(given, "description", most=4000),
        "priority": requests.whole(given, "priority", range(-(2**31), 2**31), default=found.priority),
        "due_at": due_at,
        "follow_up_at": _moment(given, "followUp"),
        "owner": owner,
    }


def _moment(given: Mapping[str, Any], name: str) -> Any:
    try:
        return None if given.get(name) is None else parse_moment(given[name], settings_zone())
    except BadValue as error:
        raise BadRequest(f"'{name}': {error}") from None


def _link() -> tuple[str, str | None, str | None]:
    given = requests.only(requests.body(), {"type", "userId", "groupId"})
    kind = requests.text(given, "type", required=True)
    user, group = requests.text(given, "userId", most=100), requests.text(given, "groupId", most=100)
    if kind not in LINKS:
        raise BadRequest(f"'type' must be one of {', '.join(LINKS)}")
    if (user is None) == (group is None) or (group is not None and kind != "candidate"):
        raise BadRequest("Identity Link requires either userId or groupId; only a candidate may be a group")
    return str(kind), user, group


def _require_known(user: str | None, group: str | None) -> None:
    session = db.session()
    known = accounts.user(session, user) if user else group in {row.name for row in accounts.groups(session)}
    if not known:
        raise BadRequest(f"'{(user or group or '')[:80]}' is nobody here")


def _throw(seen: engine.TaskRow, given: Mapping[str, Any], **what: Any) -> ResponseReturnValue:
    session, variables = db.session(), requests.variables(given)
    found = service.lock_task(session, seen)
    service.require_worker(current(), found)
    if variables:  # forms say what those who work on a task may set
        policy.require(session, current(), REPAIR)
    try:
        return _execute(engine.ThrowAtTask(task_id=found.id, variables=variables, actor=current().login, **what))
    except engine.MessageNotExpected:
        raise BadRequest(f"Nothing in the process catches '{what['code'][:80]}' at task {found.id}") from None


def _comment(task_id: str, comment_id: str) -> Row[Any]:
    return _one(task_comment, task_id, comment_id, "Comment")


def _attachment(task_id: str, attachment_id: str) -> Row[Any]:
    return _one(task_attachment, task_id, attachment_id, "Task attachment")


def _one(table: Any, task_id: str, key: str, what: str) -> Row[Any]:
    number = number_of(key)
    here = select(table).where(table.c.id == number, table.c.task_id == task_id)
    row = None if number is None else db.session().execute(here).one_or_none()
    if row is None:
        raise Missing(f"{what} with id {key[:100]} does not exist for task id '{task_id}'.")
    return row


def _field(name: str, most: int) -> str | None:
    return requests.text({name: request.form.get(name, "").replace("\x00", "")}, name, most=most)


def _keep(row: Row[Any], name: str, content: bytes) -> StoredFile:
    """The file belongs to the case from now on; where a case has no number of its own, to its instance."""
    session = db.session()
    stored = files.keep(session, current(), name, content)
    owner = {"process_key": row.definition_key, "business_key": row.business_key or row.instance_id}
    files.attach(session, current(), {"content": [stored.id]}, **owner)
    return stored


def _execute(command: engine.Command) -> ResponseReturnValue:
    engine.execute(db.session(), command)
    return "", 204
