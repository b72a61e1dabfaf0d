"""The control room: running and ended instances, what waits and why, and their repair."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from app.registries import Registries


def register(app: Flask, registries: Registries) -> None:
    """Add the pages and their menu items."""
    from app.monitor import views

    app.register_blueprint(views.blueprint)
