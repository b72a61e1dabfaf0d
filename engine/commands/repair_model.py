"""The commands of people who look after running processes: move tokens, migrate, restart, one by one or in batches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.commands.model import Command
from engine.model import Instruction


@dataclass(frozen=True, slots=True, kw_only=True)
class ModifyInstance(Command):
    """Move tokens by hand, in this order. An instance in which nothing is left is cancelled."""

    instance_id: str
    instructions: tuple[Instruction, ...]
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MigrateInstance(Command):
    """Let an instance go on in another version of its process.

    ``mapping``: from node ids to node ids there; None: every node to the one of the same id and kind.
    ``update_timers``: source nodes whose timers are computed anew there; all others keep their moment.
    ``source_definition_id``: refuse when the instance runs another version than that.
    """

    instance_id: str
    target_definition_id: str
    source_definition_id: str | None = None
    mapping: Mapping[str, str] | None = None
    update_timers: frozenset[str] = frozenset()
    variables: Mapping[str, Any] = field(default_factory=dict)
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RestartInstance(Command):
    """A new instance like one that has ended: of the same version (``latest``: of the newest).

    With the variables it ended with, or (``initial_variables``) those it began with. ``instructions``: where it
    begins instead of at its start. It gets ``business_key``, else none if ``without_business_key``, else the same.
    """

    instance_id: str
    latest: bool = False
    initial_variables: bool = False
    instructions: tuple[Instruction, ...] = ()
    business_key: str | None = None
    without_business_key: bool = False
    variables: Mapping[str, Any] = field(default_factory=dict)
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryIncident(Command):
    """Set variables of the instance an incident is about, if there are any, and try its job again, in one commit."""

    incident_id: int
    variables: Mapping[str, Any] = field(default_factory=dict)
    removals: frozenset[str] = frozenset()
    retries: int = 1
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SkipStep(Command):
    """Let the instance an incident is about go on behind its service task, which was not done. ``variables`` are set in
    the instance and are what the step would have answered."""

    incident_id: int
    variables: Mapping[str, Any] = field(default_factory=dict)
    removals: frozenset[str] = frozenset()
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelTimer(Command):
    """A timer at the edge of an activity, or one that would begin an event sub-process, will not fire."""

    job_id: int
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordRefusal(Command):
    """Keep in the audit log that the actor asked for something without the permission."""

    permission: str
    asked: str
    """What was asked for: method and address."""
    instance_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StartBatch(Command):
    """Do one command to many subjects, each in a transaction of its own, by the workers.

    ``template`` is the command with its subject (an instance, a job, an incident) left empty: one of the kinds in
    ``engine.BATCH_SUBJECTS``. Its actor is the batch's. ``kind`` is what it is listed as: else the command's name.
    ``request_key``: whoever comes with the same one again gets the same batch.
    """

    template: Command
    subjects: tuple[str, ...] | tuple[int, ...]
    reason: str = ""
    kind: str = ""
    request_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SuspendBatch(Command):
    """No further item of the batch is begun until it is resumed."""

    batch_id: int
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResumeBatch(Command):
    """The workers go on with a suspended batch."""

    batch_id: int
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryBatch(Command):
    """The items of a batch that failed are tried again, each once."""

    batch_id: int
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteBatch(Command):
    """The items that are not done yet will not be done. What was done stays."""

    batch_id: int
    reason: str = ""
