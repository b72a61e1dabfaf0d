"""The engine on a real database without the application: a clock that obeys, handlers, listeners, small processes."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import engine
from app.db import Database
from engine.testing import OFFICE
from tests.support.postgres import PostgresServer
from tests.support.thrift import create_tables, share_statements

T = TypeVar("T")
MONDAY = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
"""09:00 in Shanghai."""
BACKENDS = ("sqlite", "postgresql")
_names = (f"world_{number}" for number in itertools.count(1))

_HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"
  xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:camunda="http://camunda.org/schema/1.0/bpmn"
  id="definitions" targetNamespace="http://keliu/test">"""


def bpmn(key: str, body: str, *, messages: tuple[str, ...] = (), signals: tuple[str, ...] = ()) -> bytes:
    """A process file; messages and signals have the id ``m_<name>`` and ``s_<name>``."""
    named = "".join(f'<bpmn:message id="m_{name}" name="{name}" />' for name in messages)
    named += "".join(f'<bpmn:signal id="s_{name}" name="{name}" />' for name in signals)
    process = f'<bpmn:process id="{key}" name="{key}" isExecutable="true">{body}</bpmn:process>'
    return f"{_HEAD}{named}{process}</bpmn:definitions>".encode()


def flow(source: str, target: str, condition: str = "") -> str:
    """A sequence flow."""
    inner = ""
    if condition:
        inner = f'<bpmn:conditionExpression xsi:type="bpmn:tFormalExpression">{condition}</bpmn:conditionExpression>'
    ends = f'sourceRef="{source}" targetRef="{target}"'
    return f'<bpmn:sequenceFlow id="{source}_{target}" {ends}>{inner}</bpmn:sequenceFlow>'


def chain(*nodes: str) -> str:
    """Flows from node to node."""
    return "".join(flow(source, target) for source, target in itertools.pairwise(nodes))


def user_task(node: str, attributes: str = 'camunda:candidateGroups="sales"', **properties: str) -> str:
    """A user task with camunda properties."""
    listed = "".join(f'<camunda:property name="{name}" value="{value}" />' for name, value in properties.items())
    inner = f"<bpmn:extensionElements><camunda:properties>{listed}</camunda:properties></bpmn:extensionElements>"
    return f'<bpmn:userTask id="{node}" name="{node}" {attributes}>{inner if listed else ""}</bpmn:userTask>'


def timer(node: str, duration: str, *, attached: str = "", interrupting: bool = True, kind: str = "Duration") -> str:
    """A timer: an intermediate event, or a boundary event of ``attached``."""
    definition = (
        f'<bpmn:timerEventDefinition id="{node}_d"><bpmn:time{kind} xsi:type="bpmn:tFormalExpression">{duration}'
        f"</bpmn:time{kind}></bpmn:timerEventDefinition>"
    )
    if attached:
        cancel = str(interrupting).lower()
        return (
            f'<bpmn:boundaryEvent id="{node}" attachedToRef="{attached}" cancelActivity="{cancel}">{definition}'
            "</bpmn:boundaryEvent>"
        )
    return f'<bpmn:intermediateCatchEvent id="{node}">{definition}</bpmn:intermediateCatchEvent>'


def service(node: str, topic: str) -> str:
    """A service task."""
    return f'<bpmn:serviceTask id="{node}" name="{node}" camunda:type="external" camunda:topic="{topic}" />'


TWO_TASKS = bpmn(
    "two_tasks",
    '<bpmn:startEvent id="begin" />'
    + user_task("first")
    + user_task("second", excludedUsers="=[first_by]")
    + '<bpmn:endEvent id="done" />'
    + chain("begin", "first", "second", "done"),
)
"""``first`` and ``second`` for group sales; who did ``first`` (variable ``first_by``) may not do ``second``."""


@dataclass
class World:
    """A database with the engine's tables and everything a command finds around it."""

    database: Database
    clock: engine.VirtualClock
    handlers: engine.HandlerRegistry
    heard: list[engine.Event] = field(default_factory=list)

    def deploy(self, *files: bytes, **named: bytes) -> engine.Result:
        """Deploy BPMN files."""
        contents: Mapping[str, bytes] = {f"file{number}.bpmn": file for number, file in enumerate(files)} | named
        return self.do(engine.Deploy(name="test", files=contents, actor="designer"))

    def do(self, command: engine.Command) -> engine.Result:
        """One command in a transaction of its own."""
        result: engine.Result = self.database.write(lambda session: engine.execute(session, command))
        return result

    def ask(self, query: Callable[..., T], *arguments: Any, **named: Any) -> T:
        """One query."""
        with self.database.read() as session:
            return query(session, *arguments, **named)

    def start(self, key: str, **command: Any) -> engine.Result:
        """Start a process as "starter"."""
        return self.do(engine.StartProcess(**{"process_key": key, "actor": "starter", **command}))

    def open(self, instance_id: str | None) -> list[str]:
        """Node ids of the open tasks."""
        return sorted(task.node_id for task in self.ask(engine.queries.open_tasks, instance_id))

    def task(self, instance_id: str | None, node_id: str) -> engine.TaskRow:
        """The open task of a node."""
        return next(task for task in self.ask(engine.queries.open_tasks, instance_id) if task.node_id == node_id)

    def kinds(self, instance_id: str | None) -> list[str]:
        """Kinds of the history rows."""
        return [row.kind for row in self.ask(engine.queries.history, instance_id)]

    def run_due(self) -> int:
        """What a worker does when the bell rings."""
        return engine.jobs.run_until_quiet(self.database, "worker-1")


@contextmanager
def world(url: str, *, clock: engine.Clock | None = None, create: bool = True, **more: Any) -> Iterator[World]:
    """A world on a database that has no tables yet (or has them: ``create=False``)."""
    handlers = engine.HandlerRegistry()
    heard: list[engine.Event] = []
    virtual = engine.VirtualClock(MONDAY)
    runtime = engine.Runtime(
        clock=clock or virtual,
        calendars=lambda _session, _group: OFFICE,
        handlers=handlers,
        listeners=(lambda _session, event: heard.append(event),),
        **more,
    )
    database = share_statements(Database(url, runtime, synchronous="NORMAL"))
    if create:
        create_tables(database, engine.metadata)
    try:
        yield World(database, virtual, handlers, heard)
    finally:
        database.dispose()


def fresh_url(backend: str, folder: Path, server: Callable[[], PostgresServer]) -> str:
    """The URL of a database nobody else uses."""
    name = next(_names)
    return f"sqlite:///{folder / name}.sqlite3" if backend == "sqlite" else server().create(name)
