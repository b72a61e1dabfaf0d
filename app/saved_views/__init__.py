"""Saved views: filters and order of a list under a name, for oneself or for everybody. Any list page may offer them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from app.registries import Registries


def register(app: Flask, registries: Registries) -> None:
    """Add the routes, and what the template ``saved_views/_menu.html`` asks."""
    from app.saved_views import views

    app.register_blueprint(views.blueprint)
    app.jinja_env.globals["saved_views_of"] = views.views_of
