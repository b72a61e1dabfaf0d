"""Is this the SpiffWorkflow we know? Asked once, when the package is imported, so that an upgrade fails at once."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib.metadata import version

from SpiffWorkflow.util.task import TaskState

from engine.calendar import WorkingCalendar
from engine.spiff.builder import ScopeSpec
from engine.spiff.context import ExecutionContext
from engine.spiff.workflow import InstanceWorkflow

KNOWN_VERSION = "3.2.0"
KNOWN_TASK = frozenset({
    "id", "workflow", "_parent", "_children", "_state", "triggered", "task_spec", "thread_id", "data", "internal_data",
    "last_state_change",
})  # fmt: skip
KNOWN_STATES = {"WAITING": 8, "READY": 16, "STARTED": 32, "COMPLETED": 64, "CANCELLED": 256}

_CONTEXT = ExecutionContext(datetime(2026, 1, 1, tzinfo=UTC), lambda group: WorkingCalendar("UTC", ((),) * 7))


class UnknownExecutor(RuntimeError):
    """SpiffWorkflow is not the version whose inner life the saved states rely on."""


def check() -> None:
    """Raises UnknownExecutor unless version, states and the attributes of a task are those the codec knows."""
    found = version("SpiffWorkflow")
    if found != KNOWN_VERSION:
        raise UnknownExecutor(f"SpiffWorkflow {found} is installed, {KNOWN_VERSION} is needed")
    states = {name: getattr(TaskState, name, None) for name in KNOWN_STATES}
    if states != KNOWN_STATES:
        raise UnknownExecutor(f"task states changed: {states}")
    task = InstanceWorkflow(ScopeSpec("selfcheck"), {}, _CONTEXT).task_tree
    if set(vars(task)) != KNOWN_TASK:
        raise UnknownExecutor(f"attributes of a task changed: {sorted(set(vars(task)) ^ KNOWN_TASK)}")
