"""Where the figures are: one page that leads to those of each kind of business."""

from __future__ import annotations

from flask import render_template
from flask.typing import ResponseReturnValue

from app.monitor.views.blueprint import SEES, blueprint
from app.security import requires


@blueprint.get("/figures")
@requires(SEES)
def figures() -> ResponseReturnValue:
    """Links to the figures about complaints, leads and matters that this person may open."""
    return render_template("monitor/figures.html")
