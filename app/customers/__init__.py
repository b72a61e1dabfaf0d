"""Customers, their contacts, contracts and orders."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from app.registries import Registries


def register(app: Flask, registries: Registries) -> None:
    """Add the pages, the menu entry and the demo customers."""
    from flask_babel import lazy_gettext as _l

    from app.customers import demo, models, references, samples, views
    from app.registries import DemoPart, Reference
    from app.web import navigation

    app.register_blueprint(views.blueprint)
    references.register(app)
    navigation.add(navigation.Item("customers.index", _l("Customers"), "building-factory", "customer.view", 40), app)
    registries.demo.append(DemoPart("Customers, contracts and orders", demo.load))
    registries.references.append(Reference(models.Product))
    registries.samples.append(samples.load)
