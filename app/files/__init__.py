"""Files people attach: uploaded on their own, attached to a business object by a form, served as downloads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.files.service import attach, ids, names

if TYPE_CHECKING:
    from flask import Flask

    from app.registries import Registries

__all__ = ["attach", "ids", "names", "register"]


def register(app: Flask, registries: Registries) -> None:
    """Add the routes."""
    from app.files import api, views
    from app.web.api import add

    app.register_blueprint(views.blueprint)
    add(app, api.blueprint)
