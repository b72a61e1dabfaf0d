"""A token: SpiffWorkflow's task without what nobody here reads.

SpiffWorkflow writes a log record, with the task's whole surroundings, for every change of state, and asks the machine
for the time; history is ours, and time comes from the engine's clock. Ids are texts from the beginning: a UUID object
is hashed in Python at every look-up and turned into text and back for every save.
"""

from __future__ import annotations

import uuid
from typing import Any

from SpiffWorkflow.specs.base import TaskSpec
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

ROOT = "root"
"""The id of the root of every scope. It is never saved."""


class Token(Task):
    """A task whose id is a text."""

    def __init__(
        self, workflow: Any, task_spec: TaskSpec, parent: Task | None = None, state: int = 0, id: str | None = None
    ) -> None:
        super().__init__(workflow, task_spec, parent, state, id or str(uuid.uuid4()))

    def _set_state(self, value: int) -> None:
        self._state = value

    def follow(self, task_spec: TaskSpec) -> Token:
        """A new token behind this one, for the node it goes to."""
        return Token(self.workflow, task_spec, self, TaskState.FUTURE)
