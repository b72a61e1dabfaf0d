"""Leads: captured, qualified, followed up as the purchase comes nearer, won or lost, with all their history."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from app.registries import Registries


def register(app: Flask, registries: Registries) -> None:
    """Add service task handlers, the business object and the wording of packs and notices."""
    from app.leads import handlers, letters
    from app.leads.business import LeadObject

    letters.add_wordings()
    for topic, handler in handlers.topics(app.extensions["keliu.settings"].base_url).items():
        registries.handlers.register(topic, handler)
    registries.listeners.append(handlers.on_event)
    registries.business_objects.add(LeadObject())
