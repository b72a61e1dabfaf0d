"""The list, the pool, one lead with everything about it, and the fragments other pages show."""

from __future__ import annotations

from flask import render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy import select

import app.db as db
from app.customers import queries as customers
from app.customers.models import Customer
from app.errors import NotVisible
from app.leads import detail, forms, labels, lists, queries
from app.leads.models import RUNNING, Lead
from app.leads.service import ownership
from app.leads.views.blueprint import SEES, blueprint, visible
from app.security import current, polling, requires
from app.web.due import standing
from app.web.lists import respond

OF_CUSTOMER = 20


@blueprint.get("")
@requires(SEES)
def index() -> ResponseReturnValue:
    """The list, its fragment or its export."""
    session = db.session()
    return respond(
        lists.LEADS,
        "leads/index.html",
        "leads/_list.html",
        standing=standing(session),
        horizons=labels.horizons(),
        running=list(RUNNING),
        counts=lambda: queries.running_by_horizon(session, current()),
    )


@blueprint.get("/pool")
@requires("lead.claim")
def pool() -> ResponseReturnValue:
    """What waits for somebody to follow it up, and how many one may still claim."""
    session, principal = db.session(), current()
    used = queries.owned(session, principal.login)
    quota = ownership.quota(session, principal)
    return respond(lists.POOL, "leads/pool.html", "leads/_pool.html", used=used, quota=quota, reasons=labels.reasons())


@blueprint.get("/<number>")
@requires(SEES)
def show(number: str) -> ResponseReturnValue:
    """Everything about a lead that this person may know."""
    session = db.session()
    page = detail.load(session, visible(session, number), current())
    return render_template("leads/show.html", it=page, document=forms.follow_up(session), values={}, errors={})


@blueprint.get("/<number>/current")
@requires(SEES)
@polling
def tasks(number: str) -> ResponseReturnValue:
    """What waits now and for whom, for the page to refresh itself."""
    session = db.session()
    found = detail.waiting(session, visible(session, number))
    return render_template("leads/_tasks.html", tasks=found)


@blueprint.get("/<number>/panel")
@requires(SEES)
def panel(number: str) -> ResponseReturnValue:
    """What stands beside a task of this lead: the prospect and the timeline."""
    session = db.session()
    page = detail.load(session, visible(session, number), current())
    return render_template("leads/_panel.html", it=page)


@blueprint.get("/of-customer/<int:customer_id>")
@requires("customer.view")
def of_customer(customer_id: int) -> ResponseReturnValue:
    """A customer's leads as far as this person may see them, the latest first."""
    session, principal = db.session(), current()
    if customers.visible_customer(session, principal, customer_id) is None:
        raise NotVisible
    statement = (
        select(Lead, Customer.name)
        .join(Customer, Customer.id == Lead.customer_id)
        .where(Lead.customer_id == customer_id, queries.sees(principal))
        .order_by(Lead.number.desc())
        .limit(OF_CUSTOMER)
    )
    lines = lists.lines(session, session.execute(statement).all())
    template = "leads/_of_customer.html" if "HX-Request" in request.headers else "leads/of_customer.html"
    return render_template(template, lines=lines, customer_id=customer_id)
