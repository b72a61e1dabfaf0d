"""What programs that watch Keliu read."""

from __future__ import annotations

from flask import Blueprint, Response
from flask.typing import ResponseReturnValue
from prometheus_client import CONTENT_TYPE_LATEST

import app.db as db
from app.monitor import metrics
from app.security import public

for_programs = Blueprint("monitoring", __name__)


@for_programs.get("/metrics")
@public
def show_metrics() -> ResponseReturnValue:
    """Figures in the text format of Prometheus, for who has the token or sits on this machine."""
    if not metrics.may_read():
        return Response("give the bearer token of KELIU_METRICS_TOKEN\n", 403, mimetype="text/plain")
    return Response(metrics.text(db.session()), content_type=CONTENT_TYPE_LATEST)
