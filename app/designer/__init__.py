"""The workshop: processes, decisions and forms are edited, checked, tried, compared and deployed in the browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from app.registries import Registries


def register(app: Flask, registries: Registries) -> None:
    """Add the pages and their menu items."""
    from flask_babel import lazy_gettext as _l

    from app.designer import views
    from app.web import navigation

    app.register_blueprint(views.blueprint)
    navigation.add(
        navigation.Item("designer.index", _l("Process design"), "template", views.SEES, 80, group=_l("Workshop")), app
    )
