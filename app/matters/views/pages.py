"""The list, one matter with everything about it, and the fragments other pages show."""

from __future__ import annotations

from flask import Response, render_template, request
from flask.typing import ResponseReturnValue

import app.db as db
from app.customers import queries as customers
from app.errors import NotVisible
from app.matters import detail, lists
from app.matters.service import copying
from app.matters.views.blueprint import SEES, blueprint, visible
from app.security import current, polling, requires
from app.web.due import standing
from app.web.lists import respond

OF_CUSTOMER = 20


@blueprint.get("")
@requires(SEES)
def index() -> ResponseReturnValue:
    """The list, its fragment or its export."""
    return respond(lists.MATTERS, "matters/index.html", "matters/_list.html", standing=standing(db.session()))


@blueprint.get("/<number>")
@requires(SEES)
def show(number: str) -> ResponseReturnValue:
    """Everything about a matter that this person may know."""
    session = db.session()
    page = detail.load(session, visible(session, number), current())
    return render_template("matters/show.html", it=page)


@blueprint.get("/<number>/current")
@requires(SEES)
@polling
def tasks(number: str) -> ResponseReturnValue:
    """What waits now and for whom, for the page to refresh itself."""
    session = db.session()
    found = detail.waiting(session, visible(session, number))
    return render_template("matters/_tasks.html", tasks=found, number=number)


@blueprint.get("/<number>/panel")
@requires(SEES)
def panel(number: str) -> ResponseReturnValue:
    """What stands beside a task of this matter: customer, words, who had it, timeline."""
    session = db.session()
    page = detail.load(session, visible(session, number), current())
    return render_template("matters/_panel.html", it=page)


@blueprint.post("/<number>/read")
@requires(SEES)
def read(number: str) -> ResponseReturnValue:
    """The page says that who was told of the matter has it before their eyes."""
    session = db.session()
    copying.mark_read(session, current(), visible(session, number).number)
    return Response(status=204)


@blueprint.get("/of-customer/<int:customer_id>")
@requires("customer.view")
def of_customer(customer_id: int) -> ResponseReturnValue:
    """A customer's matters as far as this person may see them, the latest first."""
    session, principal = db.session(), current()
    if customers.visible_customer(session, principal, customer_id) is None:
        raise NotVisible
    found, count = lists.of_customer(session, principal, customer_id, OF_CUSTOMER)
    template = "matters/_of_customer.html" if "HX-Request" in request.headers else "matters/of_customer.html"
    stands = standing(session)
    return render_template(template, lines=found, count=count, customer_id=customer_id, standing=stands)
