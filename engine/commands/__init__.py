"""One module per family of commands; ``HANDLERS`` says which function runs which command."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.commands import deploy, incidents, instances, jobs, messages, start, tasks
from engine.commands.model import (
    AddWork,
    AssignTask,
    CancelInstance,
    ClaimTask,
    Command,
    CompleteTask,
    CorrelateMessage,
    Deploy,
    ReleaseTask,
    ResolveIncident,
    Result,
    RetryJob,
    RunJob,
    SetVariables,
    StartProcess,
)

HANDLERS: dict[type[Command], Callable[[Any, Any], Result]] = {
    AddWork: jobs.add_work,
    AssignTask: tasks.assign,
    CancelInstance: instances.cancel,
    ClaimTask: tasks.claim,
    CompleteTask: tasks.complete,
    CorrelateMessage: messages.correlate,
    Deploy: deploy.deploy,
    ReleaseTask: tasks.release,
    ResolveIncident: incidents.resolve,
    RetryJob: jobs.retry,
    RunJob: jobs.run,
    SetVariables: instances.set_variables,
    StartProcess: start.start,
}

__all__ = ["HANDLERS", "Command", "Result"]
