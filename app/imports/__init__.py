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
    """Nothing yet to add."""
