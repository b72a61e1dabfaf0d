"""Pages of accounts: signing in, the own profile, and administration."""

from __future__ import annotations

import importlib

from flask import Flask
from flask_babel import lazy_gettext as _l

from app.accounts.views.blueprint import blueprint
from app.web import navigation

PAGES = ("sign_in", "profile", "users", "groups", "roles", "departments")

MENU = (
    ("accounts.users", _l("Users"), "users", 820),
    ("accounts.groups", _l("Groups"), "users-group", 830),
    ("accounts.roles", _l("Roles"), "shield", 840),
    ("accounts.departments", _l("Departments"), "sitemap", 850),
)


def install(app: Flask) -> None:
    """Register the pages and their menu items."""
    for page in PAGES:
        importlib.import_module(f"{__name__}.{page}")
    app.register_blueprint(blueprint)
    for endpoint, label, icon, order in MENU:
        item = navigation.Item(endpoint, label, icon, "account.manage", order, group=_l("Administration"))
        navigation.add(item, app)
    navigation.add_account_link("accounts.profile", _l("My account"), "user-circle")
