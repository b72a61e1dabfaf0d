"""The control room: running and ended instances, what waits and why, and their repair."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from app.registries import Registries


def register(app: Flask, registries: Registries) -> None:
    """Add the pages and their menu items."""
    from flask_babel import lazy_gettext as _l

    from app.monitor import metrics, views
    from app.web import navigation

    metrics.install(app)
    app.register_blueprint(views.blueprint)
    app.register_blueprint(views.for_programs)
    for endpoint, label, icon, order in (
        ("monitor.index", _l("Processes"), "sitemap", 70),
        ("monitor.instances", _l("Instances"), "list-details", 71),
        ("monitor.tasks", _l("Open tasks"), "list-check", 73),
        ("monitor.incidents", _l("Incidents"), "alert-triangle", 74),
        ("monitor.timers", _l("Agenda of timers"), "clock", 76),
        ("monitor.figures", _l("Figures"), "chart-bar", 77),
        ("monitor.show_event_log", _l("Event log"), "file-export", 79),
        ("monitor.repairs", _l("Repairs"), "tool", 78),
    ):
        item = navigation.Item(endpoint, label, icon, "monitor.view", order, group=_l("Control room"))
        navigation.add(item, app)
