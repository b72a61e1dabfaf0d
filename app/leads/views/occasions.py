"""Whom the system would speak to again and why; and what the ways of being heard of cost."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.orm import Session

import app.db as db
from app.customers import queries as customers
from app.errors import FieldErrors
from app.leads import labels, occasion_queries, occasion_words, source_figures
from app.leads.models import Occasion
from app.leads.service import costs, occasions
from app.leads.service.steps import today
from app.leads.views.blueprint import blueprint
from app.leads.views.figures import period_of
from app.security import current, requires

SHOWN = 8


@blueprint.get("/occasions")
@requires("lead.reassign")
def show_occasions() -> ResponseReturnValue:
    """The rules, and for each the customers that wait to be captured."""
    return render_template("leads/occasions.html", **_occasions(db.session()))


def _occasions(session: Session) -> dict[str, Any]:
    rules = {kind: occasions.rule(session, kind) for kind in Occasion}
    products = labels.products(session)
    reasons = labels.of_field(session, labels.CONTACT_FORM, "lost_reason")
    due = occasions.due(session)
    seen = customers.visible_names(session, current(), [one.customer_id for found in due.values() for one in found])
    lines = {
        kind: [
            (one.customer_id, seen[one.customer_id], occasion_words.reason(kind, one.facts, products, reasons))
            for one in found
            if one.customer_id in seen
        ]
        for kind, found in due.items()
    }
    chances = _chances(session, rules[Occasion.NEXT_PRODUCT])
    shown = {"definitions": occasion_words.definitions(rules), "names": labels.sources(), "chances": chances}
    return shown | {"lines": lines, "products": products, "limit": SHOWN, "most": occasions.MOST_AT_ONCE}


def _chances(session: Session, rule: occasions.Rule | None) -> list[tuple[str, str, occasions.Chance]]:
    if rule is None:
        return []
    day = today(session)
    return [
        (product.code, following.code, occasions.chance(session, product.code, following.code, rule, day))
        for product, following in occasion_queries.ladder(session)
    ]


@blueprint.post("/occasions")
@requires("lead.reassign")
def look_now() -> ResponseReturnValue:
    """Capture at once what the system would capture next night."""
    count = occasions.capture(db.session())
    flash(ngettext("%(num)d lead was captured.", "%(num)d leads were captured.", count), "success")
    return redirect(url_for(".show_occasions"), 303)


@blueprint.get("/sources")
@requires("lead.reassign")
def show_sources() -> ResponseReturnValue:
    """What a won lead costs by source, and what was spent."""
    return _sources(db.session(), {}, {})


@blueprint.post("/sources")
@requires("lead.reassign")
def keep_cost() -> ResponseReturnValue:
    """Write down what a way cost in a month."""
    session = db.session()
    try:
        costs.keep(session, current().login, request.form, _ways(session))
    except FieldErrors as refused:
        return _sources(session, dict(request.form), refused.errors)
    flash(_("The cost was written down."), "success")
    return redirect(url_for(".show_sources"), 303)


def _sources(session: Session, values: Any, errors: Any) -> ResponseReturnValue:
    period, wrong = period_of(session)
    page = render_template(
        "leads/sources.html",
        rows=source_figures.sources(session, current(), period),
        entered=source_figures.entered(session, period),
        ways=_ways(session),
        period=period,
        wrong=wrong,
        values={"month": today(session).isoformat()[:7], **values},
        errors=errors,
    )
    return page, 422 if wrong or errors else 200


def _ways(session: Session) -> dict[str, str]:
    return labels.of_field(session, labels.QUALIFY_FORM, "heard_from")
