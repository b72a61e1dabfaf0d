"""Leads: captured, qualified, followed up as the purchase comes nearer, won or lost, with all their history."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from app.registries import Registries


def register(app: Flask, registries: Registries) -> None:
    """Add the lead as business object."""
