"""Frozen rows the engine hands out: what queries return, what events carry and what commands report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from engine.model import (
    OPEN_TASKS,
    BatchState,
    Finding,
    IncidentState,
    InstanceState,
    JobKind,
    JobState,
    TaskState,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRow:
    """A user task. The three candidate tuples are filled by ``queries.task`` and in events; lists leave them empty."""

    id: str
    instance_id: str
    definition_id: str
    definition_key: str
    business_key: str | None
    node_id: str
    name: str
    form_key: str | None
    state: TaskState
    assignee: str | None
    priority: int
    created_at: datetime
    claimed_at: datetime | None
    due_at: datetime | None
    follow_up_at: datetime | None
    service_minutes: int | None
    calendar: str | None
    ended_at: datetime | None
    ended_by: str | None
    local_variables: Mapping[str, Any] = field(default_factory=dict)
    owner: str | None = None
    delegation: str | None = None
    """pending: the assignee does it for the owner; resolved: it came back."""
    description: str | None = None
    on_behalf_of: str | None = None
    """The absent person for whom the assignee does it."""
    due_basis: Mapping[str, Any] | None = None
    """What ``due_at`` was computed from, when that is not ``service_minutes`` of working time since ``created_at``:
    ``{"start": …, "fixed": moment}``, or ``{"start": …, "hours" or "days": working time, "calendar": …}``."""
    risk_at: datetime | None = None
    """From when on an open task is at risk: four fifths of the working time it may take are used."""
    worked_minutes: int | None = None
    """Working minutes from beginning to end without the pauses, of a completed task."""
    candidate_groups: tuple[str, ...] = ()
    candidate_users: tuple[str, ...] = ()
    excluded_users: tuple[str, ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether somebody may still work on it."""
        return self.state in OPEN_TASKS


@dataclass(frozen=True, slots=True, kw_only=True)
class DefinitionRow:
    """A deployed version of a process, without its files."""

    id: str
    deployment_id: str
    key: str
    version: int
    name: str
    resource: str
    sha256: str
    nodes: Mapping[str, Mapping[str, Any]]
    """{node id: {type, name, name_en, lane, form_key, …}}"""
    start_messages: tuple[str, ...]
    state: str
    deployed_at: datetime
    deployed_by: str
    search_variables: tuple[str, ...] = ()
    """Variables by which its instances can be found."""
    version_tag: str | None = None
    """What people call this version."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """What a deployment did. ``changed`` is False when every process was there already with the same content."""

    id: str | None
    name: str
    deployed_at: datetime
    deployed_by: str
    definitions: tuple[DefinitionRow, ...]
    findings: tuple[Finding, ...]
    changed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceRow:
    """A process instance without its state blob."""

    id: str
    definition_id: str
    definition_key: str
    business_key: str | None
    title: str
    state: InstanceState
    version: int
    variables: Mapping[str, Any]
    parent_instance_id: str | None
    parent_task_id: str | None
    started_at: datetime
    started_by: str
    updated_at: datetime
    ended_at: datetime | None
    end_reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRow:
    """One entry of the ledger of everything that happens later."""

    id: int
    kind: JobKind
    instance_id: str | None
    task_id: str | None
    node_id: str | None
    topic: str | None
    correlation_key: str | None
    dedupe_key: str | None
    payload: Mapping[str, Any]
    state: JobState
    priority: int
    due_at: datetime
    expires_at: datetime | None
    attempts: int
    max_attempts: int
    lease_until: datetime | None
    worker: str | None
    last_error: str | None
    created_at: datetime
    ended_at: datetime | None
    batch_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExternalTask:
    """A service task locked for a worker outside, with the variables it asked for."""

    job: JobRow
    definition_id: str
    definition_key: str
    business_key: str | None
    variables: Mapping[str, Any]
    version_tag: str | None = None
    """Of the definition."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentRow:
    """Something that went wrong, with the command that failed."""

    id: int
    instance_id: str | None
    job_id: int | None
    node_id: str | None
    kind: str
    command: Mapping[str, Any] | None
    message: str
    detail: str | None
    state: IncidentState
    created_at: datetime
    resolved_at: datetime | None
    resolved_by: str | None
    annotation: str | None = None
    definition_id: str | None = None
    """The version its instance ran in."""
    cause: str | None = None
    """The same for incidents with the same cause: kind, process, node and message without numbers and ids."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryRow:
    """One line of an instance's past, never changed afterwards."""

    id: int
    instance_id: str
    at: datetime
    kind: str
    node_id: str | None
    task_id: str | None
    actor: str
    changes: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseRow:
    """The clock of a task stood still, or still does (``ended_at`` None). ``until_at``: when it ends by itself."""

    id: int
    task_id: str
    from_at: datetime
    until_at: datetime | None
    ended_at: datetime | None
    reason: str
    paused_by: str
    ended_by: str | None

    @property
    def to_at(self) -> datetime | None:
        """When the clock goes on, as far as anybody knows."""
        return self.ended_at or self.until_at


@dataclass(frozen=True, slots=True)
class Token:
    """Where an instance stands now. ``state`` is user_task, timer, message, signal or service_task."""

    node_id: str
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchRow:
    """One command for many subjects, and how far it is."""

    id: int
    kind: str
    """The name of the command."""
    template: Mapping[str, Any]
    reason: str
    total: int
    state: BatchState
    created_at: datetime
    created_by: str
    ended_at: datetime | None
    done: int
    failed: int
    remaining: int
    """Items that are still to be done, those that will be tried again among them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchItemRow:
    """One item of a batch. ``outcome`` says what was done, ``error`` why it was not (yet)."""

    job_id: int
    batch_id: int
    subject: str | int
    state: JobState
    attempts: int
    outcome: str | None
    instance_id: str | None
    """The instance it was about; of a restart the new one."""
    error: str | None
    ended_at: datetime | None
