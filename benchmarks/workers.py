"""One, two and four worker processes that drain the same ledger on PostgreSQL, with both doorbells."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from importlib.util import find_spec

from sqlalchemy import func, select

from app.migrations import doorbell as procrastinate
from benchmarks import models
from benchmarks.databases import Place, url_of
from benchmarks.measured import Address, drain
from benchmarks.population import Crowd, settle
from benchmarks.processes import in_processes
from benchmarks.scale import Scale
from engine.store.tables import job

DOORBELLS = ("aps", "procrastinate")
"""As ``KELIU_DOORBELL`` names them."""


def workers(place: Place, scale: Scale) -> dict[str, float]:
    """Due timers fired per second by so many processes. More processes than cores share them with PostgreSQL."""
    if place.is_sqlite:
        return {}
    figures: dict[str, float] = {}
    for doorbell in DOORBELLS:
        if find_spec(doorbell) is None and doorbell == "procrastinate":
            continue
        name, (one, *more) = f"workers.{doorbell}", scale.worker_processes
        for count in scale.worker_processes:
            figures[f"{name}.{count}.jobs_per_second"] = _drained(place, scale.jobs, count, doorbell)
        for count in more:
            figures[f"{name}.{count}_over_{one}"] = (
                figures[f"{name}.{count}.jobs_per_second"] / figures[f"{name}.{one}.jobs_per_second"]
            )
    return figures


def _drained(place: Place, jobs: int, count: int, doorbell: str) -> float:
    with place.database(models.timer()) as database:
        if doorbell == "procrastinate":
            with database.engine.connect() as connection:
                procrastinate.upgrade(connection)
        Crowd(database, models.timer().key).put(jobs, due_at=datetime.now(UTC) - timedelta(minutes=1))
        settle(database)
        began = min(in_processes(count, drain, Address.of(place, url_of(database)), doorbell))
        with database.read() as session:
            ended, done = session.execute(select(func.max(job.c.ended_at), func.count(job.c.ended_at))).one()
    assert done == jobs, (done, jobs)
    return float(jobs / (ended.timestamp() - began))
