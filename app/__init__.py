"""Keliu's application: slices over the workflow engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from config import Settings
    from engine import Clock, Doorbell


def create_app(settings: Settings, *, clock: Clock | None = None, bell: Doorbell | None = None) -> Flask:
    """The application, ready to serve. ``clock`` and ``bell`` default to the real time and to nobody listening."""
    from app import bootstrap  # here, not above: every slice imports this package

    return bootstrap.build(settings, clock=clock, bell=bell)
