"""What listeners hear, in the same transaction as the change itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from engine.model import InstanceState
from engine.rows import TaskRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Base of all events."""

    at: datetime
    actor: str
    instance_id: str
    business_key: str | None
    process_key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceStarted(Event):
    """A process instance began."""

    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceEnded(Event):
    """A process instance completed or was cancelled."""

    state: InstanceState
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskCreated(Event):
    """A user task waits for somebody."""

    task: TaskRow
    groups: tuple[str, ...]
    users: tuple[str, ...]
    excluded: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskCompleted(Event):
    """Somebody completed a user task with these variables."""

    task: TaskRow
    variables: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskCancelled(Event):
    """The instance moved on and an open task is gone."""

    task: TaskRow


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskAssigned(Event):
    """A task was claimed, released (``assignee`` None) or assigned to somebody else."""

    task: TaskRow
    assignee: str | None
    previous: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadlineReached(Event):
    """An open task reached ``stage``: reminder (80 %), overdue (100 %) or escalation (+ 1 working day)."""

    task: TaskRow
    stage: str


@dataclass(frozen=True, slots=True)
class Moved:
    """One deadline is at another moment. ``kind``: task or timer; None: unknown, the clock stands still."""

    kind: str
    node_id: str | None
    task_id: str | None
    before: datetime | None
    after: datetime | None

    def facts(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "kind": self.kind,
            "node_id": self.node_id,
            "task_id": self.task_id,
            "before": self.before.isoformat() if self.before else None,
            "after": self.after.isoformat() if self.after else None,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadlinesMoved(Event):
    """Deadlines were computed again because of ``cause`` and changed."""

    cause: str
    moved: tuple[Moved, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentRaised(Event):
    """Something failed and waits for a person; nothing of the failed command was written."""

    incident_id: int
    kind: str
    node_id: str | None
    message: str


Listener = Callable[[Session, Event], None]
