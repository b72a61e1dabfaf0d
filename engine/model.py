"""Values the engine hands out: frozen rows, states and the moves allowed between them.

Nothing here knows a database or SpiffWorkflow. Ids of instances and tasks are ``str`` UUIDs with dashes, ids of
jobs are ``int``; moments are aware UTC ``datetime`` named ``*_at``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeAlias

# TypeAlias, not a ``type`` statement: the floor is Python 3.11.
Json: TypeAlias = 'None | bool | int | float | str | list["Json"] | dict[str, "Json"]'
Variables: TypeAlias = Mapping[str, Any]


class InstanceState(StrEnum):
    """Where a process instance stands. "Has an incident" is a row in ``incident``, never a state."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


class Delegation(StrEnum):
    """Whether the assignee does a task for somebody else."""

    PENDING = "pending"
    RESOLVED = "resolved"


class TaskState(StrEnum):
    """Where a user task stands."""

    CREATED = "created"
    CLAIMED = "claimed"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


class JobState(StrEnum):
    """Where a job of the ledger stands."""

    SCHEDULED = "scheduled"
    AVAILABLE = "available"
    RUNNING = "running"
    RETRYABLE = "retryable"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


class JobKind(StrEnum):
    """What a job does when it runs."""

    TIMER = "timer"  # a BPMN timer of a waiting instance
    DEADLINE = "deadline"  # 80 %, 100 % or + 1 working day of a user task's service level
    SERVICE_TASK = "service_task"  # call of a registered handler, or work for an external worker
    CALL = "call"  # start of a called process, or what it tells the process that called it
    MESSAGE = "message"  # an early message kept for a subscriber, or one to deliver
    BATCH_ITEM = "batch_item"  # one command of a batch
    WORK = "work"  # work of an application slice (an import, a notice), run by a registered worker function


class IncidentState(StrEnum):
    """An incident is open until somebody resolves it."""

    OPEN = "open"
    RESOLVED = "resolved"


