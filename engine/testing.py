"""Scenario tests of processes on a virtual clock: one small database, people's steps in their own words.

The state is saved and restored by every command anyway; :class:`Scenario` also checks after each step that the saved
state reads back to the same bytes and that the rows say what the workflow waits for, and may forget the parsed
definitions in between, as a new operating system process would (``cold=True``).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session
from sqlalchemy.pool import StaticPool

from engine import jobs, queries
from engine.calendar import WorkingCalendar
from engine.clock import VirtualClock
from engine.commands.ending import running
from engine.commands.model import (
    CancelInstance,
    ClaimTask,
    Command,
    CompleteTask,
    CorrelateMessage,
    Deploy,
    Result,
    RunJob,
    StartProcess,
)
from engine.commands.projection import job_key, jobs_of
from engine.commands.unit import Unit, restore, unit_of
from engine.context import Runtime
from engine.errors import ExecutionFailed, TaskNotFound
from engine.events import Event
from engine.facade import execute, record_incident
from engine.handlers import HandlerRegistry
from engine.model import UNFINISHED_JOBS, InstanceState, JobKind, JobState
from engine.rows import InstanceRow, JobRow, TaskRow
from engine.spiff import programs
from engine.store import statements as sql
from engine.store.tables import metadata, process_instance, subscription

T = TypeVar("T")

MONDAY = datetime(2026, 1, 5, 1, 0, tzinfo=UTC)
"""Monday 09:00 in Shanghai: where scenarios begin unless they say otherwise."""

_DAY = ((time(8, 30), time(12, 0)), (time(13, 30), time(18, 0)))
OFFICE = WorkingCalendar("Asia/Shanghai", (_DAY, _DAY, _DAY, _DAY, _DAY, (), ()))
"""Eight working hours on weekdays."""


class TestDatabase:
    """A unit of work over SQLite or PostgreSQL for tests of the engine alone: one session, one commit, prompt jobs."""

    __test__ = False  # not a test class

    def __init__(self, runtime: Runtime, url: str = "sqlite://", *, create: bool = True) -> None:
        self.runtime = runtime
        self.engine = _open(url)
        self._thread = threading.local()
        if create:
            metadata.create_all(self.engine)

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session whose changes are thrown away."""
        with Session(self.engine, info={"engine": self.runtime}) as session:
            yield session

    def write(self, work: Callable[[Session], T]) -> T:
        """Run ``work`` in one transaction, keep an incident if the engine raised, then run what it rang for."""
        try:
            with Session(self.engine, info={"engine": self.runtime}) as session, session.begin():
                result = work(session)
                rung = session.info.get("rung", [])
        except ExecutionFailed as error:
            failure = error
            with Session(self.engine, info={"engine": self.runtime}) as session, session.begin():
                record_incident(session, failure)
            raise
        self._run_prompt(rung)
        return result

    def execute(self, command: Command) -> Result:
        """One command in a transaction of its own."""
        return self.write(lambda session: execute(session, command))

    def _run_prompt(self, rung: list[int]) -> None:
        waiting: list[int] | None = getattr(self._thread, "rung", None)
        if waiting is not None:  # rung by a prompt job: the loop below, further up the stack, runs it
            waiting.extend(rung)
            return
        self._thread.rung = list(rung)
        try:
            while self._thread.rung:
                batch, self._thread.rung = self._thread.rung, []
                jobs.run_prompt(self, batch)
        finally:
            self._thread.rung = None


