"""Where the figures are: one page that leads to those of each kind of business."""

from __future__ import annotations

from collections.abc import Mapping

from flask import current_app, render_template
from flask.typing import ResponseReturnValue

from app.monitor.views.blueprint import SEES, blueprint
from app.security import current, requires

PERMISSIONS: Mapping[str, str] = {
    "complaints.show_figures": "monitor.view",
    "leads.show_figures": "task.work",
    "matters.show_figures": "matter.export",
}
"""Page of figures → the permission it asks for."""


def may_open(endpoint: str) -> bool:
    """Whether there is such a page of figures and this person may open it."""
    return endpoint in current_app.view_functions and current().has(PERMISSIONS[endpoint])


@blueprint.get("/figures")
@requires(SEES)
def figures() -> ResponseReturnValue:
    """Links to the figures about complaints, leads and matters that this person may open."""
    return render_template("monitor/figures.html", may_open=may_open)
