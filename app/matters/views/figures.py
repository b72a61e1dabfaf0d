"""Figures about matters."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from flask import render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

import app.db as db
import engine
from app.accounts import queries as accounts
from app.matters import figures, labels
from app.matters.views.blueprint import blueprint
from app.security import current, requires
from app.web import periods
from app.web.i18n import language


@blueprint.get("/figures")
@requires("matter.export")
def show_figures() -> ResponseReturnValue:
    """By kind and route, hops and transfers, overdue, how true the records are, silent centres."""
    session = db.session()
    zone = ZoneInfo(engine.runtime(session).zone)
    usual = periods.last_days(engine.now(session).astimezone(zone).date(), zone)
    period, wrong = periods.chosen(request.args, usual)
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