def _open(url: str) -> Engine:
    if not url.startswith("sqlite"):
        return sqlalchemy.create_engine(url)
    memory = {"poolclass": StaticPool} if url == "sqlite://" else {}
    opened = sqlalchemy.create_engine(
        url, connect_args={"timeout": 10, "isolation_level": None, "check_same_thread": False}, **memory
    )

    @sqlalchemy.event.listens_for(opened, "connect")
    def connect(connection: Any, _record: Any) -> None:
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")

    @sqlalchemy.event.listens_for(opened, "begin")
    def begin(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return opened


class Scenario:
    """One process instance at a time, driven by node ids.

    ``files`` are the contents of a deployment, or a folder with ``*.bpmn``, ``*.dmn`` and ``*.json`` (and forms in
    sub-folders).
    """

    def __init__(
        self,
        files: Mapping[str, bytes] | Path,
        *,
        start: datetime = MONDAY,
        calendar: WorkingCalendar = OFFICE,
        calendars: Mapping[str, WorkingCalendar] | None = None,
        handlers: HandlerRegistry | None = None,
        url: str = "sqlite://",
        cold: bool = False,
    ) -> None:
        self.clock = VirtualClock(start)
        self.heard: list[Event] = []
        by_group = calendars or {}
        self.runtime = Runtime(
            clock=self.clock,
            calendars=lambda _session, group: by_group.get(group or "", calendar),
            handlers=handlers or HandlerRegistry(),
            listeners=(lambda _session, event: self.heard.append(event),),
        )
        self.database = TestDatabase(self.runtime, url)
        self.instance_id = ""
        self._cold = cold
        contents = folder(files) if isinstance(files, Path) else files
        self.deployment = self.database.execute(Deploy(name="scenario", files=contents)).deployment

    # --- steps -------------------------------------------------------------------------------------------------

    def start(self, process_key: str, *, actor: str = "starter", **command: Any) -> Result:
        """Start an instance; later steps are about it."""
        result = self.database.execute(StartProcess(process_key=process_key, actor=actor, **command))
        self.instance_id = str(result.instance_id)
        self.check()
        return result

    def complete(
        self, node_id: str, variables: Mapping[str, Any] | None = None, *, actor: str | None = None, nth: int = 0
    ) -> Result:
        """Complete an open task of a node, as its assignee, first candidate or ``actor``."""
        task = self.task(node_id, nth)
        who = actor or task.assignee or next(iter(task.candidate_users), "somebody")
        command = CompleteTask(
            task_id=task.id, actor=who, groups=frozenset(task.candidate_groups), variables=variables or {}
        )
        return self._step(command, override=not (task.candidate_groups or task.candidate_users or task.assignee))

    def claim(self, node_id: str, actor: str, groups: Sequence[str] = (), nth: int = 0) -> Result:
        """Claim an open task of a node."""
        return self._step(ClaimTask(task_id=self.task(node_id, nth).id, actor=actor, groups=frozenset(groups)))

    def message(
        self, name: str, key: str | None = None, variables: Mapping[str, Any] | None = None, **more: Any
    ) -> Result:
        """Send a message; without a key to the scenario's instance."""
        target = {"instance_id": self.instance_id} if key is None and self.instance_id else {}
        command = CorrelateMessage(name=name, correlation_key=key, variables=variables or {}, **{**target, **more})
        result = self.database.execute(command)
        if not self.instance_id and result.instance_id:
            self.instance_id = result.instance_id
        self.check()
        return result

    def cancel(self, reason: str = "", actor: str = "operator") -> Result:
        """Cancel the instance."""
        return self._step(CancelInstance(instance_id=self.instance_id, reason=reason, actor=actor))

    def bring_forward(self, node_id: str, actor: str = "operator") -> Result:
        """Run the waiting job of a node now."""
        job = next(job for job in self.jobs() if job.node_id == node_id)
        return self._step(RunJob(job_id=job.id, actor=actor))

    def advance(self, **delta: float) -> None:
        """Let time pass (``days=2``, ``hours=3``); every job runs at the moment it is due."""
        self.until(self.clock.now() + timedelta(**delta))

    def until(self, moment: datetime) -> None:
        """Let time pass until ``moment``."""
        while True:
            with self.database.read() as session:
                due = jobs.next_due(session)
            if due is None or due > moment:
                break
            self.clock.set(max(due, self.clock.now()))
            jobs.run_due(self.database, "scenario")
            self.check()
        self.clock.set(moment)

    def sleep(self, **delta: float) -> None:
        """Let time pass while nothing runs, as during a downtime; then run what fell due."""
        self.clock.advance(timedelta(**delta))
        jobs.run_until_quiet(self.database, "scenario")
        self.check()

    def _step(self, command: Command, *, override: bool = False) -> Result:
        if override and isinstance(command, CompleteTask):
            command = CompleteTask(
                task_id=command.task_id, variables=command.variables, actor=command.actor, override=True
            )
        result = self.database.execute(command)
        self.check()
        return result

    # --- what there is to see ----------------------------------------------------------------------------------

    def open(self) -> list[str]:
        """Node ids of the open user tasks, sorted."""
        return sorted(task.node_id for task in self.tasks())

    def tasks(self) -> tuple[TaskRow, ...]:
        """The open user tasks with their candidates."""
        with self.database.read() as session:
            return queries.open_tasks(session, self.instance_id)

    def task(self, node_id: str, nth: int = 0) -> TaskRow:
        """The open task of a node. Raises TaskNotFound."""
        found = [task for task in self.tasks() if task.node_id == node_id]
        if len(found) <= nth:
            raise TaskNotFound(node_id=node_id, nth=nth, open=self.open())
        return found[nth]

    def instance(self) -> InstanceRow:
        """The instance's row."""
        with self.database.read() as session:
            return queries.instance(session, self.instance_id)

    @property
    def state(self) -> InstanceState:
        """active, completed or cancelled."""
        return self.instance().state

    @property
    def variables(self) -> Mapping[str, Any]:
        """The process variables."""
        return self.instance().variables

    def jobs(self, **wanted: Any) -> tuple[JobRow, ...]:
        """Unfinished jobs of the instance, the next due first."""
        with self.database.read() as session:
            return queries.jobs(session, instance_id=self.instance_id, **wanted)

    def passed(self) -> frozenset[str]:
        """The nodes the instance has been through."""
        with self.database.read() as session:
            return queries.passed(session, self.instance_id)

    def kinds(self) -> list[str]:
        """The kinds of the history rows, in order."""
        with self.database.read() as session:
            return [row.kind for row in queries.history(session, self.instance_id)]

    def events(self, kind: type[Event]) -> list[Event]:
        """What listeners heard of one kind."""
        return [event for event in self.heard if isinstance(event, kind)]

    # --- the check after every step ----------------------------------------------------------------------------

    def check(self) -> None:
        """The saved state reads back to itself, and the rows say what the workflow waits for."""
        if not self.instance_id:
            return
        if self._cold:
            programs.clear()
        with self.database.read() as session:
            check_instance(session, self.instance_id)


def check_instance(session: Session, instance_id: str) -> None:
    """Raises AssertionError when state and rows of an active instance do not agree."""
    state = session.execute(select(process_instance.c.state).where(process_instance.c.id == instance_id)).scalar_one()
    connection = session.connection()
    tasks = {task.id for task in queries.open_tasks(session, instance_id)}
    standing = (*UNFINISHED_JOBS, JobState.FAILED)
    kinds = (JobKind.TIMER, JobKind.SERVICE_TASK)
    keys = {job.dedupe_key for job in queries.jobs(session, instance_id=instance_id, states=standing, kinds=kinds)}
    found = select(subscription.c.task_id, subscription.c.name).where(subscription.c.instance_id == instance_id)
    subscriptions = {(row.task_id, row.name) for row in session.execute(found)}
    if state != InstanceState.ACTIVE.value:
        assert not (tasks or keys or subscriptions), "an ended instance still waits"
        return
    row = sql.READ_INSTANCE.first(connection, {"id": instance_id})
    assert row is not None
    unit = unit_of(session, connection, row, "check")
    execution = restore(unit, row)
    assert execution.dump() == bytes(row["i_blob"]), "the state changes by being saved and restored"
    waiting = execution.waiting()
    assert {task.task_id for task in waiting.tasks} == tasks
    assert {job_key(entry) for entry in jobs_of(waiting)} == keys
    assert {(sub.task_id, sub.name) for sub in waiting.subscriptions} == subscriptions
    _check_calls(session, unit, {call.task_id for call in waiting.calls})


def _check_calls(session: Session, unit: Unit, waiting: set[str]) -> None:
    """Whatever was called and runs is waited for by its caller."""
    called = select(process_instance.c.parent_task_id).where(process_instance.c.id.in_(running(unit)))
    assert set(session.scalars(called)) <= waiting
    starting = queries.jobs(session, instance_id=unit.instance_id, states=UNFINISHED_JOBS, kinds=(JobKind.CALL,))
    assert {job.task_id for job in starting if job.payload["step"] == "start"} <= waiting


def folder(path: Path) -> dict[str, bytes]:
    """A deployment from a folder: processes and decisions by file name, forms by their path inside it."""
    return {
        str(file.relative_to(path)): file.read_bytes()
        for file in sorted(path.rglob("*"))
        if file.suffix in (".bpmn", ".dmn", ".json")
    }
