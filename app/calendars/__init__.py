"""Working calendars: when which group works, and the days of the year that differ."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Flask

if TYPE_CHECKING:
    from app.registries import Registries


def register(app: Flask, registries: Registries) -> None:
    """Give the engine its calendars, add the pages, offer the demo calendars."""
    from app.calendars import demo, models, queries, recomputing, views
    from app.registries import DemoPart, Reference

    registries.calendars = queries.working_calendar
    registries.handlers.register_work(recomputing.WORK, recomputing.begin)
    registries.listeners.append(recomputing.on_event)
    registries.demo.append(DemoPart("Working calendars", demo.load))
    tables = (models.Calendar, models.CalendarDay, models.CalendarAssignment, models.CalendarVersion)
    registries.references += [Reference(table) for table in tables]
    views.install(app)
