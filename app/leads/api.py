"""``/api/v1/leads``: capture, look up, note a contact, claim from the pool and return to it."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, validate
from sqlalchemy import func, select
from sqlalchemy.orm import Session

import engine
from app import db
from app.business_objects import BusinessObject, objects
from app.db import search
from app.errors import NotVisible
from app.leads import queries
from app.leads.models import FollowUp, Horizon, Lead, LeadState
from app.leads.service import following, ownership
from app.security import current, requires, signed_in
from app.web.api import ApiBlueprint, ErrorSchema
from app.web.i18n import language

blueprint = ApiBlueprint("leads_api", __name__, url_prefix="/api/v1/leads", description="Leads")


class NewLeadSchema(Schema):
    """The fields of the form ``lead_followup/qualify`` by name. With ``outcome`` and everything required, by somebody
    who may qualify, it is followed up at once; with ``may_wait`` an incomplete lead waits to be qualified."""

    values = fields.Dict(
        keys=fields.String(),
        required=True,
        metadata={"example": {"company": "青岛海风机械有限公司", "phone": "0532-8888888", "source_reference": "W-17"}},
    )
    may_wait = fields.Boolean(load_default=False)


class StartedLeadSchema(Schema):
    """A lead was captured."""

    number = fields.String(required=True, attribute="business_key")
    process_instance_id = fields.String(required=True, attribute="instance_id")
    qualified = fields.Boolean(
        required=True, attribute="completed_first", metadata={"description": "false: it waits to be qualified"}
    )


class LeadSchema(Schema):
    """What everybody who sees the lead may know of it."""

    number = fields.String(required=True)
    state = fields.String(required=True, validate=validate.OneOf(list(LeadState)))
    horizon = fields.String(required=True, allow_none=True, validate=validate.OneOf(list(Horizon)))
    process_instance_id = fields.String(required=True, allow_none=True, attribute="instance_id")
    source = fields.String(required=True)
    source_reference = fields.String(required=True, allow_none=True)
    heard_from = fields.String(required=True)
    company = fields.String(required=True)
    customer_id = fields.Integer(required=True, allow_none=True)
    contact_name = fields.String(required=True)
    phone = fields.String(required=True)
    email = fields.String(required=True)
    region = fields.String(required=True)
    kind = fields.String(required=True, metadata={"description": "A, B or C; empty until qualified"})
    target_account = fields.Boolean(required=True)
    incomplete = fields.Boolean(required=True, metadata={"description": "A target account without three contacts"})
    product_code = fields.String(required=True, allow_none=True)
    amount = fields.Float(required=True, allow_none=True)
    purchase_date = fields.Date(required=True, allow_none=True)
    initial_purchase_date = fields.Date(required=True, allow_none=True)
    owner = fields.String(required=True, allow_none=True)
    department_key = fields.String(required=True, allow_none=True)
    captured_at = fields.DateTime(required=True)
    qualified_at = fields.DateTime(required=True, allow_none=True)
    last_touch_at = fields.DateTime(required=True, allow_none=True)
    won_at = fields.DateTime(required=True, allow_none=True)
    lost_at = fields.DateTime(required=True, allow_none=True)
    closed_at = fields.DateTime(required=True, allow_none=True)
    deal_amount = fields.Float(required=True, allow_none=True)
    months_advanced = fields.Integer(required=True, allow_none=True)
    lost_reason = fields.String(required=True)
    next_of = fields.String(required=True, allow_none=True)


class OwnershipSchema(Schema):
    """Who had the lead when; no owner: the pool."""

    owner = fields.String(required=True, allow_none=True)
    department_key = fields.String(required=True, allow_none=True)
    from_at = fields.DateTime(required=True)
    to_at = fields.DateTime(required=True, allow_none=True)
    reason = fields.String(required=True)


class HorizonSchema(Schema):
    """Which horizon the lead was in when."""

    horizon = fields.String(required=True)
    entered_at = fields.DateTime(required=True)
    left_at = fields.DateTime(required=True, allow_none=True)
    reason = fields.String(required=True)
    days_to_purchase = fields.Integer(required=True)


class FollowUpSchema(Schema):
    """One contact with the prospect."""

    at = fields.DateTime(required=True)
    actor = fields.String(required=True)
    channel = fields.String(required=True)
    text = fields.String(required=True)
    next_step = fields.String(required=True)
    next_at = fields.DateTime(required=True, allow_none=True)
    purchase_date = fields.Date(required=True, allow_none=True)
    outcome = fields.String(required=True)


class NewFollowUpSchema(Schema):
    """A contact between tasks. Another ``purchase_date`` moves the lead at once."""

    channel = fields.String(required=True, validate=validate.OneOf(following.CHANNELS))
    text = fields.String(required=True, validate=validate.Length(1, following.LONGEST_TEXT))
    next_step = fields.String(load_default="", validate=validate.Length(max=300))
    next_at = fields.AwareDateTime(load_default=None, allow_none=True)
    purchase_date = fields.Date(load_default=None, allow_none=True)


class LeadTaskSchema(Schema):
    """A task the lead waits for."""

    id = fields.String(required=True)
    node_id = fields.String(required=True)
    name = fields.String(required=True)
    assignee = fields.String(required=True, allow_none=True)
    due_at = fields.DateTime(required=True, allow_none=True)


class LeadDetailSchema(LeadSchema):
    """A lead with its history."""

    owners = fields.List(fields.Nested(OwnershipSchema), required=True)
    horizons = fields.List(fields.Nested(HorizonSchema), required=True)
    follow_ups = fields.List(fields.Nested(FollowUpSchema), required=True)
    open_tasks = fields.List(fields.Nested(LeadTaskSchema), required=True)


class LeadQuerySchema(Schema):
    """Which leads to list, newest number first."""

    q = fields.String(load_default="", validate=validate.Length(max=200), metadata={"description": "Words to search"})
    state = fields.String(load_default=None, validate=validate.OneOf(list(LeadState)))
    horizon = fields.String(load_default=None, validate=validate.OneOf(list(Horizon)))
    owner = fields.String(load_default=None, validate=validate.Length(max=100))
    source = fields.String(load_default=None, validate=validate.Length(max=80))
    source_reference = fields.String(load_default=None, validate=validate.Length(max=120))
    limit = fields.Integer(load_default=50, validate=validate.Range(1, 200))
    after = fields.String(
        load_default=None, validate=validate.Length(max=20), metadata={"description": "``next`` of the page before"}
    )


class LeadPageSchema(Schema):
    """A page of leads."""

    leads = fields.List(fields.Nested(LeadSchema), required=True)
    count = fields.Integer(required=True, metadata={"description": "How many there are in all"})
    next = fields.String(required=True, allow_none=True, metadata={"description": "Give it as ``after``"})


class ReturnSchema(Schema):
    """Why the lead goes back to the pool."""

    reason = fields.String(required=True, validate=validate.Length(1, ownership.LONGEST_REMARK))


@blueprint.post("")
@requires("lead.capture")
@blueprint.arguments(NewLeadSchema)
@blueprint.response(201, StartedLeadSchema)
@blueprint.alt_response(422, schema=ErrorSchema)
def capture(body: dict[str, Any]) -> Any:
    """Capture a lead"""
    return _lead_object().start(db.session(), current(), body["values"], source="rest", may_wait=body["may_wait"])


@blueprint.get("")
@signed_in
@blueprint.arguments(LeadQuerySchema, location="query")
@blueprint.response(200, LeadPageSchema)
def leads(query: dict[str, Any]) -> dict[str, Any]:
    """List the leads the caller may see"""
    session = db.session()
    statement = select(Lead).where(queries.sees(current()))
    if query["q"].strip():
        words = search.matching(queries.SEARCH_KIND, query["q"], session.get_bind().dialect.name)
        statement = statement.where(Lead.number.in_(words))
    for name in ("state", "horizon", "owner", "source", "source_reference"):
        if query[name]:
            statement = statement.where(getattr(Lead, name) == query[name])
    count = session.scalar(select(func.count()).select_from(statement.subquery()))
    if query["after"]:
        statement = statement.where(Lead.number < query["after"])
    rows = list(session.scalars(statement.order_by(Lead.number.desc()).limit(query["limit"] + 1)))
    shown = rows[: query["limit"]]
    following_page = shown[-1].number if len(rows) > len(shown) else None
    return {"leads": shown, "count": count, "next": following_page}


@blueprint.get("/<number>")
@signed_in
@blueprint.response(200, LeadDetailSchema)
@blueprint.alt_response(404, schema=ErrorSchema)
def lead(number: str) -> dict[str, Any]:
    """Get a lead with its history"""
    session = db.session()
    return _described(session, _visible(session, number))


@blueprint.post("/<number>/follow-ups")
@signed_in
@blueprint.arguments(NewFollowUpSchema)
@blueprint.response(201, FollowUpSchema)
@blueprint.alt_response(403, schema=ErrorSchema)
@blueprint.alt_response(404, schema=ErrorSchema)
@blueprint.alt_response(422, schema=ErrorSchema)
def add_follow_up(body: dict[str, Any], number: str) -> FollowUp:
    """Note a contact with the prospect"""
    return following.add_record(db.session(), current(), number, following.Contact(**body))


@blueprint.post("/<number>/claim")
@requires("lead.claim")
@blueprint.response(200, LeadSchema)
@blueprint.alt_response(404, schema=ErrorSchema)
@blueprint.alt_response(409, schema=ErrorSchema)
@blueprint.alt_response(422, schema=ErrorSchema)
def claim(number: str) -> Lead:
    """Claim a lead from the pool: 409 names who was faster, 422 when the caller has as many as one may"""
    return ownership.claim(db.session(), current(), number)


@blueprint.post("/<number>/return")
@signed_in
@blueprint.arguments(ReturnSchema)
@blueprint.response(200, LeadSchema)
@blueprint.alt_response(403, schema=ErrorSchema)
@blueprint.alt_response(404, schema=ErrorSchema)
@blueprint.alt_response(422, schema=ErrorSchema)
def give_back(body: dict[str, Any], number: str) -> Lead:
    """Return a lead to the pool of its centre"""
    return ownership.give_back(db.session(), current(), number, body["reason"])


def _lead_object() -> BusinessObject:
    found = objects().get(queries.PROCESS_KEY)
    assert found is not None, "the leads slice registers it"
    return found


def _visible(session: Session, number: str) -> Lead:
    found = queries.visible_lead(session, current(), number)
    if found is None:
        raise NotVisible()
    return found


def _described(session: Session, row: Lead) -> dict[str, Any]:
    names = [field.attribute or name for name, field in LeadSchema().fields.items()]
    tasks = queries.open_tasks(session, [row.number]).get(row.number, [])
    waiting = [
        {
            "id": task.task_id,
            "node_id": task.node_id,
            "name": engine.queries.node_name(session, task.definition_id, task.node_id, language()),
            "assignee": task.assignee,
            "due_at": task.due_at,
        }
        for task in tasks
    ]
    history = {
        "owners": queries.owners(session, row.number),
        "horizons": queries.horizons(session, row.number),
        "follow_ups": queries.follow_ups(session, row.number),
    }
    return {name: getattr(row, name) for name in names} | history | {"open_tasks": waiting}
