"""What commands would do to an instance: they are carried out and taken back, and the difference is shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.commands import Command
from engine.facade import execute
from engine.model import InstanceState, JobKind
from engine.queries.instances import instance as find_instance
from engine.queries.jobs import jobs
from engine.queries.tasks import open_tasks
from engine.rows import InstanceRow, JobRow, TaskRow
from engine.store.rows import INSTANCE, instance_row
from engine.store.tables import process_instance as pi
from engine.store.tables import subscription as sub

Row = TypeVar("Row")
LATER = (JobKind.TIMER, JobKind.SERVICE_TASK, JobKind.CALL)
RUNNING = (InstanceState.ACTIVE, InstanceState.SUSPENDED)
MOST = 1_000
"""Timers, service tasks and calls of one instance that are compared."""


@dataclass(frozen=True, slots=True)
class Expected:
    """A message or signal somebody waits for."""

    node_id: str
    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class Change:
    """What goes and what comes. Tasks that come have their candidates."""

    tasks: tuple[TaskRow, ...] = ()
    jobs: tuple[JobRow, ...] = ()
    """Timers, service tasks and calls of other processes."""
    messages: tuple[Expected, ...] = ()
    instances: tuple[InstanceRow, ...] = ()
    """Called processes that run."""

    def __bool__(self) -> bool:
        return bool(self.tasks or self.jobs or self.messages or self.instances)


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """The difference a command would make."""

    before: InstanceRow
    after: InstanceRow
    gone: Change
    new: Change
    moved: tuple[tuple[JobRow, JobRow], ...] = ()
    """Timers that would fire at another moment: as they are, and as they would be."""
    variables: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)
    """Variables that would change: their values before and after, None where there is none."""

    @property
    def ends(self) -> bool:
        """Whether the instance would be over."""
        return self.before.state in RUNNING and self.after.state not in RUNNING


@dataclass(frozen=True, slots=True)
class _Picture:
    instance: InstanceRow
    tasks: Mapping[str, TaskRow]
    jobs: Mapping[int, JobRow]
    messages: Mapping[tuple[str, str], Expected]
    instances: Mapping[str, InstanceRow]


def rehearse(session: Session, instance_id: str, *commands: Command) -> Rehearsal:
    """Carry out commands about an instance, look, and take them back: nothing is changed and nobody is told.

    Must run in a session that may write. A job that is run does what it does within the database; work with a half
    outside of it must not be rehearsed. Raises what the commands raise.
    """
    before = _picture(session, instance_id)
    rung = list(session.info.get("rung", ()))
    savepoint = session.begin_nested()
    try:
        for command in commands:
            execute(session, command)
        after = _picture(session, instance_id)
    finally:
        savepoint.rollback()
        session.info["rung"] = rung
    return _difference(before, after)


def _picture(session: Session, instance_id: str) -> _Picture:
    """ix_user_task_instance_id, ix_job_instance_id_state, ix_subscription_instance_id,
    ix_process_instance_parent_instance_id"""
    waiting = select(sub.c.task_id, sub.c.node_id, sub.c.kind, sub.c.name).where(sub.c.instance_id == instance_id)
    called = select(*INSTANCE).where(pi.c.parent_instance_id == instance_id, pi.c.state.in_(RUNNING))
    return _Picture(
        instance=find_instance(session, instance_id),
        tasks={task.id: task for task in open_tasks(session, instance_id)},
        jobs={job.id: job for job in jobs(session, instance_id=instance_id, kinds=LATER, limit=MOST)},
        messages={
            (row.task_id, row.name): Expected(row.node_id, row.kind, row.name) for row in session.execute(waiting)
        },
        instances={row.id: instance_row(row) for row in session.execute(called)},
    )


def _difference(before: _Picture, after: _Picture) -> Rehearsal:
    old, new = before.instance.variables, after.instance.variables
    moved = [(job, after.jobs[key]) for key, job in before.jobs.items() if key in after.jobs]
    return Rehearsal(
        before=before.instance,
        after=after.instance,
        gone=_missing(before, after),
        new=_missing(after, before),
        moved=tuple((one, other) for one, other in moved if one.due_at != other.due_at),
        variables={
            name: (old.get(name), new.get(name)) for name in sorted({*old, *new}) if old.get(name) != new.get(name)
        },
    )


def _missing(there: _Picture, here: _Picture) -> Change:
    """What is only ``there``."""
    return Change(
        tasks=_only(there.tasks, here.tasks),
        jobs=_only(there.jobs, here.jobs),
        messages=_only(there.messages, here.messages),
        instances=_only(there.instances, here.instances),
    )


def _only(these: Mapping[Any, Row], those: Mapping[Any, Row]) -> tuple[Row, ...]:
    return tuple(row for key, row in these.items() if key not in those)
