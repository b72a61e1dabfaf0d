"""What is measured in a process of its own: memory, clients and workers. Opens the database it is told."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from statistics import linear_regression

import psutil  # type: ignore[import-untyped]  # publishes no types
from sqlalchemy import make_url, select, text

import engine
from app.db import Database
from benchmarks import models
from benchmarks.candidates import Ours
from benchmarks.databases import SYNCHRONOUS, Place, opened
from benchmarks.processes import Ready
from engine.store.tables import CLAIMABLE, job

MEGABYTE = 1_000_000
SWEEPS = 60
TOGETHER = 20
"""Instances that are started, woken and finished at a time while memory is watched."""
WARM = 0.3
"""The part of the samples that caches and pools take to fill."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where another process finds a database, and how durable it is."""

    url: str
    synchronous: str

    @classmethod
    def of(cls, place: Place, url: str) -> Address:
        """The address of a database of this place."""
        return cls(url, SYNCHRONOUS[place.name])

    @contextmanager
    def opened(self, clock: engine.Clock | None = None, bell: engine.Doorbell | None = None) -> Iterator[Database]:
        """The database for the block."""
        database = opened(self.url, self.synchronous, clock, bell)
        try:
            yield database
        finally:
            database.dispose()


def growth_of_sweeping(address: Address) -> float:
    """Megabytes by which a process grows that looks at the ledger for a minute and finds nothing due."""
    with address.opened() as database:
        before = _resident()
        for _ in range(SWEEPS):
            engine.jobs.rescue_lost(database)
            engine.jobs.run_due(database, "worker")
        return _resident() - before


def growth_of_working(address: Address, commands: int) -> tuple[float, float]:
    """Megabytes in use in the end, and by how many they grow in 100 000 commands once the process is warm.

    A third of the commands starts instances, a third fires their timers, a third completes their tasks.
    """
    clock = engine.VirtualClock(datetime.now(UTC))
    samples: list[tuple[float, float]] = []
    with address.opened(clock) as database:
        ours = Ours(database)
        for done in range(0, commands, 3 * TOGETHER):
            for _ in range(TOGETHER):
                ours.start(models.timer().key, {})
            clock.advance(timedelta(hours=2))
            engine.jobs.run_until_quiet(database, "worker")
            for task in _open_tasks(database):
                ours.complete(task)
            samples.append((done, _resident()))
    warm = samples[int(len(samples) * WARM) :]
    if len(warm) < 2:
        return samples[-1][1], 0.0
    slope = linear_regression([done for done, _ in warm], [megabytes for _, megabytes in warm]).slope
    return samples[-1][1], slope * 100_000


def _open_tasks(database: Database) -> list[str]:
    with database.read() as session:
        return [task.id for task in engine.queries.tasks(session, "created", limit=TOGETHER)]


def _resident() -> float:
    return float(psutil.Process().memory_info().rss) / MEGABYTE


def drain(ready: Ready, address: Address, doorbell: str) -> float:
    """A worker process works until no job is left; returns when it began (seconds since the epoch)."""
    bell = _bell(doorbell, address.url)
    with address.opened(bell=bell) as database:
        worker = engine.jobs.Worker(database, engine.jobs.worker_name("worker"))
        ready()
        began = time.time()
        worker.start()
        while _work_left(database):
            time.sleep(0.1)
        worker.stop()
        return began


def _bell(doorbell: str, url: str) -> engine.Doorbell:
    if doorbell == "aps":
        return engine.jobs.ApsBell()
    from engine.jobs.procrastinate_bell import ProcrastinateBell  # only with the extra "scale"

    return ProcrastinateBell(make_url(url).set(drivername="postgresql").render_as_string(hide_password=False))


def _work_left(database: Database) -> bool:
    unfinished = select(job.c.id).where(text(f"({CLAIMABLE} OR state = 'running')"))
    with database.read() as session:
        unfinished = unfinished.where(job.c.due_at <= engine.now(session)).limit(1)
        return session.execute(unfinished).first() is not None
