"""Incidents by cause, the incidents of one cause, and one of them."""

from __future__ import annotations

from typing import Any

from flask import render_template
from flask.typing import ResponseReturnValue

import app.db as db
import engine
from app.errors import NotVisible
from app.monitor import incidents as found
from app.monitor.views.blueprint import SEES, blueprint
from app.process_names import process_name, step_name
from app.security import current, requires
from app.visibility import REPAIR
from app.web.lists import respond


@blueprint.get("/incidents")
@requires(SEES)
def incidents() -> ResponseReturnValue:
    """What went wrong, how often, and where."""
    return respond(found.CAUSES, "monitor/incidents.html", "monitor/_causes.html")


@blueprint.get("/incidents/<cause>")
@requires(SEES)
def incident_group(cause: str) -> ResponseReturnValue:
    """Everything with one cause."""
    group = found.cause(db.session(), current(), cause)
    if group is None:
        return render_template("monitor/cause_gone.html")
    spec = found.of_cause(cause)
    return respond(spec, "monitor/cause.html", "monitor/_incidents.html", cause=group)


@blueprint.get("/incidents/<int:incident_id>")
@requires(SEES)
def incident(incident_id: int) -> ResponseReturnValue:
    """One incident with what is known of it."""
    session, row = db.session(), _visible(incident_id)
    return render_template("monitor/incident.html", incident=row, **_words(row), **_around(session, row))


@blueprint.get("/incidents/<int:incident_id>/detail")
@requires(SEES)
def incident_detail(incident_id: int) -> ResponseReturnValue:
    """Where in the program it happened, for those who repair."""
    row = _visible(incident_id)
    return render_template("monitor/_detail.html", incident=row, may=may_read())


def may_read() -> bool:
    """Traces of the program are for those who repair."""
    return any(current().has(permission) for permission in REPAIR)


def _visible(incident_id: int) -> engine.IncidentRow:
    row = found.visible_incident(db.session(), current(), incident_id)
    if row is None:
        raise NotVisible
    return row


def _words(row: engine.IncidentRow) -> dict[str, Any]:
    session, version = db.session(), row.definition_id
    return {
        "process": process_name(session, version) if version else "",
        "step": step_name(session, version, row.node_id) if version and row.node_id else row.node_id or "",
        "kind": str(found.KINDS.get(row.kind, row.kind)),
        "cause_message": engine.cause_in_words(row.message),
        "may": may_read(),
    }


def _around(session: Any, row: engine.IncidentRow) -> dict[str, Any]:
    return {
        "instance": engine.queries.instance(session, row.instance_id) if row.instance_id else None,
        "job": engine.queries.job(session, row.job_id) if row.job_id else None,
    }
