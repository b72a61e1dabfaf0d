"""Files in, bad rows out: CSV and XLSX with a saved mapping of columns, and the archive in an open format."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.imports.targets import FieldKind, ImportTarget, ImportTargets, Option, Outcome, OutcomeState, TargetField

if TYPE_CHECKING:
    from flask import Flask

    from app.registries import Registries

__all__ = [
    "FieldKind",
    "ImportTarget",
    "ImportTargets",
    "Option",
    "Outcome",
    "OutcomeState",
    "TargetField",
    "register",
]


def register(app: Flask, registries: Registries) -> None:
    """Add the pages, the worker function and the commands."""
    from flask_babel import lazy_gettext as _l

    from app.imports import commands, handlers, targets, views
    from app.web import navigation

    app.extensions[targets.EXTENSION] = registries.imports
    app.register_blueprint(views.blueprint)
    handlers.register(app, registries.handlers, registries.imports)
    registries.commands.extend(commands.commands(registries.imports))
    navigation.add(
        navigation.Item("imports.index", _l("Import"), "upload", permission="complaint.import", order=60), app
    )
