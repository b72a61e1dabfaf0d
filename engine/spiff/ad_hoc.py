"""Ad hoc sub-processes: activities without an order. All begin at once, or one after the other as in the file."""

from __future__ import annotations

from SpiffWorkflow.task import Task

from engine.spiff import variables
from engine.spiff.activities import SubProcess
from engine.spiff.workflow import ScopeWorkflow, cancel_task

QUEUE, ENOUGH = "queue", "enough"


class AdHocSubProcess(SubProcess):
    """``completionCondition`` is asked whenever an activity inside is done."""

    def open(self, task: Task, scope: ScopeWorkflow) -> None:
        starts = scope.spec.starts
        if self.element.sequential:
            task.internal_data[QUEUE] = [start.bpmn_id for start in starts[1:]]
            starts = starts[:1]
        for start in starts:
            scope.spawn(start)

    def inner_done(self, owner: Task, inner: Task) -> None:
        state, condition = owner.internal_data, self.element.condition
        if condition is None or ENOUGH in state or not variables.evaluate(inner, condition):
            return
        state[ENOUGH] = True
        state.pop(QUEUE, None)
        if self.element.cancels_rest:
            inner.internal_data["interrupted"] = True
            for other in inner.workflow.live():
                if other is not inner:
                    cancel_task(other)

    def goes_on(self, owner: Task, scope: ScopeWorkflow) -> bool:
        queue = owner.internal_data.get(QUEUE)
        if not queue:
            return False
        scope.spawn(scope.spec.by_element[queue.pop(0)])
        return True
