"""Who is measured: our engine, the floor, plain SpiffWorkflow with its whole state as JSON."""

from __future__ import annotations

import io
import uuid
from collections.abc import Iterable, Iterator
from time import perf_counter
from typing import Any

from lxml import etree
from SpiffWorkflow.bpmn.parser.BpmnParser import BpmnParser
from SpiffWorkflow.bpmn.serializer import BpmnWorkflowSerializer
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.util.task import TaskState
from sqlalchemy import select

import engine
from benchmarks import process, recording
from benchmarks.recording import Replay
from benchmarks.recording import recording as recorded
from engine.store import statements as sql
from engine.store.tables import process_instance
from engine.testing import OFFICE

Walk = list[tuple[str, dict[str, object]]]
GROUPS = frozenset(process.TASKS.values())


def runtime() -> engine.Runtime:
    """Real clock, office calendar, nobody listening."""
    return engine.Runtime(clock=engine.SystemClock(), calendars=lambda _session, _group: OFFICE)


def prepare(database: Any) -> None:
    """The process is deployed."""
    files = {"benchmark.bpmn": process.bpmn()}
    database.write(lambda session: engine.execute(session, engine.Deploy(name="benchmark", files=files)))


class Ours:
    """One completed user task through the entry point: session, command, commit."""

    def __init__(self, database: Any) -> None:
        self.database = database

    def start(self) -> engine.Result:
        """A new instance at its first task."""
        key = f"BENCH-{uuid.uuid4()}"
        command = engine.StartProcess(
            process_key=process.KEY, actor="starter", business_key=key, variables=process.FACTS
        )
        return self.run(command)

    def run(self, command: engine.Command) -> engine.Result:
        """One command, one commit."""
        result: engine.Result = self.database.write(lambda session: engine.execute(session, command))
        return result

    def walk(self, steps: Walk) -> Iterator[float]:
        """Seconds of every step."""
        waiting = self.start().created[0]
        for node, entered in steps:
            assert waiting.node_id == node, (waiting.node_id, node)
            before = perf_counter()
            result = self.run(
                engine.CompleteTask(task_id=waiting.id, actor="wang.fang", groups=GROUPS, variables=entered)
            )
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
                command = engine.CompleteTask(task_id=waiting.id, actor="wang.fang", groups=GROUPS, variables=entered)
                result = self.run(command)
                written.append(take())
                waiting = result.created[0] if result.created else waiting
        return Replay(written)


class Floor:
    """The same rows, the same commits, nothing thought."""

    def __init__(self, database: Any, replay: Replay) -> None:
        self.engine = database.engine
        self.replay = replay

    def walk(self, _steps: Walk) -> Iterator[float]:
        """Seconds of every step."""
        start, *steps = self.replay.fresh()
        with self.engine.begin() as connection:
            recording.write(connection, start)
        for step in steps:
            before = perf_counter()
            with self.engine.begin() as connection:
                recording.write(connection, step)
            yield perf_counter() - before


class Plain:
    """SpiffWorkflow as it comes: its own serializer, specs and all, and the same rows beside it."""

    def __init__(self, database: Any, replay: Replay) -> None:
        self.engine = database.engine
        self.replay = replay
        parser = BpmnParser()
        parser.add_bpmn_xml(etree.parse(io.BytesIO(process.bpmn())), filename="benchmark.bpmn")
        self.spec = parser.get_spec(process.KEY)
        self.subprocesses = parser.get_subprocess_specs(process.KEY)
        self.serializer = BpmnWorkflowSerializer()

    def walk(self, steps: Walk) -> Iterator[float]:
        """Seconds of every step."""
        start, *written = self.replay.fresh()
        workflow = BpmnWorkflow(self.spec, self.subprocesses)
        workflow.task_tree.data.update(process.FACTS)
        workflow.do_engine_steps()
        with self.engine.begin() as connection:
            recording.write(connection, start, self.serializer.serialize_json(workflow).encode())
        instance_id = _instance_of(start.statements)
        for (node, entered), step in zip(steps, written, strict=True):
            before = perf_counter()
            self._step(instance_id, node, entered, step)
            yield perf_counter() - before

    def _step(self, instance_id: str, node: str, entered: dict[str, object], step: recording.Step) -> None:
        with self.engine.begin() as connection:
            found = select(process_instance.c.blob).where(process_instance.c.id == instance_id)
            workflow = self.serializer.deserialize_json(bytes(connection.execute(found).scalar_one()).decode())
            task = next(task for task in workflow.get_tasks(state=TaskState.READY) if task.task_spec.bpmn_id == node)
            task.data.update(entered)
            task.run()
            workflow.refresh_waiting_tasks()
            workflow.do_engine_steps()
            blob = self.serializer.serialize_json(workflow).encode()
            writes = [entry for entry in step.statements if entry[0] is not sql.LOCK_TASK_WITH_STATE.statement]
            recording.write(connection, recording.Step(writes), blob)


def _instance_of(statements: Iterable[tuple[Any, Any]]) -> str:
    return str(next(params["id"] for statement, params in statements if statement is sql.INSERT_INSTANCE))
