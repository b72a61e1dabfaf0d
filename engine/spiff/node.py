"""The base of every task spec: SpiffWorkflow's life cycle with BPMN's token rules.

A token is a task. It enters a node (READY), the node behaves (run), and when it completes one new token goes along
every sequence flow that is to be taken. Nothing is predicted and no data is copied from token to token.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from SpiffWorkflow.bpmn.specs.bpmn_process_spec import BpmnProcessSpec
from SpiffWorkflow.bpmn.specs.mixins.bpmn_spec_mixin import BpmnSpecMixin
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from engine.errors import ExecutionFailed
from engine.spiff import source, variables

PREFIX = "#"
"""In front of an element's id in the spec's name, so that no id can collide with SpiffWorkflow's own names."""


@dataclass(frozen=True, slots=True)
class Path:
    """A sequence flow as the execution needs it."""

    flow_id: str
    target: Node
    condition: str | None
    is_default: bool


class Node(BpmnSpecMixin):
    """A flow node. Subclasses say what it does in :meth:`behave`."""

    joins = False
    """Whether waiting tokens wait for other tokens only."""
    decides_last = False
    """Whether a waiting token is looked at when nothing else moves."""
    waits_outside = False
    """Whether a started token waits for somebody outside."""

    def __init__(self, wf_spec: BpmnProcessSpec, element: source.Node) -> None:
        super().__init__(wf_spec, PREFIX + element.id, bpmn_name=element.name, lane=element.lane)
        self.bpmn_id = element.id
        self.element = element
        self.paths: list[Path] = []
        self.arriving: frozenset[str] = frozenset()

    # what subclasses change
    def enter(self, task: Task) -> None:
        """A token has come. By default the node behaves as soon as it is its turn."""
        variables.top(task).agenda.append(task)

    def behave(self, task: Task) -> bool:
        """Do the node's work. False: it goes on later, by ``task.complete()``."""
        return True

    def shows(self, task: Task) -> bool:
        """Whether a cancelled token is worth a line in the history: only if its coming was."""
        return False

    def leave(self, task: Task) -> Sequence[Path]:
        """The flows a completed token takes."""
        taken = conditional_paths(task, self.paths)
        if not taken and self.paths:
            raise ExecutionFailed(node_id=self.bpmn_id, reason="no condition holds and there is no default flow")
        return taken

    # SpiffWorkflow's hooks
    def test(self) -> None:
        """Nothing to check: the linter has checked the whole process when it was deployed."""

    def _predict_hook(self, my_task: Task) -> None:
        """Nothing is predicted."""

    def _update_hook(self, my_task: Task) -> bool:
        return True

    def _on_ready_hook(self, my_task: Task) -> None:
        self.enter(my_task)

    def _run_hook(self, my_task: Task) -> bool | None:
        return True if self.behave(my_task) else None

    def _on_complete_hook(self, my_task: Task) -> None:
        self.finish(my_task)

    def given_up(self, task: Task) -> None:
        """A boundary event of it has ended it."""

    def finish(self, task: Task) -> None:
        """Record the completion and send tokens on, unless the token was interrupted by what it did itself."""
        variables.top(task).record("completed", task)
        if "interrupted" in task.internal_data:
            return
        for path in self.leave(task):
            task.follow(path.target).internal_data["flow"] = path.flow_id


def conditional_paths(task: Task, paths: Sequence[Path]) -> Sequence[Path]:
    """All flows without condition and those whose condition holds; the default flow when no condition does."""
    if len(paths) < 2 and not any(path.condition for path in paths):
        return paths
    taken = [path for path in paths if not path.is_default and _holds(task, path)]
    return taken or [path for path in paths if path.is_default]


def _holds(task: Task, path: Path) -> bool:
    return path.condition is None or bool(variables.evaluate(task, path.condition))


def wait(task: Task) -> None:
    """The token waits."""
    task._set_state(TaskState.WAITING)


def resume(task: Task) -> None:
    """What the token waited for has come: it behaves when it is its turn."""
    task._set_state(TaskState.READY)
    variables.top(task).agenda.append(task)
