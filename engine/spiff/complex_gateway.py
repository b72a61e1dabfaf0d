"""The complex gateway: goes on as soon as its activation condition holds, and takes no notice of those who come late.

``activationCount`` in the condition is the number of incoming flows that have a token; a condition that is a number is
how many are enough. After it went on, the flows that are missing still belong to the same round: their tokens end here.
The next round begins when all have come, or none can come any more.
"""

from __future__ import annotations

from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from engine.spiff import variables
from engine.spiff.gateways import reachable
from engine.spiff.node import Node, resume, wait
from engine.spiff.workflow import LISTENING, cancel_task

SEEN = "seen"
"""Mark of the token that stands for the rest of a round: the flows that have had a token."""


class ComplexGateway(Node):
    """Joins by a condition, splits by the conditions of its flows."""

    joins = True
    decides_last = True

    def enter(self, task: Task) -> None:
        if SEEN in task.internal_data:
            wait(task)
        elif len(self.arriving) < 2:
            resume(task)
        elif not self._is_late(task):
            wait(task)
            self._activate(task)

    def try_join(self, task: Task) -> bool:
        """When nothing else moves: a round ends if none of the missing can come. True when a token goes on."""
        seen = task.internal_data.get(SEEN)
        if seen is None or self._may_come(task, self.arriving - set(seen)):
            return False
        return self._next_round(task)

    def _next_round(self, rest: Task) -> bool:
        workflow = rest.workflow
        cancel_task(rest)
        waiting = workflow.waiting_at(self)
        return bool(waiting) and self._activate(waiting[0])

    def _is_late(self, task: Task) -> bool:
        """Whether the token belongs to a round that has gone on already; then it ends here."""
        rest = next((token for token in task.workflow.waiting_at(self) if SEEN in token.internal_data), None)
        flow = task.internal_data.get("flow")
        if rest is None or flow in rest.internal_data[SEEN]:
            return False
        task._set_state(TaskState.COMPLETED)
        rest.internal_data[SEEN].append(flow)
        if self.arriving <= set(rest.internal_data[SEEN]):
            self._next_round(rest)
        return True

    def _activate(self, task: Task) -> bool:
        """Go on if enough have come and no round is open."""
        first: dict[str | None, Task] = {}
        for token in task.workflow.waiting_at(self):
            if SEEN in token.internal_data:
                return False
            first.setdefault(token.internal_data.get("flow"), token)
        if not self._is_enough(task, len(first)):
            return False
        tokens = list(first.values())
        for token in tokens[:-1]:
            token._set_state(TaskState.COMPLETED)
        if self.arriving - first.keys():
            task.workflow.spawn(self, **{LISTENING: True, SEEN: [flow for flow in first if flow is not None]})
        resume(tokens[-1])
        return True

    def _is_enough(self, task: Task, count: int) -> bool:
        text = self.element.condition or "false"
        value = variables.evaluate(task, text, extra={"activationCount": count})
        if isinstance(value, int | float) and not isinstance(value, bool):
            return count >= value
        return bool(value)

    def _may_come(self, task: Task, missing: frozenset[str]) -> bool:
        others = (token for token in task.workflow.live() if token.task_spec is not self)
        return any(
            LISTENING not in token.internal_data and reachable(token.task_spec, self) & missing for token in others
        )
