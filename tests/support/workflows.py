"""Small processes as text, and a player that drives one the way the engine's commands do."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from datetime import UTC, datetime, time
from typing import Any, Self

from engine.calendar import Hours, WorkingCalendar
from engine.limits import Limits
from engine.model import Finding, Waiting
from engine.spiff import Execution, ExecutionContext, Program, compile_files, load_program

MONDAY = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
"""09:00 in Shanghai."""
OFFICE: Hours = ((time(9), time(18)),)
CALENDAR = WorkingCalendar("Asia/Shanghai", (OFFICE, OFFICE, OFFICE, OFFICE, OFFICE, (), ()))

HEAD = (
    '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:camunda="http://camunda.org/schema/1.0/bpmn">'
    '<message id="hello_" name="hello"/><message id="stop_" name="stop"/><message id="more_" name="more"/>'
    '<message id="keyed_" name="keyed"><extensionElements><camunda:properties>'
    '<camunda:property name="correlationKey" value="=order"/></camunda:properties></extensionElements></message>'
    '<signal id="alarm_" name="alarm"/><error id="bad_" errorCode="BAD"/><error id="worse_" errorCode="WORSE"/>'
    '<escalation id="up_" escalationCode="UP"/>'
)

MODES = ("memory", "saved", "cold")
"""Never saved; saved and restored after every step; restored into another parse of the same file than the last step."""


def document(body: str, key: str = "p") -> bytes:
    """A BPMN file. In ``body`` a line ``a > b > c`` draws sequence flows; ``a > b if condition`` draws one."""
    counter = itertools.count()

    def draw(found: re.Match[str]) -> str:
        chain, _, condition = found[0].strip().partition(" if ")
        ids = [name.strip() for name in chain.split(">")]
        inner = f"<conditionExpression>{condition.strip()}</conditionExpression>" if condition else ""
        pairs = zip(ids, ids[1:], strict=False)
        return "".join(
            f'<sequenceFlow id="{a}_{b}_{next(counter)}" sourceRef="{a}" targetRef="{b}">{inner}</sequenceFlow>'
            for a, b in pairs
        )

    drawn = re.sub(r"^[ ]*\w+(?: > \w+)+(?: if [^\n]*)?$", draw, body, flags=re.MULTILINE)
    return f'{HEAD}<process id="{key}" isExecutable="true">{drawn}</process></definitions>'.encode()


def errors(body: str) -> list[Finding]:
    """What deployment refuses in that process."""
    return [found for found in compile_files({"p.bpmn": document(body)}).findings if found.severity == "error"]


def user(identifier: str, attributes: str = 'camunda:candidateGroups="office"', inner: str = "") -> str:
    """A user task."""
    return f'<userTask id="{identifier}" {attributes}>{inner}</userTask>'


class Play:
    """One running instance. Between two moves it is saved and restored, as ``mode`` says."""

    def __init__(
        self,
        body: str | bytes,
        variables: Mapping[str, Any] | None = None,
        mode: str = "saved",
        message: str | None = None,
        parts: Mapping[tuple[str, str], bytes] | None = None,
        limits: Limits | None = None,
        key: str = "p",
        called: bool = False,
    ) -> None:
        self.source = body if isinstance(body, bytes) else document(body)
        self.parts, self.mode, self.key = dict(parts or {}), mode, key
        self.called = called
        self.limits = limits or Limits()
        files = {"p.bpmn": self.source, **{name: content for (_, name), content in self.parts.items()}}
        refused = [found for found in compile_files(files).findings if found.severity == "error"]
        assert not refused, refused
        self.now = MONDAY
        self.program = self._program()
        self.other = self._program() if mode == "cold" else self.program
        self.trace: list[str] = []
        self.execution = Execution.start(self.program, self._context(), variables or {}, message)
        self._note()

    def _program(self) -> Program:
        return load_program(self.key, "definition", self.source, self.parts)

    def _context(self) -> ExecutionContext:
        return ExecutionContext(
            now=self.now,
            calendar=lambda group: CALENDAR,
            limits=self.limits,
            business_key="KEY-1",
            starter="lin.mei",
            called=self.called,
        )

    def _note(self, already: int = 0) -> None:
        self.trace.extend(f"{step.kind} {step.node_id}" for step in self.execution.steps[already:])

    def resume(self) -> Execution:
        """The instance as the next command finds it, at the present moment."""
        if self.mode != "memory":
            self.program, self.other = self.other, self.program
            blob = self.execution.dump()
            self.execution = Execution.restore(self.program, self._context(), blob)
            assert self.execution.dump() == blob, "a state that was saved and restored is the same state"
        else:
            self.execution._workflow.context = self._context()
            self.execution._workflow._functions.clear()
        return self.execution

    def _move(self, method: str, *arguments: Any) -> Self:
        execution = self.resume()
        already = len(execution.steps)
        getattr(execution, method)(*arguments)
        self._note(already)
        return self

    # moves
    def do(self, node: str, item: int = 0, **variables: Any) -> Self:
        """Complete a user task; ``item`` counts the open ones of that node."""
        found = [task for task in self.waiting.tasks if task.node_id == node]
        return self._move("complete", found[item].task_id, variables)

    def send(self, name: str, **variables: Any) -> Self:
        """Deliver a message or signal to the first who waits for it."""
        found = next(row for row in self.waiting.subscriptions if row.name == name)
        return self._move("deliver", found.task_id, name, variables)

    def ring(self, node: str) -> Self:
        """Let the timer of a node be due."""
        found = next(row for row in self.waiting.timers if row.node_id == node)
        self.now = max(self.now, found.due_at)
        return self._move("fire_timer", found.task_id, found.key)

    def serve(self, node: str, **variables: Any) -> Self:
        """Finish a service task."""
        found = next(row for row in self.waiting.services if row.node_id == node)
        return self._move("finish_service", found.task_id, variables)

    def fail(self, node: str, code: str) -> Self:
        """Let a service task raise a business error."""
        found = next(row for row in self.waiting.services if row.node_id == node)
        return self._move("fail_service", found.task_id, code, "no")

    def answer(self, node: str, item: int = 0, **variables: Any) -> Self:
        """The process that a call activity called has ended with these variables."""
        return self._move("finish_call", self._call(node, item), variables)

    def break_off(self, node: str, code: str, item: int = 0) -> Self:
        """The called process has ended by an error."""
        return self._move("fail_call", self._call(node, item), code)

    def escalate(self, node: str, code: str) -> Self:
        """The called process has thrown an escalation."""
        return self._move("escalate_call", self._call(node, 0), code)

    def _call(self, node: str, item: int) -> str:
        return [row.task_id for row in self.waiting.calls if row.node_id == node][item]

    # looks
    @property
    def waiting(self) -> Waiting:
        """Everything waited for."""
        return self.execution.waiting()

    @property
    def tasks(self) -> list[str]:
        """Open user tasks by node id, sorted."""
        return sorted(task.node_id for task in self.waiting.tasks)

    @property
    def variables(self) -> dict[str, Any]:
        """The instance's variables."""
        return self.execution.variables()

    @property
    def done(self) -> bool:
        """Whether the instance has completed."""
        return self.execution.completed

    def passed(self, node: str) -> int:
        """How often the node was completed."""
        return self.trace.count(f"completed {node}")

    def cancelled(self, node: str) -> int:
        """How often work at the node was cancelled."""
        return self.trace.count(f"cancelled {node}")
