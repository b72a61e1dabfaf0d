"""The Camunda 7 REST dialect: clients people already have work against ``/engine-rest``."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from app.registries import Registries

VIEWS = (
    "batch_views",
    "definition_form_views",
    "definition_views",
    "deployment_views",
    "execution_views",
    "external_views",
    "filter_views",
    "history_views",
    "identity_views",
    "instance_views",
    "job_views",
    "mass_views",
    "message_views",
    "migration_views",
    "modification_views",
    "repair_views",
    "task_form_views",
    "task_together_views",
    "task_variable_views",
    "task_views",
    "variable_views",
)
"""The modules that add routes when they are imported."""


def register(app: Flask, _registries: Registries) -> None:
    """Add the routes: tokens or Basic instead of cookies, so no CSRF token, and errors in Camunda's words."""
    from app.engine_rest import context, errors, fetching
    from app.web.application import csrf
    from app.web.errors import speak

    for name in VIEWS:
        import_module(f"app.engine_rest.{name}")
    fetching.install(app)
    csrf.exempt(context.blueprint)
    app.register_blueprint(context.blueprint)
    speak(app, "/engine-rest", errors.speak)
