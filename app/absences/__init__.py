"""Absences: who stands in for whom, and what people who leave hand over."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from app.registries import Registries


def register(app: Flask, registries: Registries) -> None:
    """Tell the engine who stands in for whom."""
    from app.absences import queries

    registries.stand_in = queries.stand_in
