"""Notices to employees and messages to customers: said once each, in the commit that caused them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.notifications.service import mark_read, notify, send_to_customer
from app.notifications.wording import Letter, NoticeWording, add_letter, add_notice

if TYPE_CHECKING:
    from flask import Flask

    from app.registries import Registries

__all__ = [
    "Letter",
    "NoticeWording",
    "add_letter",
    "add_notice",
    "mark_read",
    "notify",
    "register",
    "send_to_customer",
]


def register(app: Flask, registries: Registries) -> None:
    """Add the pages and listen to the engine."""
    from app.notifications import handlers, views

    handlers.add_wordings()
    handlers.install(app, registries.handlers)
    views.install(app)
    registries.listeners.append(handlers.on_event)
