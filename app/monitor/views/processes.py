"""All processes at a glance, and one of them on its diagram."""

from __future__ import annotations

from flask import Response, abort, jsonify, render_template
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session

import app.db as db
import engine
from app.errors import NotVisible
from app.monitor import activities, measures, processes, workload
from app.monitor.sight import Sight
from app.monitor.views.blueprint import SEES, blueprint
from app.monitor.views.figures import may_open
from app.process_names import element_names, process_name
from app.security import current, requires
from app.visibility import sees_definition
from engine.tables import process_definition

FIGURES = {
    "complaint": "complaints.show_figures",
    "lead_followup": "leads.show_figures",
    "cco_routing": "matters.show_figures",
}
"""Process → the page with the figures of its business."""


@blueprint.get("")
@requires(SEES)
def index() -> ResponseReturnValue:
    """Every process: what runs, what is late or in trouble, what has ended."""
    session = db.session()
    sees = Sight.of(session, current())
    found = processes.processes(session, sees)
    days = {count: workload.day_before(session, count)[0].isoformat() for count in (processes.WEEK, processes.MONTH)}
    figures = {key: endpoint for key, endpoint in FIGURES.items() if may_open(endpoint)}
    return render_template(
        "monitor/index.html", processes=found, everything=sees.everything, days=days, figures=figures
    )


@blueprint.get("/processes/<definition_id>")
@requires(SEES)
def process(definition_id: str) -> ResponseReturnValue:
    """All instances of one version on its diagram."""
    return _page(db.session(), _definition(db.session(), definition_id), definition_id)


@blueprint.get("/processes/key/<key>")
@requires(SEES)
def process_versions(key: str) -> ResponseReturnValue:
    """All instances of all versions, on the diagram of the newest."""
    return _page(db.session(), key, None)


@blueprint.get("/processes/<definition_id>/diagram.bpmn")
@requires(SEES)
def process_xml(definition_id: str) -> ResponseReturnValue:
    """The BPMN file as it was deployed."""
    session = db.session()
    _definition(session, definition_id)
    return Response(engine.queries.definition_xml(session, definition_id), mimetype="application/xml")


@blueprint.get("/processes/<definition_id>/names.json")
@requires(SEES)
def process_element_names(definition_id: str) -> ResponseReturnValue:
    """Names of the elements in the reader's language."""
    session = db.session()
    _definition(session, definition_id)
    return jsonify(element_names(session, definition_id))


def _definition(session: Session, definition_id: str) -> str:
    """The process key of a definition. Raises :class:`NotVisible` for one that this person may not know."""
    mine = (process_definition.c.id == definition_id, sees_definition(current()))
    found = session.scalar(select(process_definition.c.key).where(*mine))
    if found is None:
        raise NotVisible
    return str(found)


def _page(session: Session, key: str, version: str | None) -> str:
    sees = Sight.of(session, current())
    try:
        found = activities.load(session, sees, key, version)
    except engine.DefinitionNotFound:
        abort(404)
    return render_template(
        "monitor/process.html",
        it=found,
        name=process_name(session, found.definition_id),
        everything=sees.everything,
        sample=measures.SAMPLE,
        returns_sample=measures.RETURNS_SAMPLE,
        days=activities.DAYS,
        since=workload.day_before(session, activities.DAYS)[0].isoformat(),
    )
