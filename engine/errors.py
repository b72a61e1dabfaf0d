"""What can go wrong in the engine: codes with facts. The web layer words them in two languages."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from engine.model import Finding


class EngineError(Exception):
    """Base of every refusal. ``code`` names it; ``facts`` are the keyword arguments it was raised with.

    ``command`` is the command that was refused, so that an incident can keep it.
    """

    def __init__(self, **facts: Any) -> None:
        super().__init__(f"{type(self).__name__}({', '.join(f'{k}={v!r}' for k, v in facts.items())})")
        self.facts = facts
        self.command: object | None = None

    @property
    def code(self) -> str:
        """The name clients may rely on, e.g. ``TaskAlreadyClaimed``."""
        return type(self).__name__


class NotFound(EngineError):
    """No such definition, instance, task or job."""


class DefinitionNotFound(NotFound):
    """No process definition under that key or id."""


class BatchNotFound(NotFound):
    """No batch under that id, or it has ended."""


class InstanceNotFound(NotFound):
    """No process instance under that id."""


class TaskNotFound(NotFound):
    """No user task under that id."""


class JobNotFound(NotFound):
    """No job under that id."""


class MessageNotExpected(NotFound):
    """Nobody waits for that message and no process starts by it (facts: name, correlation_key)."""


class Conflict(EngineError):
    """Somebody was faster, or the state does not allow the move."""


class TaskAlreadyCompleted(Conflict):
    """facts: task_id, completed_by, completed_at."""


class TaskAlreadyClaimed(Conflict):
    """facts: task_id, assignee."""


class TaskCancelled(Conflict):
    """The instance moved on and the task is gone (facts: task_id)."""


class InstanceNotActive(Conflict):
    """facts: instance_id, state."""


class InstanceNotEnded(Conflict):
    """Only what has ended can be started again (facts: instance_id, state)."""


class InstanceChanged(Conflict):
    """The version fence: another commit came between (facts: instance_id). The entry point runs the work again."""


class JobNotRunnable(Conflict):
    """The job is finished or leased to another worker (facts: job_id, state)."""


class BusinessKeyTaken(Conflict):
    """An active instance already has this business key (facts: business_key)."""


class NotAllowed(EngineError):
    """The person is neither assignee nor candidate, or is excluded (facts: task_id, actor)."""


class BadVariables(EngineError):
    """Variables must be JSON values (facts: path, type)."""


class ExpressionRefused(EngineError):
    """The expression uses something the whitelist does not know (facts: expression, reason)."""


class ExpressionFailed(EngineError):
    """The expression could not be evaluated with this data (facts: expression, reason)."""


class LimitExceeded(EngineError):
    """A guard stopped the command (facts: limit, value, allowed)."""


class ExecutionFailed(EngineError):
    """The workflow raised while advancing (facts: instance_id, node_id, reason). Nothing was written."""


class StateUnreadable(EngineError):
    """A state blob has an unknown codec number or does not fit its definition."""


class DeploymentRefused(EngineError):
    """The files have errors; nothing was deployed."""

    def __init__(self, findings: tuple[Finding, ...]) -> None:
        super().__init__(count=len(findings))
        self.findings = findings


class PlanRefused(EngineError):
    """Tokens can't be moved, or an instance can't be migrated, as asked; nothing was changed."""

    def __init__(self, findings: tuple[Finding, ...]) -> None:
        super().__init__(count=len(findings), nodes=[finding.element for finding in findings])
        self.findings = findings


class BatchRefused(EngineError):
    """Nothing or too much to do, or a command that can't be done in batches (facts: kind, count)."""


class BatchItemRefused(EngineError):
    """An item of a batch can't be done as things stand; trying again by itself would not help (facts: reason)."""


class BpmnError(Exception):
    """Raised by a service task handler to take the error boundary event with this code."""

    def __init__(self, error_code: str, message: str = "") -> None:
        super().__init__(message or error_code)
        self.error_code = error_code


class LeaseLost(EngineError):
    """The worker's lease ran out and another took the job (facts: job_id, lease_until: datetime)."""

    lease_until: datetime


class NotLocked(Conflict):
    """An external task is not locked by this worker (facts: job_id, worker, locked_by: who holds it, or None)."""
