"""Leads: captured, qualified, followed up as the purchase comes nearer, won or lost, with all their history."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from app.registries import Registries


def register(app: Flask, registries: Registries) -> None:
    """Add pages, service task handlers, the business object, the import target, hand-over and the wordings."""
    from flask_babel import lazy_gettext as _l

    from app.leads import demo, handlers, importing, letters, queries, views
    from app.leads.business import LeadObject
    from app.leads.service import occasions, ownership
    from app.registries import DemoPart, Handover
    from app.web import navigation

    letters.add_wordings()
    for topic, handler in handlers.topics(app.extensions["keliu.settings"].base_url).items():
        registries.handlers.register(topic, handler)
    registries.handlers.register_work(occasions.WORK, occasions.nightly)
    registries.beginnings.append(occasions.begin)
    registries.listeners.append(handlers.on_event)
    registries.business_objects.add(LeadObject())
    registries.imports.register(importing.LeadTarget())
    registries.demo.append(DemoPart("Leads", demo.load))
    registries.handovers.append(Handover("leads", _l("Leads"), queries.owned, ownership.hand_over))
    app.register_blueprint(views.blueprint)
    app.register_blueprint(views.for_customers)
    navigation.add(navigation.Item("leads.index", _l("Leads"), "flag", "task.work", 25), app)
    navigation.add(navigation.Item("leads.pool", _l("Pool of leads"), "users", "lead.claim", 26), app)
