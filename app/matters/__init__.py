"""Matters: every contact of a customer, routed by rules to who answers for it, held by somebody at every minute."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from app.registries import Registries


def register(app: Flask, registries: Registries) -> None:
    """Add pages, service task handlers, the business object and the tables' guards."""
    from flask_babel import lazy_gettext as _l

    from app.matters import demo, handlers, immutability, importing, letters, views
    from app.matters.business import MatterObject
    from app.registries import DemoPart
    from app.web import navigation

    assert immutability.RULES  # importing it attached the triggers to the tables
    letters.add_wordings()
    for topic, handler in handlers.topics(registries.business_objects).items():
        registries.handlers.register(topic, handler)
    registries.listeners.append(handlers.on_event)
    registries.business_objects.add(MatterObject())
    registries.imports.register(importing.MatterTarget())
    app.register_blueprint(views.blueprint)
    seen_by = ("task.work", "matter.view_all", "case.view_subtree")
    desk = navigation.Item("matters.front_desk", _l("Front desk"), "headset", "matter.register", 12)
    navigation.add(desk, app)
    navigation.add(navigation.Item("matters.index", _l("Matters"), "phone", seen_by, 15), app)
    registries.demo.append(DemoPart("Matters", demo.load))
