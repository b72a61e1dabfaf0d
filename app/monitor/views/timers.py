"""The agenda of timers, and one timer with how its moment was computed."""

from __future__ import annotations

from typing import Any

from flask import render_template, request
from flask.typing import ResponseReturnValue

import app.db as db
import engine
from app.calendars import explanation
from app.errors import NotVisible
from app.monitor import timers as found
from app.monitor.views.blueprint import SEES, blueprint
from app.security import current, requires
from app.web.lists import load, respond
from app.web.rendering import wants_fragment


@blueprint.get("/timers")
@requires(SEES)
def timers() -> ResponseReturnValue:
    """What fires when, by day."""
    session, principal = db.session(), current()
    spec = found.agenda(principal)
    if request.args.get("export"):
        return respond(spec, "", "")
    page = load(spec, session, principal, request.args)
    context: dict[str, Any] = {"page": page, "days": found.days(session, principal, page.rows, request.args)}
    if wants_fragment():
        return render_template("monitor/_timers.html", **context)
    return render_template(
        "monitor/timers.html", totals=found.totals(session, principal), most=found.MOST_COUNTED, **context
    )


@blueprint.get("/timers/<int:job_id>")
@requires(SEES)
def timer(job_id: int) -> ResponseReturnValue:
    """One timer: when, for whom, why then."""
    session = db.session()
    line = found.visible_timer(session, current(), job_id)
    if line is None:
        raise NotVisible
    row = engine.queries.job(session, job_id)
    clock = explanation.of_timer(session, row)
    return render_template("monitor/timer.html", line=line, timer=row, clock=clock)
