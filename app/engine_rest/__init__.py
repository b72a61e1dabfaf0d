"""The Camunda 7 REST dialect: clients people already have work against ``/engine-rest``."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from app.registries import Registries


def register(app: Flask, _registries: Registries) -> None:
    """Add the routes: tokens or Basic instead of cookies, so no CSRF token, and errors in Camunda's words."""
    from app.engine_rest import (  # the modules add their routes when imported
        context,
        definition_views,
        deployment_views,
        errors,
        external_views,
        fetching,
        history_views,
        identity_views,
        instance_views,
        job_views,
        message_views,
        repair_views,
        task_variable_views,
        task_views,
    )
    from app.web.application import csrf
    from app.web.errors import speak

    views = (definition_views, deployment_views, external_views, history_views, identity_views, instance_views)
    assert all((*views, job_views, message_views, repair_views, task_variable_views, task_views))
    fetching.install(app)
    csrf.exempt(context.blueprint)
    app.register_blueprint(context.blueprint)
    speak(app, "/engine-rest", errors.speak)
