"""Activities: what people, handlers, decisions and sub-processes do. All may carry boundary events and be repeated."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from SpiffWorkflow.task import Task

from engine import decisions, evaluator
from engine.decision_mapping import mapping_of
from engine.errors import ExecutionFailed, ExpressionFailed
from engine.model import Thrown
from engine.spiff import assignment, compensation, listeners, loops, source, variables
from engine.spiff.job_priority import TASK, priority_of
from engine.spiff.node import Node, Path, wait
from engine.spiff.workflow import ScopeWorkflow


class Activity(Node):
    """An activity. A token at a repeated one is first the body of the loop, which makes a token per item."""

    manual_work = False

    def __init__(self, wf_spec: Any, element: Any) -> None:
        super().__init__(wf_spec, element)
        self.boundaries: list[listeners.BoundaryEvent] = []
        self.compensation: Node | None = None
        """The activity that undoes it."""
        self.undoing: Node | None = None
        """The event sub-process in it that undoes it."""

    def is_body(self, task: Task) -> bool:
        """Whether the token stands for the whole loop."""
        data = task.internal_data
        return self.element.loop is not None and "body" not in data and compensation.UNDO not in data

    def enter(self, task: Task) -> None:
        if self.is_body(task):
            listeners.attach(task, self.boundaries)
            super().enter(task)
            return
        if self.element.inputs:
            local = task.internal_data.setdefault(variables.LOCAL, {})
            for name, text in self.element.inputs.items():
                local[name] = variables.plain(variables.resolve(task, text))
            variables.check(local)
        self.begin(task)
        if self.shows(task):
            variables.top(task).record("entered", task)
        if self.element.loop is None:
            listeners.attach(task, self.boundaries)

    def begin(self, task: Task) -> None:
        """The token of one item, or of the activity itself, starts. By default it behaves when it is its turn."""
        super().enter(task)

    def _run_hook(self, my_task: Task) -> bool | None:
        if self.element.loop is not None and self.is_body(my_task):
            return True if loops.start(my_task, self.element.loop) else None
        return super()._run_hook(my_task)

    def finish(self, task: Task) -> None:
        data = task.internal_data
        inside = {} if self.compensation is not None else dict(data.get(variables.LOCAL, {}))
        if self.element.outputs and not self.is_body(task) and compensation.UNDO not in data:
            self._write_outputs(task)
        if not self.is_body(task):
            compensation.remember(task, inside)
        if "body" in task.internal_data:
            variables.top(task).record("completed", task)
            if "interrupted" not in task.internal_data and self.element.loop is not None:
                loops.item_done(task, self.element.loop)
            return
        listeners.detach(task)
        owner = task.workflow.owner
        if owner is not None and compensation.UNDO not in owner.internal_data:
            owner.task_spec.inner_done(owner, task)
        if self.is_body(task):
            self._leave_loop(task)
        else:
            super().finish(task)
        if compensation.RUNNER in data:
            compensation.handled(task)

    def given_up(self, task: Task) -> None:
        compensation.left(task)

    def _write_outputs(self, task: Task) -> None:
        """Output parameters are computed with the input parameters in sight and set around the activity."""
        results = {name: variables.resolve(task, text) for name, text in self.element.outputs.items()}
        for name in (*self.element.inputs, *task.internal_data.pop(variables.ADDED, ())):
            task.internal_data[variables.LOCAL].pop(name, None)
        variables.write(task, {name: variables.plain(value) for name, value in results.items()})

    def _leave_loop(self, task: Task) -> None:
        """The body itself is no line of the history; only its items are."""
        workflow = variables.top(task)
        before = len(workflow.steps)
        super().finish(task)
        del workflow.steps[before : before + 1]


class UserTask(Activity):
    """Work for a person. Waits until somebody completes it."""

    waits_outside = True

    def begin(self, task: Task) -> None:
        task.internal_data["assignment"] = assignment.assign(task, self.element)

    def shows(self, task: Task) -> bool:
        return not self.is_body(task)


class PassTask(Activity):
    """A task without work for the engine."""


class ServiceTask(Activity):
    """Work for a registered handler or an external worker."""

    waits_outside = True

    def behave(self, task: Task) -> bool:
        variables.top(task).record("entered", task)
        task.internal_data["topic"] = str(variables.resolve(task, self.element.attributes["topic"]))
        if priority := priority_of(task, self.element, TASK):
            task.internal_data["job_priority"] = priority
        return False

    def shows(self, task: Task) -> bool:
        return "topic" in task.internal_data


class ReceiveTask(Activity):
    """Waits for a message."""

    def begin(self, task: Task) -> None:
        wait(task)

    def shows(self, task: Task) -> bool:
        return not self.is_body(task)


class SendTask(Activity):
    """Throws a message."""

    def behave(self, task: Task) -> bool:
        throw_message(task, self.element)
        return True


class ScriptTask(Activity):
    """Assigns variables."""

    def behave(self, task: Task) -> bool:
        try:
            result = evaluator.execute(
                self.element.script, variables.visible(task), variables.top(task).functions(None)
            )
        except ExpressionFailed as failure:
            raise ExpressionFailed(**{**failure.facts, "node_id": self.bpmn_id}) from None
        variables.write(task, {name: variables.plain(value) for name, value in result.items()})
        return True


class RuleTask(Activity):
    """Evaluates a decision table."""

    def __init__(self, wf_spec: Any, element: Any, decision: decisions.Decision) -> None:
        super().__init__(wf_spec, element)
        self.decision = decision

    def behave(self, task: Task) -> bool:
        attributes = self.element.attributes
        try:
            result = decisions.evaluate(self.decision, variables.visible(task))
            value = result.mapped(mapping_of(self.decision, attributes.get("mapDecisionResult")))
        except decisions.DecisionFailed as failure:
            reason = f"decision {self.decision.id}: {failure}"
            raise ExecutionFailed(node_id=self.bpmn_id, reason=reason) from None
        task.internal_data["explanation"] = explain(self.decision, result)
        name = attributes.get("resultVariable")
        if name:
            variables.write(task, {name: variables.plain(value)})
        elif isinstance(value, dict):
            variables.write(task, variables.plain(value))
        return True


def explain(decision: decisions.Decision, result: decisions.DecisionResult) -> dict[str, Any]:
    """Why a decision answered as it did, as kept in the history."""
    rows = [{"number": hit.number, "id": hit.rule_id, **hit.annotations} for hit in result.hits]
    found = {"decision": decision.id, "inputs": variables.plain(dict(result.inputs)), "rows": rows}
    if decision.requires:
        found["required"] = [explain(other, result.required[other.id]) for other in decision.requires]
    return found


class SubProcess(Activity):
    """An embedded sub-process, or the body of an event sub-process."""

    def behave(self, task: Task) -> bool:
        workflow = variables.top(task)
        workflow.record("entered", task)
        task.internal_data["open"] = True
        scope = workflow.create_subprocess(task, self.element.id)
        if compensation.UNDO in task.internal_data:
            compensation.undo_inside(task, scope)
            return False
        listeners.listen(scope)
        self.open(task, scope)
        return False

    def enter(self, task: Task) -> None:
        if compensation.UNDO in task.internal_data:
            Node.enter(self, task)
        else:
            super().enter(task)

    def leave(self, task: Task) -> Sequence[Path]:
        """What undoes goes nowhere: whoever asked for it goes on."""
        return () if compensation.RUNNER in task.internal_data else super().leave(task)

    def open(self, task: Task, scope: ScopeWorkflow) -> None:
        """Make the first tokens inside."""
        for start in scope.spec.starts:
            scope.spawn(start)

    def inner_done(self, owner: Task, inner: Task) -> None:
        """An activity inside is done, and its token has not gone on yet."""

    def goes_on(self, owner: Task, scope: ScopeWorkflow) -> bool:
        """Nothing is left to do inside. True when something was begun."""
        return False

    def shows(self, task: Task) -> bool:
        return "open" in task.internal_data


def throw_message(task: Task, element: source.Node) -> None:
    """Hand a message out. Its correlation key is the model's, else the business key."""
    key = correlation_key(task, element.event)
    variables.top(task).thrown.append(Thrown("message", element.event.name, key, payload(task, element)))


def payload(task: Task, element: source.Node) -> dict[str, Any]:
    """What goes with a message or signal: the input parameters of its event, never all variables by accident."""
    return {name: variables.plain(variables.resolve(task, text)) for name, text in element.inputs.items()}


def correlation_key(task: Task, event: source.EventText) -> str | None:
    """The key a message is correlated by."""
    if not event.correlation:
        return variables.top(task).context.business_key
    value = variables.resolve(task, event.correlation)
    return None if value is None else str(value)
