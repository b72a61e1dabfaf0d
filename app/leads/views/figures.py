"""The page of figures, and the leads behind each of them."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from flask import render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

import app.db as db
import engine
from app.accounts import queries as accounts
from app.customers import queries as customers
from app.leads import figures, labels, lists, queries
from app.leads.service.steps import today
from app.leads.views.blueprint import SEES, blueprint
from app.security import current, requires
from app.web.due import standing
from app.web.i18n import language
from app.web.lists import respond
from app.web.periods import Period, chosen, last_months


@blueprint.get("/figures")
@requires(SEES)
def show_figures() -> ResponseReturnValue:
    """Funnel, conversion, months advanced and losses of a period, of the leads this person may see."""
    session = db.session()
    period, wrong = period_of(session)
    found = figures.load(session, current(), period, today(session))
    page = render_template("leads/figures.html", it=found, names=_names(session), period=period, wrong=wrong)
    return page, 422 if wrong else 200


@blueprint.get("/figures/leads")
@requires(SEES)
def behind() -> ResponseReturnValue:
    """The leads a figure counts."""
    shown = {"standing": standing(db.session())}
    return respond(lists.BEHIND, "leads/behind.html", "leads/_list.html", **shown)


def period_of(session: Session) -> tuple[Period, str]:
    """The period the address asks for, and what is wrong with it; then the last twelve months are shown."""
    usual = last_months(today(session), ZoneInfo(engine.runtime(session).zone))
    return chosen(request.args, usual)


def _names(session: Session) -> dict[str, dict[str, str]]:
    """What the keys of all tables are called."""
    logins = queries.people_with_leads(session, current())
    return {
        "horizon": labels.horizons(),
        "source": labels.sources(),
        "heard_from": labels.of_field(session, labels.QUALIFY_FORM, "heard_from"),
        "owner": accounts.display_names(session, logins, language()),
        "product": {row.code: row.title(language()) for row in customers.products(session)},
        "lost_reason": labels.of_field(session, labels.CONTACT_FORM, "lost_reason"),
    }
