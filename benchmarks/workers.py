"""One, two and four worker processes that drain the same ledger on PostgreSQL."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select

from benchmarks import models
from benchmarks.databases import Place, url_of
from benchmarks.measured import Address, drain
from benchmarks.population import Crowd, settle
from benchmarks.processes import in_processes
from benchmarks.scale import Scale
from engine.store.tables import job

COUNTS = (1, 2, 4)


def workers(place: Place, scale: Scale) -> dict[str, float]:
    """Due timers fired per second by so many processes. More processes than cores share them with PostgreSQL."""
    if place.is_sqlite:
        return {}
    figures: dict[str, float] = {"workers.cores": os.cpu_count() or 1}
    for count in COUNTS:
        figures[f"workers.{count}.jobs_per_second"] = _drained(place, scale.jobs, count)
    first = figures["workers.1.jobs_per_second"]
    for count in COUNTS[1:]:
        figures[f"workers.{count}_over_1"] = figures[f"workers.{count}.jobs_per_second"] / first
    return figures


def _drained(place: Place, jobs: int, count: int) -> float:
    with place.database(models.timer()) as database:
        Crowd(database, models.timer().key).put(jobs, due_at=datetime.now(UTC) - timedelta(minutes=1))
        settle(database)
        began = min(in_processes(count, drain, Address.of(place, url_of(database))))
        with database.read() as session:
            ended, done = session.execute(select(func.max(job.c.ended_at), func.count(job.c.ended_at))).one()
    assert done == jobs, (done, jobs)
    return float(jobs / (ended.timestamp() - began))
