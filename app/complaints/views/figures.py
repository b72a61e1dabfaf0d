"""The page of figures, and the complaints behind each of them."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from flask import render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

import app.db as db
import engine
from app.complaints import behind, courses, figures, labels
from app.complaints.views.blueprint import blueprint
from app.security import current, requires
from app.web import periods
from app.web.due import standing
from app.web.lists import respond

SEES_FIGURES = "monitor.view"


@blueprint.get("/figures")
@requires(SEES_FIGURES)
def show_figures() -> ResponseReturnValue:
    """What came in and what it took to close it, of the complaints this person may see."""
    session, principal = db.session(), current()
    zone = ZoneInfo(engine.runtime(session).zone)
    usual = periods.last_days(engine.now(session).astimezone(zone).date(), zone)
    period, wrong = periods.chosen(request.args, usual)
    context = _choices() | {"period": period, "wrong": wrong}
    received = figures.load(session, principal, period, context["by"])
    closed = courses.load(session, principal, period, context["limit"])
    page = render_template("complaints/figures.html", it=received, closed=closed, **context, **_names(session))
    return page, 422 if wrong else 200


@blueprint.get("/figures/complaints")
@requires(SEES_FIGURES)
def behind_figure() -> ResponseReturnValue:
    """The complaints a figure counts."""
    shown = {"standing": standing(db.session())}
    return respond(behind.BEHIND, "complaints/behind.html", "complaints/_list.html", **shown)


def _choices() -> dict[str, Any]:
    """What besides the days the address chooses; something else means the usual."""
    by, limit = request.args.get("by", ""), request.args.get("limit", "")
    return {
        "by": by if by in figures.DIMENSIONS else "class",
        "limit": int(limit) if limit.isdecimal() and int(limit) in courses.STEPS else courses.LIMIT,
        "limits": courses.STEPS,
        "peers": figures.PEERS_HEARD,
        "vital": figures.VITAL,
    }


def _names(session: Session) -> dict[str, Any]:
    """What the keys of all tables are called."""
    classes, departments = labels.of_field(session, "complaint_class"), behind.departments(session)
    names = {"class": classes, "department": departments, "cause": behind.causes(session)}
    return {"names": names, "answers": behind.answers()}
