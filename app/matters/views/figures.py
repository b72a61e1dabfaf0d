"""Figures about matters."""

from __future__ import annotations

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from flask import current_app, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

import app.db as db
import engine
from app.accounts import queries as accounts
from app.matters import figures, labels
from app.matters.views.blueprint import blueprint
from app.security import current, requires
from app.web.i18n import language


@blueprint.get("/figures")
@requires("matter.export")
def show_figures() -> ResponseReturnValue:
    """By kind and route, hops and transfers, overdue, how true the records are, silent centres."""
    session = db.session()
    period, wrong = _period()
    found = figures.load(session, current(), period)
    departments = {row.key: row.name(language()) for row in accounts.departments(session)}
    context: dict[str, Any] = {
        "kinds": {**labels.kinds(session), "-": _("not classified")},
        "routes": {**departments, **labels.routes()},
        "departments": departments,
        "people": accounts.display_names(session, [row.key for row in found.owners], language()),
        "steps": figures.STEPS,
        "peers": figures.PEERS_HEARD,
    }
    page = render_template("matters/figures.html", it=found, period=period, wrong=wrong, **context)
    return page, 422 if wrong else 200


def _period() -> tuple[figures.Period, str]:
    """The days asked for and what is wrong with them; the last ninety days for wrong ones and when nothing is asked."""
    zone = ZoneInfo(current_app.extensions["keliu.settings"].zone)
    usual = figures.last_days(engine.now(db.session()).astimezone(zone).date(), zone)
    asked = [request.args.get(name, "")[:10] for name in ("from", "to")]
    if not any(asked):
        return usual, ""
    try:
        first = date.fromisoformat(asked[0]) if asked[0] else usual.first
        last = date.fromisoformat(asked[1]) if asked[1] else usual.last
    except ValueError:
        return usual, _("Give days like 2026-11-30.")
    if last < first:
        return usual, _("The last day is before the first.")
    if first.year < figures.EARLIEST or last.year > usual.last.year + 1 or (last - first).days > figures.LONGEST_DAYS:
        return usual, _("Choose a period of at most three years.")
    return figures.Period(first, last, zone), ""
