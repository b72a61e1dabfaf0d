"""The page of figures, and the leads behind each of them."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

from flask import render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
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


@blueprint.get("/figures")
@requires(SEES)
def show_figures() -> ResponseReturnValue:
    """Funnel, conversion, months advanced and losses of a period, of the leads this person may see."""
    session = db.session()
    period, wrong = _period(session)
    found = figures.load(session, current(), period, today(session))
    return render_template("leads/figures.html", it=found, names=_names(session), period=period, wrong=wrong)


@blueprint.get("/figures/leads")
@requires(SEES)
def behind() -> ResponseReturnValue:
    """The leads a figure counts."""
    shown = {"standing": standing(db.session())}
    return respond(lists.BEHIND, "leads/behind.html", "leads/_list.html", **shown)


def _period(session: Session) -> tuple[figures.Period, str]:
    """The period the address asks for, and what is wrong with it; then the last twelve months are shown."""
    zone, now = ZoneInfo(engine.runtime(session).zone), today(session)
    usual = figures.last_year(now, zone)
    try:
        first = date.fromisoformat(request.args.get("from", "")[:10] or usual.first.isoformat())
        last = date.fromisoformat(request.args.get("to", "")[:10] or usual.last.isoformat())
    except ValueError:
        return usual, str(_("Give days like 2026-11-30."))
    if not first <= last or (last - first).days > figures.LONGEST_DAYS or first.year < figures.EARLIEST:
        return usual, str(_("Choose up to three years, the first day before the last."))
    return figures.Period(first, last, zone), ""


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
