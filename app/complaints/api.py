"""``/api/v1/complaints``: register, look up, and pass on what the customer says later."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, validate
from sqlalchemy import func, select
from sqlalchemy.orm import Session

import engine
from app import db
from app.business_objects import BusinessObject, objects
from app.complaints import queries
from app.complaints.models import Complaint, ComplaintState, ComplaintStep
from app.db import search
from app.errors import NotVisible
from app.security import current, requires, signed_in
from app.web.api import ApiBlueprint, ErrorSchema
from app.web.i18n import language

blueprint = ApiBlueprint("complaints_api", __name__, url_prefix="/api/v1/complaints", description="Complaints")


class NewComplaintSchema(Schema):
    """The fields of the form ``complaint/record`` by name. Complete, the first step is done at once; with
    ``may_wait`` an incomplete complaint waits at it."""

    values = fields.Dict(keys=fields.String(), required=True)
    may_wait = fields.Boolean(load_default=False)


class StartedSchema(Schema):
    """A complaint was registered."""

    number = fields.String(required=True, attribute="business_key")
    process_instance_id = fields.String(required=True, attribute="instance_id")
    recorded = fields.Boolean(
        required=True, attribute="completed_first", metadata={"description": "false: it waits at the first step"}
    )


class ComplaintSchema(Schema):
    """What everybody who sees the complaint may know of it."""

    number = fields.String(required=True)
    state = fields.String(required=True, validate=validate.OneOf(list(ComplaintState)))
    process_instance_id = fields.String(required=True, allow_none=True, attribute="instance_id")
    customer = fields.String(required=True)
    customer_id = fields.Integer(required=True, allow_none=True)
    customer_reference = fields.String(required=True, allow_none=True)
    channel = fields.String(required=True)
    complaint_class = fields.String(required=True, allow_none=True)
    sub_code = fields.String(required=True, allow_none=True)
    severity = fields.String(required=True)
    value_class = fields.String(required=True)
    summary = fields.String(required=True)
    verbatim = fields.String(required=True, allow_none=True)
    verbatim_sha256 = fields.String(required=True, allow_none=True)
    responsible_department = fields.String(required=True, allow_none=True)
    round = fields.Integer(required=True)
    satisfaction = fields.Integer(required=True, allow_none=True)
    result = fields.String(required=True)
    received_at = fields.DateTime(required=True)
    registered_at = fields.DateTime(required=True)
    acknowledged_at = fields.DateTime(required=True, allow_none=True)
    closed_at = fields.DateTime(required=True, allow_none=True)


class StepSchema(Schema):
    """One completed step as it was filled in, without what is confidential."""

    node_id = fields.String(required=True)
    name = fields.String(required=True)
    actor = fields.String(required=True)
    at = fields.DateTime(required=True)
    round = fields.Integer(required=True)
    outcome = fields.String(required=True)
    values = fields.Dict(required=True)


class OpenTaskSchema(Schema):
    """A task the complaint waits for."""

    id = fields.String(required=True)
    node_id = fields.String(required=True)
    name = fields.String(required=True)
    assignee = fields.String(required=True, allow_none=True)
    due_at = fields.DateTime(required=True, allow_none=True)


class ComplaintDetailSchema(ComplaintSchema):
    """A complaint with its timeline."""

    timeline = fields.List(fields.Nested(StepSchema), required=True)
    open_tasks = fields.List(fields.Nested(OpenTaskSchema), required=True)


class ComplaintQuerySchema(Schema):
    """Which complaints to list, newest number first."""

    q = fields.String(load_default="", validate=validate.Length(max=200), metadata={"description": "Words to search"})
    state = fields.String(load_default=None, validate=validate.OneOf(list(ComplaintState)))
    customer_reference = fields.String(load_default=None, validate=validate.Length(max=120))
    limit = fields.Integer(load_default=50, validate=validate.Range(1, 200))
    after = fields.String(
        load_default=None, validate=validate.Length(max=20), metadata={"description": "``next`` of the page before"}
    )


class ComplaintPageSchema(Schema):
    """A page of complaints."""

    complaints = fields.List(fields.Nested(ComplaintSchema), required=True)
    count = fields.Integer(required=True, metadata={"description": "How many there are in all"})
    next = fields.String(required=True, allow_none=True, metadata={"description": "Give it as ``after``"})


class MessageSchema(Schema):
    """Something that reaches a running complaint."""

    name = fields.String(required=True, validate=validate.Length(1, 200), metadata={"example": "complaint_supplement"})
    values = fields.Dict(keys=fields.String(), load_default=dict, metadata={"example": {"text": "…"}})


def _complaint_object() -> BusinessObject:
    found = objects().get(queries.PROCESS_KEY)
    assert found is not None, "the complaints slice registers it"
    return found


@blueprint.post("")
@requires("complaint.register")
@blueprint.arguments(NewComplaintSchema)
@blueprint.response(201, StartedSchema)
@blueprint.alt_response(422, schema=ErrorSchema)
def register(body: dict[str, Any]) -> Any:
    """Register a complaint"""
    return _complaint_object().start(db.session(), current(), body["values"], source="rest", may_wait=body["may_wait"])


@blueprint.get("")
@signed_in
@blueprint.arguments(ComplaintQuerySchema, location="query")
@blueprint.response(200, ComplaintPageSchema)
def complaints(query: dict[str, Any]) -> dict[str, Any]:
    """List the complaints the caller may see"""
    session = db.session()
    statement = select(Complaint).where(Complaint.number.in_(queries.visible(current())))
    if query["q"].strip():
        words = search.matching(queries.SEARCH_KIND, query["q"], session.get_bind().dialect.name)
        statement = statement.where(Complaint.number.in_(words))
    if query["state"]:
        statement = statement.where(Complaint.state == query["state"])
    if query["customer_reference"]:
        statement = statement.where(Complaint.customer_reference == query["customer_reference"])
    count = session.scalar(select(func.count()).select_from(statement.subquery()))
    if query["after"]:
        statement = statement.where(Complaint.number < query["after"])
    rows = list(session.scalars(statement.order_by(Complaint.number.desc()).limit(query["limit"] + 1)))
    shown = rows[: query["limit"]]
    following = shown[-1].number if len(rows) > len(shown) else None
    return {"complaints": [_described(session, row) for row in shown], "count": count, "next": following}


@blueprint.get("/<number>")
@signed_in
@blueprint.response(200, ComplaintDetailSchema)
@blueprint.alt_response(404, schema=ErrorSchema)
def complaint(number: str) -> dict[str, Any]:
    """Get a complaint with its timeline"""
    session = db.session()
    found = queries.visible_complaint(session, current(), number)
    if found is None:
        raise NotVisible()
    steps = [_step(session, step) for step in queries.steps(session, number)]
    tasks = engine.queries.open_tasks(session, found.instance_id) if found.instance_id else ()
    waiting = [
        {
            "id": task.id,
            "node_id": task.node_id,
            "name": engine.queries.node_name(session, task.definition_id, task.node_id, language()),
            "assignee": task.assignee,
            "due_at": task.due_at,
        }
        for task in tasks
    ]
    return _described(session, found) | {"timeline": steps, "open_tasks": waiting}


@blueprint.post("/<number>/messages")
@signed_in
@blueprint.arguments(MessageSchema)
@blueprint.response(204)
@blueprint.alt_response(403, schema=ErrorSchema)
@blueprint.alt_response(404, schema=ErrorSchema)
def message(body: dict[str, Any], number: str) -> None:
    """Pass a message on to the complaint: information, a supplement, a contest, a withdrawal, an appeal"""
    session, principal = db.session(), current()
    found = queries.visible_complaint(session, principal, number)
    if found is None:
        raise NotVisible()
    variables = _complaint_object().message(session, principal, body["name"], number, body["values"])
    command = engine.CorrelateMessage(
        name=body["name"],
        correlation_key=number,
        variables=variables,
        instance_id=found.instance_id,
        actor=principal.login,
    )
    engine.execute(session, command)


def _described(session: Session, row: Complaint) -> dict[str, Any]:
    names = [field.attribute or name for name, field in ComplaintSchema().fields.items() if name != "customer"]
    return {name: getattr(row, name) for name in names} | {"customer": queries.customer_name(session, row.customer_id)}


def _step(session: Session, row: ComplaintStep) -> dict[str, Any]:
    names = ("node_id", "actor", "at", "round", "outcome", "values")
    name = engine.queries.node_name(session, row.definition_id, row.node_id, language())
    return {one: getattr(row, one) for one in names} | {"name": name}
