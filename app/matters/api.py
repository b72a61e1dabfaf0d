"""``/api/v1/matters``: take a contact in, look matters up, and add what the customer says later."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, validate
from sqlalchemy import func, select
from sqlalchemy.orm import Session

import app.db as db
import engine
from app.db import search
from app.errors import NotVisible
from app.matters import desk, queries
from app.matters.models import Matter, MatterState, MatterStep
from app.matters.service.messages import CHANNELS
from app.security import current, requires, signed_in
from app.web.api import ApiBlueprint, ErrorSchema
from app.web.i18n import language

blueprint = ApiBlueprint("matters_api", __name__, url_prefix="/api/v1/matters", description="Customer matters")


class NewMatterSchema(Schema):
    """The fields of the form ``cco_routing/register`` by name. Complete, the first step is done at once; with
    ``may_wait`` an incomplete contact waits at it."""

    values = fields.Dict(keys=fields.String(), required=True)
    may_wait = fields.Boolean(load_default=False)


class StartedMatterSchema(Schema):
    """A matter was taken in."""

    number = fields.String(required=True, attribute="business_key")
    process_instance_id = fields.String(required=True, attribute="instance_id")
    registered = fields.Boolean(
        required=True, attribute="completed_first", metadata={"description": "false: it waits at the first step"}
    )


class MatterSchema(Schema):
    """A matter as it stands."""

    number = fields.String(required=True)
    state = fields.String(required=True, validate=validate.OneOf(list(MatterState)))
    process_instance_id = fields.String(required=True, allow_none=True, attribute="instance_id")
    channel = fields.String(required=True)
    customer = fields.String(required=True)
    customer_id = fields.Integer(required=True, allow_none=True)
    contact_id = fields.Integer(required=True, allow_none=True)
    caller_name = fields.String(required=True)
    caller_phone = fields.String(required=True)
    caller_company = fields.String(required=True)
    verbatim = fields.String(required=True, allow_none=True)
    verbatim_sha256 = fields.String(required=True, allow_none=True)
    concern = fields.String(required=True)
    kind = fields.String(required=True, metadata={"description": "empty until it is classified"})
    summary = fields.String(required=True)
    product_code = fields.String(required=True)
    region = fields.String(required=True)
    amount = fields.Decimal(required=True, allow_none=True, as_string=True)
    value_class = fields.String(required=True)
    department = fields.String(required=True, metadata={"description": "Key of the department that has it"})
    handler = fields.String(required=True, allow_none=True)
    hops = fields.Integer(required=True)
    transfers = fields.Integer(required=True, metadata={"description": "How often a department declined it"})
    answer = fields.String(required=True)
    reply = fields.String(required=True)
    next_step = fields.String(required=True)
    complaint_number = fields.String(required=True, allow_none=True)
    lead_number = fields.String(required=True, allow_none=True)
    received_at = fields.DateTime(required=True)
    registered_at = fields.DateTime(required=True)
    classified_at = fields.DateTime(required=True, allow_none=True)
    answered_at = fields.DateTime(required=True, allow_none=True)
    replied_at = fields.DateTime(required=True, allow_none=True)
    closed_at = fields.DateTime(required=True, allow_none=True)


class HoldingSchema(Schema):
    """A department, and a person once somebody took it, had the matter; the next interval begins where one ends."""

    department = fields.String(required=True, attribute="department_key")
    person = fields.String(required=True, allow_none=True)
    completed_by = fields.String(
        required=True, allow_none=True, metadata={"description": "Who completed the task though nobody had claimed it"}
    )
    node_id = fields.String(required=True)
    from_at = fields.DateTime(required=True)
    to_at = fields.DateTime(required=True, allow_none=True)


class TransferSchema(Schema):
    """The matter moved from one department to another."""

    kind = fields.String(required=True)
    from_department = fields.String(required=True)
    to_department = fields.String(required=True)
    actor = fields.String(required=True)
    reason = fields.String(required=True)
    at = fields.DateTime(required=True)


class CopySchema(Schema):
    """Somebody was told of the matter."""

    department = fields.String(required=True, attribute="department_key")
    login = fields.String(required=True)
    at = fields.DateTime(required=True)
    read_at = fields.DateTime(required=True, allow_none=True)


class SupplementSchema(Schema):
    """What the customer said in a later contact."""

    channel = fields.String(required=True)
    text = fields.String(required=True)
    text_sha256 = fields.String(required=True)
    added_at = fields.DateTime(required=True)
    added_by = fields.String(required=True)


class MatterStepSchema(Schema):
    """One completed step as it was filled in."""

    node_id = fields.String(required=True)
    name = fields.String(required=True)
    actor = fields.String(required=True)
    at = fields.DateTime(required=True)
    outcome = fields.String(required=True)
    values = fields.Dict(required=True)


class MatterTaskSchema(Schema):
    """A task the matter waits for."""

    id = fields.String(required=True)
    node_id = fields.String(required=True)
    name = fields.String(required=True)
    assignee = fields.String(required=True, allow_none=True)
    due_at = fields.DateTime(required=True, allow_none=True)


class MatterDetailSchema(MatterSchema):
    """A matter with everything that happened."""

    timeline = fields.List(fields.Nested(MatterStepSchema), required=True)
    holdings = fields.List(fields.Nested(HoldingSchema), required=True)
    moves = fields.List(fields.Nested(TransferSchema), required=True)
    copies = fields.List(fields.Nested(CopySchema), required=True)
    supplements = fields.List(fields.Nested(SupplementSchema), required=True)
    open_tasks = fields.List(fields.Nested(MatterTaskSchema), required=True)


class MatterQuerySchema(Schema):
    """Which matters to list, newest number first."""

    q = fields.String(load_default="", validate=validate.Length(max=200), metadata={"description": "Words to search"})
    state = fields.String(load_default=None, validate=validate.OneOf(list(MatterState)))
    kind = fields.String(load_default=None, validate=validate.Length(max=30))
    department = fields.String(load_default=None, validate=validate.Length(max=60))
    customer_id = fields.Integer(load_default=None, validate=validate.Range(1, 2**63 - 1))
    limit = fields.Integer(load_default=50, validate=validate.Range(1, 200))
    after = fields.String(
        load_default=None, validate=validate.Length(max=20), metadata={"description": "``next`` of the page before"}
    )


class MatterPageSchema(Schema):
    """A page of matters."""

    matters = fields.List(fields.Nested(MatterSchema), required=True)
    count = fields.Integer(required=True, metadata={"description": "How many there are in all"})
    next = fields.String(required=True, allow_none=True, metadata={"description": "Give it as ``after``"})


class NewSupplementSchema(Schema):
    """What the customer said in a further contact, word by word."""

    text = fields.String(required=True, validate=validate.Length(min=1))
    channel = fields.String(load_default=None, validate=validate.OneOf(CHANNELS))
    files = fields.List(fields.Integer(), load_default=list, metadata={"description": "Ids of uploaded files"})


@blueprint.post("")
@requires("matter.register")
@blueprint.arguments(NewMatterSchema)
@blueprint.response(201, StartedMatterSchema)
@blueprint.alt_response(422, schema=ErrorSchema)
def register(body: dict[str, Any]) -> Any:
    """Take a contact of a customer in"""
    matters = desk.matter_object()
    return matters.start(db.session(), current(), body["values"], source="rest", may_wait=body["may_wait"])


@blueprint.get("")
@signed_in
@blueprint.arguments(MatterQuerySchema, location="query")
@blueprint.response(200, MatterPageSchema)
def listed(query: dict[str, Any]) -> dict[str, Any]:
    """List the matters the caller may see"""
    session = db.session()
    statement = select(Matter).where(queries.sees(current()))
    if query["q"].strip():
        words = search.matching(queries.SEARCH_KIND, query["q"], session.get_bind().dialect.name)
        statement = statement.where(Matter.number.in_(words))
    for name in ("state", "kind", "department", "customer_id"):
        if query[name] is not None:
            statement = statement.where(getattr(Matter, name) == query[name])
    count = session.scalar(select(func.count()).select_from(statement.subquery()))
    if query["after"]:
        statement = statement.where(Matter.number < query["after"])
    rows = list(session.scalars(statement.order_by(Matter.number.desc()).limit(query["limit"] + 1)))
    shown = rows[: query["limit"]]
    following = shown[-1].number if len(rows) > len(shown) else None
    return {"matters": [_described(session, row) for row in shown], "count": count, "next": following}


@blueprint.get("/<number>")
@signed_in
@blueprint.response(200, MatterDetailSchema)
@blueprint.alt_response(404, schema=ErrorSchema)
def one(number: str) -> dict[str, Any]:
    """Get a matter with everything that happened"""
    session = db.session()
    found = _visible(session, number)
    waiting = queries.open_tasks(session, [number]).get(number, [])
    return _described(session, found) | {
        "timeline": [_step(session, step) for step in queries.steps(session, number)],
        "holdings": _holdings(session, number),
        "moves": queries.transfers(session, number),
        "copies": queries.copies(session, number),
        "supplements": queries.supplements(session, number),
        "open_tasks": [
            {
                "id": row.task_id,
                "node_id": row.node_id,
                "name": engine.queries.node_name(session, row.definition_id, row.node_id, language()),
                "assignee": row.assignee,
                "due_at": row.due_at,
            }
            for row in waiting
        ],
    }


def _holdings(session: Session, number: str) -> list[dict[str, Any]]:
    rows = queries.holdings(session, number)
    names = [field.attribute or name for name, field in HoldingSchema().fields.items() if name != "completed_by"]
    completed = queries.completers(session, rows)
    return [{name: getattr(row, name) for name in names} | {"completed_by": completed.get(row.id)} for row in rows]


@blueprint.post("/<number>/supplements")
@requires("matter.register")
@blueprint.arguments(NewSupplementSchema)
@blueprint.response(204)
@blueprint.alt_response(404, schema=ErrorSchema)
@blueprint.alt_response(422, schema=ErrorSchema)
def add(body: dict[str, Any], number: str) -> None:
    """Add what the customer said in a further contact"""
    session = db.session()
    found = _visible(session, number)
    desk.supplement(session, current(), found, body["text"], body["channel"] or found.channel, body["files"])


def _visible(session: Session, number: str) -> Matter:
    found = queries.visible_matter(session, current(), number)
    if found is None:
        raise NotVisible
    return found


def _described(session: Session, row: Matter) -> dict[str, Any]:
    names = [field.attribute or name for name, field in MatterSchema().fields.items() if name != "customer"]
    return {name: getattr(row, name) for name in names} | {"customer": queries.customer_name(session, row.customer_id)}


def _step(session: Session, row: MatterStep) -> dict[str, Any]:
    kept = {name: getattr(row, name) for name in ("node_id", "actor", "at", "outcome", "values")}
    return kept | {"name": engine.queries.node_name(session, row.definition_id, row.node_id, language())}
