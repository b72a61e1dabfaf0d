"""The inbox: what people have to do, may claim, have done and started."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask_babel import lazy_gettext as _l

if TYPE_CHECKING:
    from flask import Flask

    from app.registries import Registries


def register(app: Flask, registries: Registries) -> None:
    """Add the pages, the menu item and the listener that throws drafts away with their tasks."""
    from app.inbox import (  # the modules add their routes when imported
        clock_views,
        diagram_views,
        handlers,
        task_views,
        views,
    )
    from app.web import navigation

    assert task_views and diagram_views and clock_views
    app.register_blueprint(views.blueprint)
    registries.listeners.append(handlers.on_event)
    navigation.add(navigation.Item("inbox.index", _l("Inbox"), "inbox", "task.work", 10, views.menu_count), app)
