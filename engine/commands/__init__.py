"""One module per family of commands; ``HANDLERS`` says which function runs which command."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.commands import deploy, external, incidents, instances, jobs, messages, start, suspension, tasks
from engine.commands.model import (
    AddWork,
    AssignTask,
    BroadcastSignal,
    CancelInstance,
    ClaimTask,
    Command,
    CompleteExternalTask,
    CompleteTask,
    CorrelateMessage,
    Deploy,
    ExtendLock,
    FailExternalTask,
    FetchExternalTasks,
    LockExternalTask,
    ReleaseTask,
    ResolveIncident,
    Result,
    ResumeInstance,
    RetryJob,
    RunJob,
    SetJobDue,
    SetRetries,
    SetTaskVariables,
    SetVariables,
    StartProcess,
    SuspendInstance,
    ThrowBpmnError,
    Unlock,
)

HANDLERS: dict[type[Command], Callable[[Any, Any], Result]] = {
    AddWork: jobs.add_work,
    AssignTask: tasks.assign,
    BroadcastSignal: messages.broadcast,
    CancelInstance: instances.cancel,
    ClaimTask: tasks.claim,
    CompleteTask: tasks.complete,
    CompleteExternalTask: external.complete,
    CorrelateMessage: messages.correlate,
    Deploy: deploy.deploy,
    ExtendLock: external.extend,
    FailExternalTask: external.fail,
    FetchExternalTasks: external.fetch,
    LockExternalTask: external.lock,
    ReleaseTask: tasks.release,
    ResolveIncident: incidents.resolve,
    ResumeInstance: suspension.resume,
    RetryJob: jobs.retry,
    RunJob: jobs.run,
    SetJobDue: external.set_due,
    SetRetries: external.set_retries,
    SetTaskVariables: instances.set_task_variables,
    SetVariables: instances.set_variables,
    StartProcess: start.start,
    SuspendInstance: suspension.suspend,
    ThrowBpmnError: external.throw_error,
    Unlock: external.unlock,
}

__all__ = ["HANDLERS", "Command", "Result"]
