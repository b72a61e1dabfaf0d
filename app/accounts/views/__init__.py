"""Pages of accounts: signing in, the own profile, and administration."""

from __future__ import annotations

import importlib

from flask import Flask

from app.accounts.views.blueprint import blueprint

PAGES = ("sign_in", "profile", "users", "groups", "roles", "departments")


def install(app: Flask) -> None:
    """Register the pages and their menu items."""
    for page in PAGES:
        importlib.import_module(f"{__name__}.{page}")
    app.register_blueprint(blueprint)
