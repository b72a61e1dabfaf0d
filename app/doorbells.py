"""Which doorbell a process has: what the settings say, and whether workers listen to it here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy.engine import make_url

import engine

if TYPE_CHECKING:
    from config import Settings


def listening(settings: Settings) -> engine.Doorbell:
    """For a process with workers. With SQLite one process at a time rings for the file."""
    if settings.doorbell == "procrastinate":
        return _procrastinate(settings)
    return engine.jobs.ApsBell(settings.data / "scheduler.lock" if settings.is_sqlite else None)


def listening_anywhere(settings: Settings) -> engine.Doorbell:
    """For ``keliu worker``: as many as there are, even beside a server on the same SQLite file."""
    return _procrastinate(settings) if settings.doorbell == "procrastinate" else engine.jobs.ApsBell()


def ringing(settings: Settings) -> engine.Doorbell:
    """For a process without workers: it wakes those of others, if the doorbell reaches them."""
    return _procrastinate(settings) if settings.doorbell == "procrastinate" else engine.SilentBell()


def _procrastinate(settings: Settings) -> engine.Doorbell:
    from engine.jobs.procrastinate_bell import ProcrastinateBell  # the extra "scale"; the settings know it is there

    url = make_url(settings.database_url).set(drivername="postgresql")
    return ProcrastinateBell(url.render_as_string(hide_password=False))
