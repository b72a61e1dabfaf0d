"""Who is measured: our engine, the floor, plain SpiffWorkflow with its whole state as JSON."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from time import perf_counter
from typing import Any, Protocol

from sqlalchemy import select

import engine
from app.db import Database
from benchmarks import process, recording
from benchmarks.plain import Spiff
from benchmarks.recording import Replay, Step
from benchmarks.recording import recording as recorded
from engine.store import statements as sql
from engine.store.tables import process_instance

Walk = list[tuple[str, dict[str, object]]]
GROUPS = frozenset(process.TASKS.values())
PERSON = "wang.fang"
BLOB = select(process_instance.c.blob)


class Candidate(Protocol):
    """Whoever can be measured walking through the process."""

    def walk(self, steps: Walk) -> Iterator[float]:
        """Seconds of every step."""
        ...


class Ours:
    """One completed user task through the entry point: session, command, commit."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def start(self, key: str = process.KEY, facts: dict[str, Any] | None = None) -> engine.Result:
        """A new instance at its first task."""
        business_key = f"BENCH-{uuid.uuid4()}"
        variables = process.FACTS if facts is None else facts
        return self.run(
            engine.StartProcess(process_key=key, actor="starter", business_key=business_key, variables=variables)
        )

    def complete(self, task_id: str, entered: dict[str, object] | None = None) -> engine.Result:
        """A person completes a task."""
        return self.run(engine.CompleteTask(task_id=task_id, actor=PERSON, groups=GROUPS, variables=entered or {}))

    def run(self, command: engine.Command) -> engine.Result:
        """One command, one commit."""
        return self.database.write(lambda session: engine.execute(session, command))

    def walk(self, steps: Walk) -> Iterator[float]:
        """Seconds of every step."""
        waiting = self.start().created[0]
        for node, entered in steps:
            assert waiting.node_id == node, (waiting.node_id, node)
            before = perf_counter()
            result = self.complete(waiting.id, entered)
            yield perf_counter() - before
            if result.created:
                waiting = result.created[0]
        assert result.state is engine.InstanceState.COMPLETED

    def record(self, steps: Walk) -> Replay:
        """What one run writes, commit by commit; the first is the start."""
        with recorded(self.database.engine) as take:
            waiting = self.start().created[0]
            written = [take()]
            for _, entered in steps:
                result = self.complete(waiting.id, entered)
                written.append(take())
                waiting = result.created[0] if result.created else waiting
        return Replay(written)


class Floor:
    """The same rows, the same commits, nothing thought."""

    def __init__(self, database: Database, replay: Replay) -> None:
        self.engine = database.engine
        self.replay = replay

    def walk(self, steps: Walk) -> Iterator[float]:
        """Seconds of every step."""
        start, *written = self.replay.fresh()
        self.write(start)
        for step in written:
            before = perf_counter()
            self.write(step)
            yield perf_counter() - before

    def write(self, step: Step) -> None:
        """One commit."""
        with self.engine.begin() as connection:
            recording.write(connection, step)


class Plain:
    """SpiffWorkflow as it comes: its own serializer, specs and all, and the same rows beside it."""

    def __init__(self, database: Database, replay: Replay, spiff: Spiff | None = None) -> None:
        self.engine = database.engine
        self.replay = replay
        self.spiff = spiff or Spiff(process.KEY, process.bpmn())

    def walk(self, steps: Walk) -> Iterator[float]:
        """Seconds of every step."""
        start, *written = self.replay.fresh()
        instance_id = self.begin(start, self.spiff.dumped(self.spiff.started(process.FACTS)))
        for (node, entered), step in zip(steps, written, strict=True):
            before = perf_counter()
            self.complete(instance_id, node, entered, step)
            yield perf_counter() - before

    def begin(self, start: Step, blob: bytes) -> str:
        """The rows of a start with this state; returns the instance's id."""
        with self.engine.begin() as connection:
            recording.write(connection, start, blob)
        return instance_of(start.statements)

    def complete(self, instance_id: str, node: str, entered: dict[str, object], step: Step) -> None:
        """One commit: read the state, complete the task, write the state and the rows."""
        with self.engine.begin() as connection:
            found = BLOB.where(process_instance.c.id == instance_id)
            workflow = self.spiff.loaded(connection.execute(found).scalar_one())
            blob = self.spiff.dumped(self.spiff.completed(workflow, node, entered))
            writes = [entry for entry in step.statements if entry[0] is not sql.LOCK_TASK_WITH_STATE.statement]
            recording.write(connection, Step(writes), blob)


def instance_of(statements: Iterable[tuple[Any, Any]]) -> str:
    """The id of the instance that these statements insert."""
    return str(next(params["id"] for statement, params in statements if statement is sql.INSERT_INSTANCE))
