"""The list, one complaint with everything about it, its archive, and the fragments other pages show."""

from __future__ import annotations

import json
from typing import Any

from flask import Response, jsonify, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session

import app.db as db
import engine
from app.complaints import detail, lists, queries
from app.complaints.models import Complaint
from app.complaints.views.blueprint import SEES, blueprint, visible
from app.customers import queries as customers
from app.customers.models import Customer
from app.errors import NotVisible
from app.security import current, polling, requires
from app.web.due import standing
from app.web.i18n import language
from app.web.lists import respond

OF_CUSTOMER = 20


@blueprint.get("")
@requires(SEES)
def index() -> ResponseReturnValue:
    """The list, its fragment or its export."""
    return respond(lists.COMPLAINTS, "complaints/index.html", "complaints/_list.html", standing=standing(db.session()))


@blueprint.get("/<number>")
@requires(SEES)
def show(number: str) -> ResponseReturnValue:
    """Everything about a complaint that this person may know."""
    session = db.session()
    page = detail.load(session, visible(session, number), current())
    return render_template("complaints/show.html", it=page)


@blueprint.get("/<number>/current")
@requires(SEES)
@polling
def tasks(number: str) -> ResponseReturnValue:
    """What waits now and for whom, for the page to refresh itself."""
    session = db.session()
    found = detail.waiting(session, visible(session, number), current())
    return render_template("complaints/_tasks.html", tasks=found, number=number)


@blueprint.get("/<number>/panel")
@requires(SEES)
def panel(number: str) -> ResponseReturnValue:
    """What stands beside a task of this complaint: customer, words, timeline."""
    session = db.session()
    page = detail.load(session, visible(session, number), current())
    return render_template("complaints/_panel.html", it=page)


@blueprint.get("/<number>/archive")
@requires(SEES)
def archive(number: str) -> ResponseReturnValue:
    """The sealed record in four parts: content, process, result, satisfaction."""
    session = db.session()
    complaint = visible(session, number)
    if complaint.archived_at is None:
        raise NotVisible
    return render_template("complaints/archive.html", it=detail.load(session, complaint, current()))


@blueprint.get("/<number>/diagram.xml")
@requires(SEES)
def diagram_xml(number: str) -> ResponseReturnValue:
    """The process file as it was deployed."""
    session = db.session()
    instance = _instance(number)
    return Response(engine.queries.definition_xml(session, instance.definition_id), mimetype="application/xml")


@blueprint.get("/<number>/state.json")
@requires(SEES)
@polling
def diagram_state(number: str) -> ResponseReturnValue:
    """Where the process stands and where it has been."""
    session = db.session()
    instance = _instance(number)
    nodes = engine.queries.definition(session, instance.definition_id).nodes
    tokens = [
        {"node": token.node_id, "state": token.state}
        for token in sorted(engine.queries.tokens(session, instance.id), key=lambda token: token.state != "user_task")
        if nodes.get(token.node_id, {}).get("type") != "startEvent"  # event sub-processes listen all the time
    ]
    return jsonify(tokens=tokens, passed=sorted(engine.queries.passed(session, instance.id)))


@blueprint.get("/<number>/names.json")
@requires(SEES)
def diagram_names(number: str) -> ResponseReturnValue:
    """Names of the elements in the reader's language."""
    session = db.session()
    definition = engine.queries.definition(session, _instance(number).definition_id)
    names = {node: engine.queries.node_name(session, definition.id, node, language()) for node in definition.nodes}
    return jsonify(names | _translated(session, definition.id))


def _translated(session: Session, definition_id: str) -> dict[str, str]:
    """What the translation names besides nodes: flows and lanes. Empty in Chinese, which the file itself speaks."""
    try:
        part = engine.queries.part(session, definition_id, "translation", language())
    except engine.DefinitionNotFound:
        return {}
    elements: dict[str, str] = json.loads(part).get("elements", {})
    return elements


def _instance(number: str) -> Any:
    session = db.session()
    complaint = visible(session, number)
    if complaint.instance_id is None:
        raise NotVisible
    return engine.queries.instance(session, complaint.instance_id)


@blueprint.get("/of-customer/<int:customer_id>")
@requires("customer.view")
def of_customer(customer_id: int) -> ResponseReturnValue:
    """A customer's complaints as far as this person may see them, the latest first."""
    session, principal = db.session(), current()
    if customers.visible_customer(session, principal, customer_id) is None:
        raise NotVisible
    statement = (
        select(Complaint, Customer.name)
        .join(Customer, Customer.id == Complaint.customer_id)
        .where(Complaint.customer_id == customer_id, queries.sees(principal))
        .order_by(Complaint.number.desc())
        .limit(OF_CUSTOMER)
    )
    lines = lists.lines(session, session.execute(statement).all())
    template = "complaints/_of_customer.html" if "HX-Request" in request.headers else "complaints/of_customer.html"
    count = queries.count_of_customer(session, principal, customer_id)
    context = {"lines": lines, "count": count, "customer_id": customer_id, "standing": standing(session)}
    return render_template(template, **context)
