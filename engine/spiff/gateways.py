"""Gateways. A join counts tokens per incoming flow, so it is right in loops and with several tokens on one flow."""

from __future__ import annotations

from collections.abc import Sequence

from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from engine.errors import ExecutionFailed
from engine.spiff import timers, variables
from engine.spiff.node import Node, Path, resume, wait
from engine.spiff.workflow import LISTENING


class ExclusiveGateway(Node):
    """The first flow whose condition holds, else the default."""

    def leave(self, task: Task) -> Sequence[Path]:
        if len(self.paths) == 1 and self.paths[0].condition is None:
            return self.paths
        for path in self.paths:
            if path.condition is not None and not path.is_default and variables.evaluate(task, path.condition):
                return (path,)
        default = [path for path in self.paths if path.is_default]
        if not default and self.paths:
            raise ExecutionFailed(node_id=self.bpmn_id, reason="no condition holds and there is no default flow")
        return default


class ParallelGateway(Node):
    """Waits for one token on every incoming flow, then goes along every outgoing one."""

    joins = True

    def enter(self, task: Task) -> None:
        if len(self.arriving) < 2:
            resume(task)
            return
        wait(task)
        merge(task, self, self.arriving)

    def leave(self, task: Task) -> Sequence[Path]:
        return self.paths


class InclusiveGateway(Node):
    """Goes along every flow whose condition holds; as a join it waits for tokens that can still come."""

    joins = True
    decides_last = True

    def enter(self, task: Task) -> None:
        if len(self.arriving) < 2:
            resume(task)
        else:
            wait(task)

    def try_join(self, task: Task) -> bool:
        """Go on if no other token can still reach a flow that has none."""
        here = {token.internal_data.get("flow") for token in task.workflow.waiting_at(self)}
        missing = self.arriving - here
        for other in task.workflow.live():
            if other.task_spec is self or LISTENING in other.internal_data:
                continue
            reached = reachable(other.task_spec, self)
            if reached & missing and not reached & here:
                return False
        merge(task, self, frozenset(flow for flow in here if flow is not None))
        return True


def merge(task: Task, gateway: Node, flows: frozenset[str]) -> None:
    """One token goes on for one waiting token of each flow, if each has one. The merged ones end here."""
    first: dict[str | None, Task] = {}
    for token in task.workflow.waiting_at(gateway):
        first.setdefault(token.internal_data.get("flow"), token)
    if not flows <= first.keys():
        return
    tokens = [token for flow, token in first.items() if flow in flows]
    for token in tokens[:-1]:
        token._set_state(TaskState.COMPLETED)
    resume(tokens[-1])


def reachable(start: Node, gateway: Node) -> frozenset[str]:
    """Incoming flows of ``gateway`` a token at ``start`` can come along without passing it."""
    cache: dict[str, frozenset[str]] = gateway.__dict__.setdefault("reachable_from", {})
    found = cache.get(start.name)
    if found is None:
        found = cache[start.name] = _search(start, gateway)
    return found


def _search(start: Node, gateway: Node) -> frozenset[str]:
    flows: set[str] = set()
    seen: set[str] = set()
    queue = [start]
    while queue:
        node = queue.pop()
        if node.name in seen or node is gateway:
            continue
        seen.add(node.name)
        for path in node.paths:
            if path.target is gateway:
                flows.add(path.flow_id)
            queue.append(path.target)
        queue.extend(getattr(node, "boundaries", ()))
    return frozenset(flows)


class EventGateway(Node):
    """Waits for the first of the events behind it."""

    def enter(self, task: Task) -> None:
        variables.top(task).record("entered", task)
        wait(task)
        found: dict[str, timers.Armed] = {}
        for path in self.paths:
            event = path.target.element.event
            if event.condition:
                variables.top(task).changed = True
            if event.timer is not None:
                found[path.target.bpmn_id] = timers.arm(task, path.target.element, event.timer)
        if found:
            task.internal_data["timers"] = found

    def shows(self, task: Task) -> bool:
        return True

    def choose(self, task: Task, node_id: str) -> None:
        """The event behind ``node_id`` has come."""
        task.internal_data.pop("timers", None)
        task.internal_data["chosen"] = node_id
        resume(task)

    def leave(self, task: Task) -> Sequence[Path]:
        return [path for path in self.paths if path.target.bpmn_id == task.internal_data["chosen"]]

    def finish(self, task: Task) -> None:
        super().finish(task)
        for child in task.children:
            child.internal_data["fired"] = True
