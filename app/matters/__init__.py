"""Matters: every contact of a customer, routed by rules to who answers for it, held by somebody at every minute."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from app.registries import Registries


def register(app: Flask, registries: Registries) -> None:
    """Add the tables' guards."""
    from app.matters import immutability

    assert immutability.RULES  # importing it attached the triggers to the tables