class BatchState(StrEnum):
    """Where a batch stands. It is completed when all its items are; one that failed keeps it open."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    COMPLETED = "completed"
    DELETED = "deleted"


UNFINISHED_JOBS = (JobState.SCHEDULED, JobState.AVAILABLE, JobState.RUNNING, JobState.RETRYABLE)
OPEN_TASKS = (TaskState.CREATED, TaskState.CLAIMED)

MOVES: Mapping[StrEnum, frozenset[StrEnum]] = {
    InstanceState.ACTIVE: frozenset({InstanceState.SUSPENDED, InstanceState.COMPLETED, InstanceState.CANCELLED}),
    InstanceState.SUSPENDED: frozenset({InstanceState.ACTIVE, InstanceState.CANCELLED}),
    InstanceState.COMPLETED: frozenset(),
    InstanceState.CANCELLED: frozenset(),
    TaskState.CREATED: frozenset({TaskState.CLAIMED, TaskState.COMPLETED, TaskState.CANCELLED}),
    TaskState.CLAIMED: frozenset({TaskState.CREATED, TaskState.COMPLETED, TaskState.CANCELLED}),
    TaskState.COMPLETED: frozenset(),
    TaskState.CANCELLED: frozenset(),
}
"""One table says which move may follow which state."""


@dataclass(frozen=True, slots=True)
class ServiceLevel:
    """How long a user task may take, in working hours on the calendar of ``calendar`` (a candidate group)."""

    hours: float
    calendar: str | None


@dataclass(frozen=True, slots=True)
class WaitingTask:
    """A user task that waits for a person, as the execution sees it. ``due_at`` is set by an explicit dueDate
    or computed from the service level."""

    task_id: str
    node_id: str
    name: str
    form_key: str | None
    assignee: str | None
    candidate_groups: tuple[str, ...]
    candidate_users: tuple[str, ...]
    excluded_users: tuple[str, ...]
    due_at: datetime | None
    follow_up_at: datetime | None
    priority: int
    service_level: ServiceLevel | None
    due_basis: Mapping[str, Any] | None = None
    """What an explicit dueDate was computed from; see :class:`engine.TaskRow`."""
    local_variables: Variables = field(default_factory=dict)
    """The loop item of a multi-instance and its number, input parameters."""


@dataclass(frozen=True, slots=True)
class WaitingTimer:
    """A timer that waits. ``key`` tells several timers of one task apart and changes with every cycle."""

    task_id: str
    key: str
    node_id: str
    due_at: datetime
    explanation: Mapping[str, Any] = field(default_factory=dict)
    """How ``due_at`` was computed: expression, start, calendar."""
    priority: int = 0


@dataclass(frozen=True, slots=True)
class WaitingSubscription:
    """A message or signal somebody waits for.

    ``correlation_key`` is the business key unless the model says otherwise.
    """

    task_id: str
    node_id: str
    kind: str  # "message" | "signal"
    name: str
    correlation_key: str | None


@dataclass(frozen=True, slots=True)
class WaitingService:
    """A service task that waits for its handler or external worker."""

    task_id: str
    node_id: str
    topic: str
    variables: Variables
    local_variables: Variables = field(default_factory=dict)
    attempts: int | None = None
    """How often it is tried at most; None: as usual."""
    priority: int = 0


@dataclass(frozen=True, slots=True)
class WaitingStart:
    """A start event that waits for a moment. ``timer`` is what computes the next one."""

    node_id: str
    due_at: datetime
    timer: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class WaitingCall:
    """A call activity that waits for the process it called."""

    task_id: str
    node_id: str
    key: str


@dataclass(frozen=True, slots=True)
class CallVersion:
    """Which version of a process a call looks for when it is reached.

    ``binding``: "" or "latest" the newest one, "deployment" the newest one when the caller was deployed, "version" that
    ``version``, "versionTag" the newest one with that ``tag``.
    """

    binding: str
    version: int | None = None
    tag: str | None = None


@dataclass(frozen=True, slots=True)
class CallRequest:
    """What a called process starts with. Without ``sought`` its version was pinned when the caller was deployed."""

    key: str
    business_key: str | None
    variables: Variables
    sought: CallVersion | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Instruction:
    """One order to move tokens by hand.

    ``kind``: "cancel" (the token ``task_id``, or all tokens of ``node_id``), "start_before" and "start_after" a node,
    "start_transition" (along ``flow_id``). ``variables`` are set in the instance, ``local_variables`` at the new token.
    ``ancestor_id``: the token of the sub-process or loop in which to start, when several are open. A node id of a
    repeated activity may end with ``#multiInstanceBody``: all its repetitions together.
    """

    kind: str
    node_id: str | None = None
    task_id: str | None = None
    flow_id: str | None = None
    ancestor_id: str | None = None
    variables: Variables = field(default_factory=dict)
    local_variables: Variables = field(default_factory=dict)


def move(source: str, target: str, **more: Any) -> tuple[Instruction, Instruction]:
    """All tokens of ``source`` are cancelled and one starts before ``target``."""
    start = Instruction(kind="start_before", node_id=target, **more)
    return Instruction(kind="cancel", node_id=source), start


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happened to a node during a command, in order."""

    kind: str  # "entered" | "completed" | "cancelled"
    node_id: str
    node_type: str  # BPMN local name: userTask, exclusiveGateway, …
    task_id: str
    changes: Variables = field(default_factory=dict)
    """Variables this node changed."""
    explanation: Variables = field(default_factory=dict)
    """Why, for a decision: its id, its inputs and the rows that fitted, with their annotations."""


@dataclass(frozen=True, slots=True)
class Thrown:
    """An event thrown out of the instance: a message or signal for others.

    A signal has already reached everybody who waited for it in the instance that threw it.
    """

    kind: str  # "message" | "signal"
    name: str
    correlation_key: str | None
    variables: Variables


@dataclass(frozen=True, slots=True)
class Waiting:
    """Everything an instance waits for at a stable point."""

    tasks: tuple[WaitingTask, ...]
    timers: tuple[WaitingTimer, ...]
    subscriptions: tuple[WaitingSubscription, ...]
    services: tuple[WaitingService, ...]
    calls: tuple[WaitingCall, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """What deployment found in a file. ``code`` is worded in two languages by :mod:`engine.findings`."""

    severity: str  # "error" | "warning"
    code: str
    file: str
    element: str | None
    line: int | None
    facts: Mapping[str, Any] = field(default_factory=dict)
