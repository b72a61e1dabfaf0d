"""Surveys: the chief customer officer has customers called until enough have answered."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from app.registries import Registries


def register(app: Flask, registries: Registries) -> None:
    """Add the pages, the business object, and what ends a survey."""
    from flask_babel import lazy_gettext as _l

    from app.surveys import business, handlers, views
    from app.web import navigation

    registries.handlers.register(handlers.CLOSE, handlers.close)
    registries.listeners.append(handlers.on_event)
    registries.business_objects.add(business.SurveyObject())
    app.register_blueprint(views.blueprint)
    navigation.add(navigation.Item("surveys.index", _l("Surveys"), "clipboard-check", "survey.manage", 35), app)
