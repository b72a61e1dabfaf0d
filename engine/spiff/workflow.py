"""The live workflow: SpiffWorkflow's instance and sub-process objects with our iteration, scopes and limits.

A node that has something to do at once is put on the agenda; nothing walks the tree to find work, nothing is
predicted. So a step costs the same however long the instance has lived.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from SpiffWorkflow.bpmn.script_engine.python_engine import PythonScriptEngine
from SpiffWorkflow.bpmn.specs.bpmn_process_spec import BpmnProcessSpec
from SpiffWorkflow.bpmn.util.subworkflow import BpmnSubWorkflow
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.specs.base import TaskSpec
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from engine.errors import ExecutionFailed, LimitExceeded
from engine.model import Step, Thrown
from engine.spiff.context import ExecutionContext
from engine.spiff.token import ROOT, Token

LISTENING = "listening"
"""Mark of a task that only waits for an event beside the work of its scope: it keeps no scope open."""
UNFINISHED = TaskState.NOT_FINISHED_MASK
PRUNE_EVERY = 64
NO_SCRIPTS = PythonScriptEngine()
"""SpiffWorkflow makes one per instance otherwise. Expressions and scripts never reach it: ours are evaluated safely."""


class ScopeTasks:
    """What instance and sub-process have in common: the tasks of one scope."""

    spec: BpmnProcessSpec
    tasks: dict[Any, Task]
    task_tree: Task
    completed: bool
    owner: Task | None

    def plant(self) -> None:
        """Give a new or restored scope its root."""
        self.task_tree = Token(self, self.spec.start, state=TaskState.COMPLETED, id=ROOT)

    def spawn(self, spec: TaskSpec, **internal: Any) -> Task:
        """A new token at ``spec``, independent of any other."""
        task = Token(self, spec, parent=self.task_tree, state=TaskState.FUTURE)
        task.internal_data.update(internal)
        spec._update(task)
        return task

    def live(self) -> Iterator[Task]:
        """Tasks that are not finished, in the order they came to be."""
        return (task for task in list(self.tasks.values()) if task._state & UNFINISHED)

    def waiting_at(self, spec: TaskSpec) -> list[Task]:
        """Waiting tokens of one node."""
        return [task for task in self.tasks.values() if task.task_spec is spec and task._state == TaskState.WAITING]

    def settle(self) -> None:
        """Close the scope when nothing is left to do in it."""
        if self.completed:
            return
        for task in reversed(self.tasks.values()):
            if task._state & UNFINISHED and LISTENING not in task.internal_data:
                return
        if self.goes_on():
            return
        self.completed = True
        for task in self.live():
            cancel_task(task)
        self.closed()

    def goes_on(self) -> bool:
        """Asked when nothing is left to do in the scope: whether something more was begun."""
        return False

    def closed(self) -> None:
        """Called once when the scope has ended by itself."""

    def prune(self) -> None:
        """Forget finished tasks: nothing ever reads them again. Those left become children of the root."""
        root = self.task_tree
        kept = {key: task for key, task in self.tasks.items() if task._state & UNFINISHED}
        for task in kept.values():
            task._parent = root.id
            task._children = []
        self.tasks.clear()
        self.tasks[root.id] = root
        self.tasks.update(kept)
        root._children = list(kept)

    def _task_completed_notify(self, task: Task) -> None:
        self.settle()

    def update_waiting_tasks(self) -> None:
        """Nothing: waiting tasks are woken by what they wait for."""


class ScopeWorkflow(ScopeTasks, BpmnSubWorkflow):
    """An embedded or event sub-process while it runs. ``owner`` is the activity it belongs to."""

    def __init__(self, spec: BpmnProcessSpec, owner: Task, instance: InstanceWorkflow) -> None:
        self.owner = owner
        self.instance = instance
        super().__init__(spec, owner.id, instance, deserializing=True)
        self.plant()

    def _calculate_depth(self) -> int:
        assert self.owner is not None
        depth = int(self.owner.workflow.depth) + 1
        if depth > self.instance.context.limits.depth:
            raise LimitExceeded(limit="depth", value=depth, allowed=self.instance.context.limits.depth)
        return depth

    def goes_on(self) -> bool:
        """An ad hoc sub-process may begin its next activity."""
        assert self.owner is not None
        return bool(self.owner.task_spec.goes_on(self.owner, self))

    def closed(self) -> None:
        """The owner goes on."""
        assert self.owner is not None
        self.instance.subprocesses.pop(self.owner.id, None)
        if self.owner._state & UNFINISHED:
            self.owner.complete()


class InstanceWorkflow(ScopeTasks, BpmnWorkflow):
    """One instance for the length of one command."""

    def __init__(self, spec: BpmnProcessSpec, scopes: dict[str, BpmnProcessSpec], context: ExecutionContext) -> None:
        super().__init__(spec, scopes, script_engine=NO_SCRIPTS, deserializing=True)
        self.owner = None
        self.context = context
        self.variables: dict[str, Any] = {}
        self.agenda: deque[Task] = deque()
        self.changed = False
        """Whether a variable has changed, or a conditional event has begun to wait, since it was last looked."""
        self.watch: Callable[[InstanceWorkflow], None] | None = None
        """Looks at conditional events, in processes that have any."""
        self.seen: dict[tuple[Any, str], Mapping[str, Any]] = {}
        """By token and node: the variables a filtered conditional event is about, as they were when last looked."""
        self.running: Task | None = None
        self.steps: list[Step] = []
        self.thrown: list[Thrown] = []
        self.escalated: list[str] = []
        self.compensable: list[dict[str, Any]] = []
        """What was completed and can be undone, in order."""
        self.error: str | None = None
        self._functions: dict[str | None, Mapping[str, Callable[..., Any]]] = {}
        self.plant()

    def functions(self, calendar: str | None) -> Mapping[str, Callable[..., Any]]:
        """The time functions of an expression."""
        found = self._functions.get(calendar)
        if found is None:
            found = self._functions[calendar] = self.context.functions(calendar)
        return found

    def create_subprocess(self, my_task: Task, spec_name: str) -> ScopeWorkflow:
        """Open the scope of a sub-process activity."""
        scope = ScopeWorkflow(self.subprocess_specs[spec_name], my_task, self)
        self.subprocesses[my_task.id] = scope
        return scope

    def scopes(self) -> Iterable[ScopeTasks]:
        """The instance and every open sub-process."""
        return [self, *self.subprocesses.values()]

    def task(self, task_id: Any) -> Task | None:
        """The live task of that id, wherever it is."""
        return next((scope.tasks[task_id] for scope in self.scopes() if task_id in scope.tasks), None)

    def do_engine_steps(self, will_complete_task: Any = None, did_complete_task: Any = None) -> None:
        """Run to the next stable point: everything that needs nobody is done. Raises LimitExceeded."""
        limits, count = self.context.limits, 0
        deadline = time.thread_time() + limits.seconds
        while (self.watch is not None and self._look()) or self.agenda or self._open_joins():
            task = self.agenda.popleft()
            if task._state != TaskState.READY:
                continue
            count += 1
            if count > limits.steps:
                raise LimitExceeded(limit="steps", value=count, allowed=limits.steps, node_id=task.task_spec.bpmn_id)
            if not count % PRUNE_EVERY:
                self._check(deadline)
            self.running = task
            task.run()
            self.running = None

    def _look(self) -> bool:
        """Look at conditional events until nothing changes any more. True when there is something to do."""
        while self.changed and self.watch is not None:
            self.changed = False
            self.watch(self)
        return bool(self.agenda)

    def _open_joins(self) -> bool:
        """Inclusive joins decide when nothing else moves. True when one of them goes on."""
        if not self.spec.decides_last:
            return False
        for scope in self.scopes():
            for task in scope.live():
                if task._state == TaskState.WAITING and task.task_spec.decides_last and task.task_spec.try_join(task):
                    return True
        return False

    def _check(self, deadline: float) -> None:
        limits = self.context.limits
        if time.thread_time() > deadline:
            raise LimitExceeded(limit="seconds", value=limits.seconds, allowed=limits.seconds)
        self.compact()
        total = sum(len(scope.tasks) for scope in self.scopes())
        if total > limits.tasks:
            raise LimitExceeded(limit="tasks", value=total, allowed=limits.tasks)

    def escape(self, code: str) -> None:
        """An error nobody catches ends a called process; whoever called it may catch it."""
        self.error = code
        for task in self.live():
            cancel_task(task)
        self.completed = True

    def compact(self) -> None:
        """Drop all finished tasks."""
        for scope in self.scopes():
            scope.prune()

    def require_future(self) -> None:
        """Raises ExecutionFailed when nothing can ever move the instance again: a join that never completes."""
        if self.completed:
            return
        for scope in self.scopes():
            for task in scope.live():
                if LISTENING in task.internal_data or task.task_spec.joins:
                    continue
                if task._state != TaskState.STARTED or task.task_spec.waits_outside:
                    return
        stuck = [task.task_spec.bpmn_id for scope in self.scopes() for task in scope.live()]
        raise ExecutionFailed(node_id=stuck[0] if stuck else None, reason="a join waits for a branch that never comes")

    def record(self, kind: str, task: Task) -> None:
        """Remember what happened to a node."""
        element = task.task_spec.element
        changes = dict(task.data) if task.data else {}
        explanation = task.internal_data.get("explanation") or {}
        self.steps.append(Step(kind, element.id, element.type, task.id, changes, explanation))


def cancel_task(task: Task) -> None:
    """Cancel a task with everything that hangs on it: boundary events, loop items, its sub-process."""
    if not task._state & UNFINISHED:
        return
    workflow, instance = task.workflow, task.workflow.top_workflow
    task.internal_data["interrupted"] = True
    for other in workflow.live():
        if task.id in (other.internal_data.get("attached"), other.internal_data.get("body")):
            cancel_task(other)
    scope = instance.subprocesses.pop(task.id, None)
    if scope is not None:
        scope.completed = True
        for inner in scope.live():
            cancel_task(inner)
    if task is instance.running:
        return
    shown = task.task_spec.shows(task)
    task.cancel()
    if shown:
        instance.record("cancelled", task)
