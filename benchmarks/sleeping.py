"""A hundred thousand sleeping instances: what they cost whoever works beside them. They should cost nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from functools import partial
from time import perf_counter

import engine
from app.db import Database
from benchmarks import models
from benchmarks.candidates import Ours
from benchmarks.completing import WALKS
from benchmarks.databases import BENCHMARK, Place, url_of
from benchmarks.measured import Address, growth_of_sweeping
from benchmarks.population import Crowd, settle
from benchmarks.processes import alone
from benchmarks.scale import Scale
from benchmarks.timing import in_turns, milliseconds

NAME = "sleeping_100000"
SWEEPS_PER_MINUTE = 60
MONTH = timedelta(days=30)


def sleeping(place: Place, scale: Scale) -> dict[str, float]:
    """A completed task, a look at the ledger and the claim of a due timer, beside the sleepers and without them."""
    morning = datetime.now(UTC)
    clock = engine.VirtualClock(morning)
    figures: dict[str, float] = {f"{NAME}.instances": scale.sleepers}
    with ExitStack() as stack:
        beside, without = (
            stack.enter_context(place.database(BENCHMARK, models.timer(), clock=clock)) for _ in range(2)
        )
        crowds = {"beside": Crowd(beside, models.timer().key), "without": Crowd(without, models.timer().key)}
        empty = _bytes(beside)
        crowds["beside"].put(scale.sleepers, due_at=morning + MONTH)
        figures[f"{NAME}.database_kb_per_instance"] = (_bytes(beside) - empty) / scale.sleepers / 1_000
        settle(beside)
        databases = {"beside": beside, "without": without}
        rounds = max(2, scale.rounds // 2)
        steps = WALKS["9_steps"]
        for what, walks in {
            "complete_task": {name: partial(Ours(database).walk, steps) for name, database in databases.items()},
            "sweep": {name: partial(_sweeps, database) for name, database in databases.items()},
            "claim": {name: partial(_claims, databases[name], crowd, clock) for name, crowd in crowds.items()},
        }.items():
            figures |= _compared(what, walks, rounds)
        figures[f"{NAME}.sweep_ms_per_minute"] = figures[f"{NAME}.sweep.beside_ms"] * SWEEPS_PER_MINUTE
        memory = {name: alone(growth_of_sweeping, Address.of(place, url_of(db))) for name, db in databases.items()}
        figures[f"{NAME}.worker_memory_mb"] = max(0.0, memory["beside"] - memory["without"])
    return figures


def _bytes(database: Database) -> float:
    """What the database takes on disk."""
    asked = "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size"
    if database.dialect == "postgresql":
        asked = "SELECT pg_database_size(current_database())"
    with database.engine.connect() as connection:
        return float(connection.exec_driver_sql(asked).scalar_one())


def _compared(what: str, walks: Mapping[str, Callable[[], Iterator[float]]], rounds: int) -> dict[str, float]:
    cost = {name: milliseconds(taken) for name, taken in in_turns(walks, rounds).items()}
    name = f"{NAME}.{what}"
    return {
        f"{name}.beside_ms": cost["beside"],
        f"{name}.without_ms": cost["without"],
        f"{name}.beside_over_without": cost["beside"] / cost["without"],
    }


def _sweeps(database: Database) -> Iterator[float]:
    """What a worker does every second when nothing is due."""
    for _ in range(5):
        before = perf_counter()
        engine.jobs.rescue_lost(database)
        assert engine.jobs.run_due(database, "worker") == 0
        yield perf_counter() - before


def _claims(database: Database, crowd: Crowd, clock: engine.VirtualClock) -> Iterator[float]:
    """From the moment a timer is due until a worker has it."""
    for _ in range(3):
        crowd.put(1, due_at=clock.now())
        before = perf_counter()
        claimed = database.write(lambda session: engine.jobs.claim(session, "worker"))
        yield perf_counter() - before
        assert len(claimed) == 1
        engine.jobs.run_claimed(database, claimed[0])
