"""One live workflow for the length of one command. Thrown away afterwards, so a failure leaves nothing behind."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Self

from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from engine.errors import BadVariables, EngineError, ExecutionFailed, MessageNotExpected, TaskNotFound
from engine.model import CallRequest, Step, Thrown, Waiting, WaitingTask
from engine.spiff import calls, codec, conditions, faults, happenings, timers, variables, waiting
from engine.spiff.activities import ServiceTask, UserTask
from engine.spiff.context import ExecutionContext
from engine.spiff.happenings import ThrowByHandler
from engine.spiff.listeners import listen
from engine.spiff.node import Node
from engine.spiff.programs import Program
from engine.spiff.workflow import UNFINISHED, InstanceWorkflow, cancel_task

CODEC = codec.CODEC
UNKNOWN: Mapping[str, WaitingTask] = {}


class Execution:
    """A workflow that is started or restored, changed, and dumped. Every change runs on to the next stable point.

    Any exception leaves it unusable; the caller throws it away and rolls back.
    """

    def __init__(self, program: Program, context: ExecutionContext) -> None:
        self._program = program
        self._workflow = InstanceWorkflow(program.spec, program.scopes, context)
        self._searched: Mapping[str, Any] = {}
        if program.spec.conditional:
            self._workflow.watch = conditions.check

    @classmethod
    def start(
        cls,
        program: Program,
        ctx: ExecutionContext,
        variables: Mapping[str, Any],
        message: str | None = None,
        node_id: str | None = None,
    ) -> Self:
        """A new instance, by a message or at a start event of its own.

        Raises MessageNotExpected when no start event waits for ``message``, TaskNotFound when ``node_id`` is none.
        """
        execution = cls(program, ctx)
        execution._begin(variables, execution._starts(message, node_id))
        return execution

    @classmethod
    def restore(cls, program: Program, ctx: ExecutionContext, blob: bytes) -> Self:
        """The instance as it was dumped. Raises StateUnreadable."""
        execution = cls(program, ctx)
        codec.loads(blob, execution._workflow)
        if program.spec.conditional:
            conditions.remember(execution._workflow)
        execution._searched = execution._search_values()
        return execution

    # what happened and how it stands
    @property
    def steps(self) -> list[Step]:
        """What happened since start or restore, in order."""
        return self._workflow.steps

    @property
    def thrown(self) -> list[Thrown]:
        """Messages and signals for others, in order. Signals have reached this instance's own catchers already."""
        return self._workflow.thrown

    @property
    def escalated(self) -> list[str]:
        """Escalations nobody here caught: for the process that called this one."""
        return self._workflow.escalated

    @property
    def error(self) -> str | None:
        """The error by which a called process ended, for the process that called it."""
        return self._workflow.error

    @property
    def completed(self) -> bool:
        """Whether nothing is left to do."""
        return bool(self._workflow.completed)

    def waiting(self, known: Mapping[str, WaitingTask] = UNKNOWN) -> Waiting:
        """Everything the instance waits for. Who wants to hear of new tasks only gives those it knows already: they are
        handed back as they were, which of a thousand open ones saves reading 999."""
        return waiting.waiting(self._workflow, known)

    def variables(self) -> dict[str, Any]:
        """The instance's variables."""
        return dict(self._workflow.variables)

    def search_changes(self) -> dict[str, tuple[Any, Any]]:
        """Variables by which instances can be found and whose value is another than when it was restored: before and
        now. All of them for an instance that was started or has come to another version."""
        before, now = self._searched, self._search_values()
        names = self._program.search_variables
        return {name: (before.get(name), now.get(name)) for name in names if before.get(name) != now.get(name)}

    def _search_values(self) -> dict[str, Any]:
        values = self._workflow.variables
        return {name: values[name] for name in self._program.search_variables if name in values}

    def dump(self) -> bytes:
        """The compacted state. Raises LimitExceeded."""
        return codec.dumps(self._workflow)

    # changes
    def complete(self, task_id: str, variables: Mapping[str, Any]) -> None:
        """A person has done a user task. Raises TaskNotFound when it is not open."""
        self._finish(self._find(task_id, UserTask, TaskState.READY), variables)

    def finish_service(self, task_id: str, changes: Mapping[str, Any], local: Mapping[str, Any] | None = None) -> None:
        """A handler or external worker has done a service task; its output parameters may read ``local``."""
        task = self._find_service(task_id)
        if local:
            variables.add_local(task, local)
        self._finish(task, changes)

    def catches(self, task_id: str, error_code: str) -> bool:
        """Whether something catches this business error of a service task: the model, or whoever called the process."""
        return self._workflow.context.called or faults.is_caught(self._find_service(task_id), error_code)

    def fail_service(self, task_id: str, error_code: str, message: str = "") -> None:
        """A handler raised a business error. Raises ExecutionFailed when nothing in the model catches it."""
        task = self._find_service(task_id)
        with self._guarded(task):
            self._throw_error(task, error_code, message)
            self._advance()

    def request(self, task_id: str) -> CallRequest:
        """What the process starts with that a call activity waits for. Raises TaskNotFound, ExpressionFailed."""
        return calls.request(self._find_call(task_id))

    def is_detached(self, task_id: str) -> bool:
        """Whether a call activity goes on without the end of what it calls. Raises TaskNotFound."""
        return calls.is_detached(self._find_call(task_id))

    def finish_call(self, task_id: str, variables: Mapping[str, Any]) -> None:
        """The called process has ended with these variables."""
        task = self._find_call(task_id)
        with self._guarded(task):
            calls.answer(task, variables)
        self._finish(task, {})

    def fail_call(self, task_id: str, error_code: str) -> None:
        """The called process has ended by an error. Raises ExecutionFailed when nothing in the model catches it."""
        task = self._find_call(task_id)
        with self._guarded(task):
            self._throw_error(task, error_code, "of the called process")
            self._advance()

    def escalate_call(self, task_id: str, code: str) -> None:
        """The called process has thrown an escalation that nobody in it catches."""
        task = self._find_call(task_id)
        with self._guarded(task):
            if not faults.throw_escalation(task, code):
                self._workflow.escalated.append(code)
            self._advance()

    def fire_timer(self, task_id: str, key: str) -> None:
        """The timer ``key`` of a waiting node is due (or brought forward). Raises TaskNotFound when it is gone."""
        task = self._find(task_id, object, TaskState.WAITING)
        armed = task.internal_data.get("timers", {})
        node_id = next((node for node in armed if timers.key_of(node, armed[node]) == key), None)
        if node_id is None:
            raise TaskNotFound(task_id=task_id, key=key)
        self._fire(task, node_id)

    def deliver(self, task_id: str, name: str, variables: Mapping[str, Any]) -> None:
        """A message or signal for a waiting node. Raises TaskNotFound, MessageNotExpected."""
        task = self._find(task_id, object, TaskState.WAITING)
        node_id = next(
            (
                node.bpmn_id
                for node in happenings.awaited(task)
                if node.element.event.kind in ("message", "signal") and node.element.event.name == name
            ),
            None,
        )
        if node_id is None:
            raise MessageNotExpected(name=name, task_id=task_id)
        self._write(task, variables)
        self._fire(task, node_id)

    def set_variables(self, changes: Mapping[str, Any], removals: Collection[str] = ()) -> None:
        """Set and remove variables of the instance. Raises BadVariables."""
        _check(changes)
        self._workflow.variables.update(changes)
        for name in removals:
            self._workflow.variables.pop(name, None)
        self._look()

    def set_task_variables(
        self, task_id: str, changes: Mapping[str, Any], removals: Collection[str], *, local: bool
    ) -> None:
        """Set and remove variables at an open user task. Raises TaskNotFound, BadVariables."""
        task = self._find(task_id, UserTask, TaskState.READY)
        _check(changes)
        if local:
            own = task.internal_data.setdefault(variables.LOCAL, {})
            own.update(changes)
        else:
            variables.write(task, changes)
        for name in removals:
            scopes = [own] if local else [*variables.locals_of(task), self._workflow.variables]
            next((scope for scope in scopes if name in scope), {}).pop(name, None)
        self._look()

    def change_candidates(
        self, task_id: str, added: Collection[tuple[str, str]], removed: Collection[tuple[str, str]]
    ) -> None:
        """An open user task is offered to other people: (``user`` or ``group``, name). Raises TaskNotFound."""
        found = self._find(task_id, UserTask, TaskState.READY).internal_data["assignment"]
        for kind, key in (("user", "users"), ("group", "groups")):
            names = [*found.get(key, ()), *(name for of, name in added if of == kind)]
            found[key] = [name for name in dict.fromkeys(names) if (kind, name) not in removed]

    def throw_at_task(self, task_id: str, code: str, *, escalation: bool) -> bool:
        """An error or escalation at an open user task. False, and nothing happened, when nothing catches it. Raises
        TaskNotFound."""
        task = self._find(task_id, UserTask, TaskState.READY)
        with self._guarded(task):
            caught = faults.throw_escalation(task, code) if escalation else faults.throw_error(task, code)
            if caught:
                self._advance()
        return caught

    def cancel(self) -> None:
        """End the instance: everything open is cancelled."""
        workflow = self._workflow
        for task in workflow.live():
            cancel_task(task)
        workflow.completed = True

    # inside
    def _look(self) -> None:
        """Somebody changed variables from outside: a conditional event may wait for them."""
        if self._workflow.watch is None or self._workflow.completed:
            return
        self._workflow.changed = True
        with self._guarded(None):
            self._advance()

    def _starts(self, message: str | None, node_id: str | None) -> list[Node]:
        spec = self._program.spec
        if message is not None:
            if message not in spec.message_starts:
                raise MessageNotExpected(name=message)
            return [spec.message_starts[message]]
        if node_id is not None:
            found = [node for node in spec.begins_by_itself if node.bpmn_id == node_id]
            if not found:
                raise TaskNotFound(node_id=node_id)
            return found
        return spec.starts

    def _begin(self, values: Mapping[str, Any], starts: list[Node]) -> None:
        workflow = self._workflow
        _check(values)
        workflow.variables.update(values)
        for start in starts:
            if "initiator" in start.element.attributes:
                workflow.variables[start.element.attributes["initiator"]] = workflow.context.starter
        with self._guarded(None):
            listen(workflow)
            for start in starts:
                workflow.spawn(start)
            self._advance()

    def _find(self, task_id: str, kind: type[Any], state: int) -> Task:
        task = self._workflow.task(task_id)
        if task is None or task._state != state or not isinstance(task.task_spec, kind):
            raise TaskNotFound(task_id=task_id)
        return task

    def _find_service(self, task_id: str) -> Task:
        task = self._find(task_id, ServiceTask | ThrowByHandler, TaskState.STARTED)  # type: ignore[arg-type]  # a union is fine for isinstance
        if "topic" not in task.internal_data:
            raise TaskNotFound(task_id=task_id)
        return task

    def _find_call(self, task_id: str) -> Task:
        task = self._find(task_id, calls.CallActivity, TaskState.STARTED)
        if calls.CALL not in task.internal_data:
            raise TaskNotFound(task_id=task_id)
        return task

    def _throw_error(self, task: Task, code: str, message: str) -> None:
        """To the nearest handler, or out of a called process."""
        if faults.throw_error(task, code):
            return
        if not self._workflow.context.called:
            reason = f"no boundary event catches error {code!r}: {message}"
            raise ExecutionFailed(node_id=task.task_spec.bpmn_id, reason=reason)
        self._workflow.escape(code)

    def _write(self, task: Task, values: Mapping[str, Any]) -> None:
        if task._state & UNFINISHED:
            variables.write(task, values)

    def _finish(self, task: Task, values: Mapping[str, Any]) -> None:
        self._write(task, values)
        workflow = self._workflow
        with self._guarded(task):
            workflow.running = task
            if task._state == TaskState.READY:
                task.run()
            else:
                task.complete()
            workflow.running = None
            self._advance()

    def _fire(self, task: Task, node_id: str) -> None:
        with self._guarded(task):
            happenings.fire(task, node_id)
            self._advance()

    def _advance(self) -> None:
        workflow = self._workflow
        workflow.do_engine_steps()
        workflow.settle()
        workflow.require_future()

    @contextmanager
    def _guarded(self, task: Task | None) -> Iterator[None]:
        """Whatever goes wrong inside the workflow is said with the node at which it did, to become an incident."""
        try:
            yield
        except BadVariables as problem:
            reason = f"variable {problem.facts['path']} is no JSON value: {problem.facts['type']}"
            raise ExecutionFailed(node_id=self._node(task), reason=reason) from problem
        except EngineError:
            raise
        except Exception as problem:
            reason = f"{type(problem).__name__}: {problem}"
            raise ExecutionFailed(node_id=self._node(task), reason=reason) from problem

    def _node(self, task: Task | None) -> str | None:
        current = self._workflow.running or task
        return None if current is None else str(current.task_spec.bpmn_id)


def _check(values: Mapping[str, Any]) -> None:
    variables.check(values)
