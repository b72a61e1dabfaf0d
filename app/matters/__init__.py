"""Matters: every contact of a customer, routed by rules to who answers for it, held by somebody at every minute."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from app.registries import Registries


def register(app: Flask, registries: Registries) -> None:
    """Add service task handlers, the business object and the tables' guards."""
    from app.matters import handlers, immutability, letters
    from app.matters.business import MatterObject

    assert immutability.RULES  # importing it attached the triggers to the tables
    letters.add_wordings()
    for topic, handler in handlers.topics(registries.business_objects).items():
        registries.handlers.register(topic, handler)
    registries.listeners.append(handlers.on_event)
    registries.business_objects.add(MatterObject())
