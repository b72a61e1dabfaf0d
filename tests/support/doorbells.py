"""The databases and doorbells that jobs must run on alike, and a doorbell that loses and doubles rings."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from sqlalchemy import create_engine
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session

import engine
from app.migrations import doorbell
from engine.jobs.procrastinate_bell import ProcrastinateBell
from tests.support.engine_world import fresh_url
from tests.support.postgres import PostgresServer

KINDS = ("sqlite-aps", "postgresql-aps", "postgresql-procrastinate")


def prepared_url(kind: str, folder: Path, server: Callable[[], PostgresServer]) -> str:
    """A fresh database with the tables its doorbell needs."""
    backend, _, bell = kind.partition("-")
    url = fresh_url(backend, folder, server)
    if bell == "procrastinate":
        database = create_engine(url)
        with database.connect() as connection:
            doorbell.upgrade(connection)
        database.dispose()
    return url


def bell_for(kind: str, url: str) -> engine.Doorbell:
    """One process's doorbell."""
    if kind.endswith("aps"):
        return engine.jobs.ApsBell()
    plain = make_url(url).set(drivername="postgresql")
    return ProcrastinateBell(plain.render_as_string(hide_password=False))


class Unreliable:
    """Loses one ring in ten and doubles one in twenty."""

    def __init__(self, bell: engine.Doorbell, chance: random.Random) -> None:
        self._bell, self._chance = bell, chance
        self.alone, self.start, self.stop = bell.alone, bell.start, bell.stop

    def ring(self, session: Session, job_id: int | None, due_at: datetime) -> None:
        drawn = self._chance.random()
        for _ in range(0 if drawn < 0.1 else 2 if drawn < 0.15 else 1):
            self._bell.ring(session, job_id, due_at)
