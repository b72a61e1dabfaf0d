"""Complaints: registered, handled in eight steps, answered for at every minute, kept for ever."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from app.registries import Registries


def register(app: Flask, registries: Registries) -> None:
    """Add pages, service task handlers, the business object, the import target and the demo complaints."""
    from flask_babel import lazy_gettext as _l

    from app.complaints import commands, demo, handlers, handover, immutability, importing, letters, models, views
    from app.complaints.business import ComplaintObject
    from app.registries import DemoPart, Handover, Reference
    from app.web import navigation

    assert immutability.RULES  # importing it attached the triggers to the tables
    letters.add_wordings()
    for topic, handler in handlers.TOPICS.items():
        registries.handlers.register(topic, handler)
    registries.listeners.append(handlers.on_event)
    registries.business_objects.add(ComplaintObject(registries.business_objects))
    registries.imports.register(importing.ComplaintTarget())
    actions = Handover("complaint_actions", _l("Actions of complaints"), handover.count, handover.move)
    registries.handovers.append(actions)
    registries.commands.append(commands.catalogue)
    app.register_blueprint(views.blueprint)
    seen_by = ("task.work", "complaint.view_all", "case.view_subtree")
    navigation.add(navigation.Item("complaints.index", _l("Complaints"), "messages", seen_by, 20), app)
    registries.demo.append(DemoPart("Complaints", demo.load))
    registries.references += [Reference(models.CauseCode), Reference(models.Remedy)]
