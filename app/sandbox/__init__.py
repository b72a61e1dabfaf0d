"""Test runs: a process that is not deployed runs with the real engine on a virtual clock, in a database of its own.

Nothing of it reaches the company's data: see docs/adr/0010-test-runs-in-a-private-database.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from app.registries import Registries


def register(app: Flask, registries: Registries) -> None:
    """Serve the job that forgets old test runs."""
    from app.sandbox import handlers

    registries.handlers.register_work(handlers.WORK, handlers.forget_old)
