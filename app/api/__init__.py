"""``/api/v1``: puts together what each slice offers to programs, and its documentation."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from flask_babel import lazy_gettext as _l

from app.web import api, navigation

if TYPE_CHECKING:
    from flask import Flask

    from app.registries import Registries

PARTS = ("app.inbox.api", "app.complaints.api", "app.leads.api", "app.matters.api", "app.imports.api")


def register(app: Flask, _registries: Registries) -> None:
    """Add every part and the OpenAPI document."""
    from app.api import views

    for name in PARTS:
        api.add(app, importlib.import_module(name).blueprint)
    app.register_blueprint(views.blueprint)
    navigation.add_account_link("api.developers", _l("For programs"), "code")
