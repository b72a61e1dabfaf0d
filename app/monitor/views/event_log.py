"""The event log: choose processes, days and format, see how much it is, download."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from zoneinfo import ZoneInfo

from flask import Response, render_template, request, stream_with_context
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

import app.db as db
import engine
from app.business_objects import objects
from app.monitor import event_log
from app.monitor.event_log.events import activities
from app.monitor.sight import EXPORTS
from app.monitor.views.blueprint import SEES, blueprint
from app.process_names import process_name
from app.security import current, requires
from app.visibility import sees_listed
from app.web import periods
from app.web.i18n import language

TYPES = {
    "csv": ("text/csv; charset=utf-8", "csv"),
    "xes": ("application/xml", "xes"),
    "ocel": ("application/json", "jsonocel"),
}


@blueprint.get("/event-log")
@requires(SEES)
def show_event_log() -> ResponseReturnValue:
    """What may be downloaded, and how many cases and events that is."""
    session = db.session()
    names = _names(session)
    period, wrong, chosen = _chosen(session, names)
    found = event_log.counts(session, chosen)
    shown = {"names": names, "chosen": chosen, "period": period, "wrong": wrong, "kinds": TYPES}
    return render_template("monitor/event_log.html", counts=found, **shown), 422 if wrong else 200


@blueprint.get("/event-log/download")
@requires(EXPORTS)
def download_event_log() -> ResponseReturnValue:
    """The log as a file, written while it is read."""
    session = db.session()
    kind = request.args.get("format", "csv")
    period, wrong, chosen = _chosen(session, _names(session))
    if wrong:
        return show_event_log()
    mime, suffix = TYPES.get(kind, TYPES["csv"])
    stream = _written(kind, chosen, language())
    response = Response(stream_with_context(stream), content_type=mime)
    name = f"event-log-{period.first.isoformat()}-{period.last.isoformat()}.{suffix}"
    response.headers.set("Content-Disposition", "attachment", filename=name)
    return response


def _written(kind: str, chosen: event_log.Chosen, reader: str) -> Iterator[bytes]:
    """In a session of its own: that of the request has ended when the last line is written."""
    with db.database().read() as session:
        cases = event_log.cases(session, chosen, reader)
        names = activities(session, chosen.processes, reader) if kind == "ocel" else []
        writers: dict[str, Callable[[], Iterator[bytes]]] = {
            "xes": lambda: event_log.xes(cases, ", ".join(chosen.processes)),
            "ocel": lambda: event_log.ocel(cases, chosen.processes, names),
        }
        yield from writers.get(kind, lambda: event_log.table(cases))()


def _names(session: Session) -> dict[str, str]:
    """Key → name of every process, in the reader's language."""
    latest = engine.queries.definitions(session, latest_only=True)
    return {row.key: process_name(session, row.id) for row in latest}


def _chosen(session: Session, names: dict[str, str]) -> tuple[periods.Period, str, Any]:
    zone = ZoneInfo(engine.runtime(session).zone)
    usual = periods.last_months(engine.now(session).astimezone(zone).date(), zone)
    period, wrong = periods.chosen(request.args, usual)
    asked = tuple(key for key in request.args.getlist("process") if key in names)
    sees = sees_listed(session, current(), objects())
    only = bool(request.args.get("people"))
    return period, wrong, event_log.Chosen(sees, asked or tuple(names), *period.moments(), people_only=only)
