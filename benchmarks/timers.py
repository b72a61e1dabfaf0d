"""Ten thousand due timers, fired one by one as a worker does it: claim a batch, then one commit for each."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import islice
from time import perf_counter
from typing import Any

from sqlalchemy import update

import engine
from app.db import Database
from benchmarks import models, recording
from benchmarks.candidates import BLOB
from benchmarks.databases import Place
from benchmarks.plain import Spiff
from benchmarks.population import Copy, Crowd, settle
from benchmarks.recording import Step
from benchmarks.scale import Scale
from benchmarks.timing import compared, usual
from engine.model import JobState
from engine.store import statements as sql
from engine.store.tables import job, process_instance

MORNING = datetime(2026, 1, 5, 1, 0, tzinfo=UTC)
CLAIMED = 19
"""Timers a worker claims at once when none of them was tried before."""
EVERY = 8
"""Plain SpiffWorkflow fires one batch while the others fire this many."""
NAME = "timers_10000"


def timers(place: Place, scale: Scale) -> dict[str, float]:
    """Milliseconds per fired timer in batches taken in turns, and how many a second one process fires."""
    clock = engine.VirtualClock(MORNING)
    with place.database(models.timer(), clock=clock) as database:
        crowd = Crowd(database, models.timer().key)
        firing = _Firing(database, crowd)
        batches = -(-scale.timers // CLAIMED)
        later = MORNING + timedelta(days=3)
        rivals = iter(crowd.add(batches * CLAIMED, due_at=later))
        plain = iter(crowd.add(batches // EVERY * CLAIMED + CLAIMED, due_at=later, blob=firing.plain_blob()))
        due = crowd.add(scale.timers, due_at=MORNING)
        settle(database)
        taken: dict[str, list[float]] = {"ours": [], "floor": [], "plain": []}
        whole = []
        for number in range(batches):
            before = perf_counter()
            ran = engine.jobs.run_due(database, "worker")
            whole.append(perf_counter() - before)
            taken["ours"].append(whole[-1] / ran)
            taken["floor"].append(firing.floor(islice(rivals, CLAIMED)))
            if number % EVERY == 0:
                taken["plain"].append(firing.plain(islice(plain, CLAIMED)))
        assert engine.jobs.run_due(database, "worker") == 0, "a timer is left over"
    cost = {name: usual(seconds) * 1_000 for name, seconds in taken.items()}
    figures = compared(NAME, cost["ours"], cost["floor"], cost["plain"])
    return figures | {f"{NAME}.timers": len(due), f"{NAME}.per_second": len(due) / sum(whole)}


class _Firing:
    """One batch fired by those who are not us."""

    def __init__(self, database: Database, crowd: Crowd) -> None:
        """Records what firing one timer writes."""
        self._database = database
        (first,) = crowd.add(1, due_at=MORNING)
        with recording.recording(database.engine) as take:
            (claimed,) = database.write(lambda session: engine.jobs.claim(session, "worker"))
            take()
            assert engine.jobs.run_claimed(database, claimed)
            self._fired: Step = take()
        self._ids = {new: old for old, new in first.names.items()}
        model = models.timer('"PT0S"')
        self._spiff = Spiff(model.key, model.xml)

    def plain_blob(self) -> bytes:
        """An instance of plain SpiffWorkflow whose timer is due."""
        return self._spiff.dumped(self._spiff.started({}))

    def floor(self, batch: Iterable[Copy]) -> float:
        """Seconds per timer."""
        copies = list(batch)
        steps = [self._step(copy) for copy in copies]
        before = perf_counter()
        self._claim(copies)
        for step in steps:
            with self._database.engine.begin() as connection:
                recording.write(connection, step)
        return (perf_counter() - before) / len(copies)

    def plain(self, batch: Iterable[Copy]) -> float:
        """Seconds per timer."""
        copies = list(batch)
        steps = [self._step(copy) for copy in copies]
        before = perf_counter()
        self._claim(copies)
        for step in steps:
            with self._database.engine.begin() as connection:
                self._plain_step(connection, step)
        return (perf_counter() - before) / len(copies)

    def _plain_step(self, connection: Any, step: Step) -> None:
        locked, *writes = step.statements
        found = connection.execute(BLOB.where(process_instance.c.id == locked[1]["id"])).scalar_one()
        workflow = self._spiff.continued(self._spiff.loaded(found))
        recording.write(connection, Step(writes), self._spiff.dumped(workflow))

    def _claim(self, copies: list[Copy]) -> None:
        """The same rows as a claim."""
        until = MORNING + timedelta(minutes=5)
        mine = {"state": JobState.RUNNING.value, "worker": "floor", "lease_until": until, "attempts": 1}
        with self._database.engine.begin() as connection:
            connection.execute(update(job).where(job.c.id.in_([copy.job_id for copy in copies])).values(mine))

    def _step(self, copy: Copy) -> Step:
        """What firing this one writes: the recorded ids are those of a copy too."""
        names = {mine: copy.names[old] for mine, old in self._ids.items() if old in copy.names}
        step = recording.renamed(self._fired, names)
        statements = []
        for statement, params in step.statements:
            if statement is sql.FINISH_JOB:
                params = params | {"b_id": copy.job_id, "b_worker": "floor"}
            statements.append((statement, params))
        return Step(statements)
