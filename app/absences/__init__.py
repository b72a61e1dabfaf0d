"""Absences: who stands in for whom, and what people who leave hand over."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from app.registries import Registries


def register(app: Flask, registries: Registries) -> None:
    """Tell the engine who stands in for whom; add the pages, the jobs and what everybody hands over."""
    from app.absences import handlers, handover, queries, views

    registries.stand_in = queries.stand_in
    registries.listeners.append(handlers.on_event)
    registries.handovers.extend(handover.built_in())
    handlers.register(registries.handlers)
    views.install(app)
