"""The commands: everything that can change an instance, a deployment or a job, as frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from engine.model import InstanceState
from engine.rows import Deployment, ExternalTask, TaskRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """Base of all commands. ``actor`` is a login or "system"."""

    actor: str = "system"


@dataclass(frozen=True, slots=True, kw_only=True)
class Deploy(Command):
    """Check the files and keep them together as new immutable versions of the processes they define.

    ``drawings``: processes that nobody marked as executable are meant to run; people do what no program is named for.
    """

    name: str
    files: Mapping[str, bytes]
    drawings: bool = False
    source: str | None = None
    """The program that sends them, as it calls itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StartProcess(Command):
    """Start the latest version of ``process_key`` (or exactly ``definition_id``).

    ``complete_task`` names the first user task: it is claimed and completed by the actor in the same commit.
    """

    process_key: str | None = None
    definition_id: str | None = None
    business_key: str | None = None
    title: str = ""
    variables: Mapping[str, Any] = field(default_factory=dict)
    complete_task: str | None = None
    complete_variables: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class CompleteTask(Command):
    """Complete an open user task. ``override``: the caller has checked that the actor may act for the assignee."""

    task_id: str
    variables: Mapping[str, Any] = field(default_factory=dict)
    groups: frozenset[str] = frozenset()
    override: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimTask(Command):
    """The actor takes a task that nobody has."""

    task_id: str
    groups: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseTask(Command):
    """The assignee gives the task back to its candidates."""

    task_id: str
    override: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignTask(Command):
    """Give a task to ``assignee``; the caller has checked that the actor may."""

    task_id: str
    assignee: str
    reason: str = ""
    on_behalf_of: str | None = None
    """The absent person for whom the assignee does it."""
    asleep: bool = False
    """Also in an instance that is suspended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrelateMessage(Command):
    """Deliver a message to its one receiver, start a process by it, or keep it for ``buffer_for``.

    ``business_key`` and ``title`` are those of an instance started by the message (default: the correlation key).
    """

    name: str
    correlation_key: str | None = None
    variables: Mapping[str, Any] = field(default_factory=dict)
    instance_id: str | None = None
    buffer_for: timedelta | None = None
    business_key: str | None = None
    title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BroadcastSignal(Command):
    """Give a signal to every instance that waits for it, each in a transaction of its own, or to one."""

    name: str
    variables: Mapping[str, Any] = field(default_factory=dict)
    instance_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelInstance(Command):
    """End an instance with everything that waits in it."""

    instance_id: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SuspendInstance(Command):
    """Nothing happens in the instance until it is resumed."""

    instance_id: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResumeInstance(Command):
    """A suspended instance goes on; what fell due meanwhile runs now."""

    instance_id: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SetVariables(Command):
    """Replace and remove top-level variables of a running instance."""

    instance_id: str
    variables: Mapping[str, Any]
    removals: frozenset[str] = frozenset()
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SetTaskVariables(Command):
    """Replace and remove variables visible at an open task: ``local`` ones, or where they are, else the instance's."""

    task_id: str
    variables: Mapping[str, Any]
    removals: frozenset[str] = frozenset()
    local: bool = False
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SetJobDue(Command):
    """Move the moment of a timer, deadline or service task (None: now), or ``shift`` it by so much."""

    job_id: int
    due_at: datetime | None = None
    shift: timedelta | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunJob(Command):
    """Do what the job says, now. Its worker must hold the lease, unless nobody has claimed the job yet."""

    job_id: int
    worker: str = ""
    outcome: Any = None
    """Of its outside half, as JSON."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryJob(Command):
    """Try a failed job now, ``retries`` times at most, and close its incident.

    Once unless told otherwise, as in Camunda: whoever presses the button wants to see whether it works now.
    """

    job_id: int
    retries: int = 1
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolveIncident(Command):
    """Close an incident by hand. ``note`` stands at it from then on; empty: what stood there before."""

    incident_id: int
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AddWork(Command):
    """Add a job for a registered work function. An unfinished job with the same ``dedupe_key`` is kept instead."""

    topic: str
    payload: Mapping[str, Any] = field(default_factory=dict)
    dedupe_key: str | None = None
    due_at: datetime | None = None
    instance_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """What a worker fetches: service tasks of one topic, narrowed, and the variables it wants (None: all)."""

    name: str
    lock_for: timedelta
    variables: tuple[str, ...] | None = None
    local_variables: bool = False
    """Only those of the task itself: the loop item, input parameters."""
    business_key: str | None = None
    definition_ids: tuple[str, ...] = ()
    definition_keys: tuple[str, ...] = ()
    version_tag: str | None = None
    instance_variables: Mapping[str, Any] = field(default_factory=dict)
    """Only of instances whose variables have these values."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchExternalTasks(Command):
    """Lock service tasks for a worker outside. Topics with a handler in this process are never given out."""

    worker: str
    topics: tuple[Topic, ...]
    limit: int = 10
    by_priority: bool = False
    newest_first: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CompleteExternalTask(Command):
    """The worker that holds the lock has done the task."""

    job_id: int
    worker: str
    variables: Mapping[str, Any] = field(default_factory=dict)
    local_variables: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class FailExternalTask(Command):
    """The worker could not do it. It may be fetched ``retries`` times more after ``pause``; with 0: an incident."""

    job_id: int
    worker: str
    message: str = ""
    details: str = ""
    retries: int = 0
    pause: timedelta = timedelta()


@dataclass(frozen=True, slots=True, kw_only=True)
class ThrowBpmnError(Command):
    """The worker reports a business error: its error boundary event is taken."""

    job_id: int
    worker: str
    error_code: str
    message: str = ""
    variables: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class LockExternalTask(Command):
    """Lock one task for a worker, unless another one holds it."""

    job_id: int
    worker: str
    lock_for: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtendLock(Command):
    """The worker needs longer: the lock ends ``lock_for`` from now."""

    job_id: int
    worker: str
    lock_for: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Unlock(Command):
    """Whoever holds the lock, the task may be fetched again at once."""

    job_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SetRetries(Command):
    """Give a timer, service or external task so many attempts; with 0 it is an incident."""

    job_id: int
    retries: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a command did."""

    instance_id: str | None = None
    business_key: str | None = None
    state: InstanceState | None = None
    created: tuple[TaskRow, ...] = ()
    """User tasks that wait since this command."""
    task: TaskRow | None = None
    """The task the command was about, as it is now."""
    job_id: int | None = None
    batch_id: int | None = None
    outcome: str = ""
    """What a batch says of the item instead of "done"."""
    made: int | None = None
    """The id of the comment or attachment the command was about."""
    deployment: Deployment | None = None
    buffered: bool = False
    """A message nobody expected yet and that is kept."""
    fetched: tuple[ExternalTask, ...] = ()
    """What a worker outside has now locked."""
