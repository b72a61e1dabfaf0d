"""The commands of working together on tasks: delegate, change, comment, attach. Frozen values like all commands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from engine.commands.model import Command


@dataclass(frozen=True, slots=True, kw_only=True)
class DelegateTask(Command):
    """Somebody else does the task for its owner, who gets it back. The caller has checked that the actor may."""

    task_id: str
    assignee: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolveTask(Command):
    """A delegated task goes back to its owner."""

    task_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateTask(Command):
    """Replace what is said about an open task: ``name``, ``description``, ``priority``, ``due_at``, ``follow_up_at``,
    ``owner``. What is left out stays."""

    task_id: str
    changes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeCandidates(Command):
    """Offer an open task to more or to fewer people, as (``user`` or ``group``, name)."""

    task_id: str
    added: tuple[tuple[str, str], ...] = ()
    removed: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseTask(Command):
    """The clock of an open task stands still until ``until_at``, or until it is continued."""

    task_id: str
    reason: str
    until_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ContinueTask(Command):
    """The clock of a paused task goes on."""

    task_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecomputeDeadlines(Command):
    """Compute what is due in working time again, from its start, on the calendars as they are now. ``cause`` says why,
    in the audit log and to those who listen."""

    instance_id: str
    cause: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ThrowAtTask(Command):
    """Report a business error or, with ``escalation``, an escalation at an open user task."""

    task_id: str
    code: str
    message: str = ""
    variables: Mapping[str, Any] = field(default_factory=dict)
    escalation: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AddComment(Command):
    """Say something about a task."""

    task_id: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeComment(Command):
    """The author says it otherwise; with ``message`` None it is taken back. The old words stay in the audit log."""

    comment_id: int
    message: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AddAttachment(Command):
    """Attach an address, or a file that the caller keeps under ``content_id``."""

    task_id: str
    name: str
    description: str | None = None
    kind: str | None = None
    url: str | None = None
    content_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteAttachment(Command):
    """The author takes an attachment back."""

    attachment_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SetPriority(Command):
    """A job or external task comes before those of lower priority."""

    job_id: int
    priority: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnotateIncident(Command):
    """A note on an open incident, for the next who looks at it; None removes it."""

    incident_id: int
    annotation: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SuspendDefinition(Command):
    """Nobody starts a version of a process, or somebody may again; ``with_instances``: its instances sleep as well."""

    definition_id: str
    suspended: bool
    with_instances: bool = False
