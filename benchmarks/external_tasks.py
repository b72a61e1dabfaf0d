"""Ten thousand tasks open for workers outside, of whom one fetches and locks ten."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from functools import partial
from time import perf_counter

from sqlalchemy import bindparam, select, update

import engine
from app.db import Database
from benchmarks import models
from benchmarks.candidates import Ours
from benchmarks.databases import Place
from benchmarks.population import Copy, Crowd, settle
from benchmarks.scale import Scale
from benchmarks.timing import in_turns, milliseconds
from engine.model import JobState
from engine.store.tables import job, process_instance

NAME = "external_10000.fetch_and_lock"
FETCHED = 10
LOCK = timedelta(minutes=5)
_FIND = select(process_instance.c.variables, process_instance.c.blob).join(
    job, job.c.instance_id == process_instance.c.id
)
_LOCK = (
    update(job)
    .where(job.c.id == bindparam("b_id"))
    .values(state=JobState.RUNNING.value, worker="floor", lease_until=bindparam("until"))
)


def external_tasks(place: Place, scale: Scale) -> dict[str, float]:
    """Fetching among all of them, among few, and the floor: the same rows read and locked."""
    with ExitStack() as stack:
        many, few = (stack.enter_context(place.database(models.external())) for _ in range(2))
        fetches = max(1, scale.rounds)
        rivals = _open(many, scale.open_external_tasks)
        _open(few, fetches * FETCHED + FETCHED)
        floor = [rivals[-(number + 1) * FETCHED :][:FETCHED] for number in range(fetches)]
        walks = {"ours": partial(_fetches, many), "few": partial(_fetches, few), "floor": partial(_locks, many, floor)}
        cost = {name: milliseconds(taken) for name, taken in in_turns(walks, fetches).items()}
    return {
        "external_10000.open": scale.open_external_tasks,
        f"{NAME}.ours_ms": cost["ours"],
        f"{NAME}.floor_ms": cost["floor"],
        f"{NAME}.over_floor": cost["ours"] / cost["floor"],
        f"{NAME}.among_few_ms": cost["few"],
        f"{NAME}.among_all_over_among_few": cost["ours"] / cost["few"],
    }


def _open(database: Database, count: int) -> list[Copy]:
    copies = Crowd(database, models.external().key).add(count)
    settle(database)
    return copies


def _fetches(database: Database) -> Iterator[float]:
    command = engine.FetchExternalTasks(
        worker="outside", topics=(engine.Topic(name=models.TOPIC, lock_for=LOCK),), limit=FETCHED, actor="outside"
    )
    before = perf_counter()
    result = Ours(database).run(command)
    yield perf_counter() - before
    assert len(result.fetched) == FETCHED


def _locks(database: Database, batches: list[list[Copy]]) -> Iterator[float]:
    numbers = [copy.job_id for copy in batches.pop()]
    with database.read() as session:
        until = engine.now(session) + LOCK
    before = perf_counter()
    with database.engine.begin() as connection:
        connection.execute(_FIND.where(job.c.id.in_(numbers)).with_for_update(of=job)).all()
        connection.execute(_LOCK, [{"b_id": number, "until": until} for number in numbers])
    yield perf_counter() - before
