"""The bell, what a person wants to hear, what is sent out, and the channels of teams."""

from __future__ import annotations

from flask import Flask
from flask_babel import lazy_gettext as _l

from app.notifications import queries
from app.notifications.views import channels, deliveries, pages, preferences, refusal
from app.notifications.views.blueprint import MANAGE, blueprint
from app.web import navigation

__all__ = ["blueprint", "channels", "deliveries", "install", "pages", "preferences", "refusal"]


def install(app: Flask) -> None:
    """Register the pages and the menu items."""
    app.register_blueprint(blueprint)
    group = _l("Administration")
    navigation.add(
        navigation.Item(
            "notifications.deliveries", _l("Sent out"), "send", MANAGE, 820, count=queries.failed, group=group
        ),
        app,
    )
    navigation.add(
        navigation.Item("notifications.channels", _l("Team channels"), "robot", MANAGE, 821, group=group), app
    )
    navigation.add_account_link("notifications.preferences", _l("Notices to me"), "bell")
