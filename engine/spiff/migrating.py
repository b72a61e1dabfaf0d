"""Taking the state of an instance from one version of a process to another.

The saved state is translated as data, so tokens keep their ids, people, dates and counters. What must stand again on
the other side is checked before: :func:`check` looks at the plan, :func:`translate` at the instance.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from engine.errors import PlanRefused
from engine.model import Finding
from engine.spiff import assignment, compensation, listeners, timers
from engine.spiff.activities import Activity, UserTask
from engine.spiff.ad_hoc import QUEUE
from engine.spiff.complex_gateway import SEEN
from engine.spiff.gateways import EventGateway
from engine.spiff.happenings import CatchEvent
from engine.spiff.listeners import WAITS_FOR, Listener
from engine.spiff.node import Node
from engine.spiff.places import Place, Places
from engine.spiff.workflow import LISTENING, UNFINISHED, InstanceWorkflow

State = dict[str, Any]


def generate(old: Places, new: Places) -> dict[str, str]:
    """Every node that can hold a token, mapped to the one of the same id, kind and place."""
    mapping: dict[str, str] = {}
    for node_id, place in old.holders():
        if new.holder(node_id) is not None and not list(_problems(node_id, node_id, place, new, mapping)):
            mapping[node_id] = node_id
    return mapping


def check(old: Places, new: Places, mapping: Mapping[str, str]) -> tuple[Finding, ...]:
    """What is wrong with the plan, per pair; empty when nothing is."""
    found: list[Finding] = []
    targets: set[str] = set()
    for source, target in mapping.items():
        place = old.holder(source)
        if place is None:
            found.append(_finding("migrate_no_source", source, target))
            continue
        found.extend(_problems(source, target, place, new, mapping))
        if target in targets and (place.node.joins or place.node.bpmn_id in old.opened()):
            found.append(_finding("migrate_twice", source, target))
        targets.add(target)
    return tuple(found)


def _problems(source: str, target: str, place: Place, new: Places, mapping: Mapping[str, str]) -> Iterator[Finding]:
    other = new.holder(target)
    if other is None:
        yield _finding("migrate_no_target", source, target)
        return
    node, there = place.node, other.node
    if type(node) is not type(there) or node.element.by_event != there.element.by_event:
        yield _finding("migrate_type", source, target, type=node.element.type, other=there.element.type)
        return
    if [mapping.get(one.bpmn_id) for one in place.around] != [one.bpmn_id for one in other.around]:
        yield _finding("migrate_scope", source, target)
    if _loop(node) != _loop(there):
        yield _finding("migrate_loop", source, target)
    if isinstance(node, CatchEvent | Listener) and node.element.event.kind != there.element.event.kind:
        yield _finding("migrate_event", source, target, event=node.element.event.kind, other=there.element.event.kind)
    host = node.element.attached_to
    if host is not None and mapping.get(host, host) != there.element.attached_to:
        yield _finding("migrate_boundary", source, target)
    if node.joins and len(there.arriving) < len(node.arriving):
        yield _finding("migrate_flows", source, target, count=len(node.arriving))


def _finding(code: str, source: str, target: str, **facts: Any) -> Finding:
    return Finding("error", code, "", source, None, {"target": target, **facts})


def _loop(node: Node) -> str | None:
    loop = node.element.loop
    return None if loop is None else "standard" if loop.standard else "sequential" if loop.sequential else "parallel"


# the state
def translate(state: State, old: Places, new: Places, mapping: Mapping[str, str]) -> State:
    """The state in the words of the other version. Raises PlanRefused naming every node that is waited at in vain."""
    missing: dict[str, Finding] = {}
    scopes = []
    for owner, name, rows in state["s"]:
        kept = [there for row in rows if (there := _row(row, old, new, mapping, missing)) is not None]
        scopes.append([owner, mapping.get(name, name), kept])
    moved = {**state, "s": scopes}
    if "c" in state:
        moved["c"] = _undoable(state["c"], new, mapping, missing)
    if missing:
        raise PlanRefused(tuple(missing.values()))
    return moved


def _row(
    row: list[Any], old: Places, new: Places, mapping: Mapping[str, str], missing: dict[str, Finding]
) -> list[Any] | None:
    node_id, data = row[1], dict(row[3]) if len(row) > 3 else {}
    target = mapping.get(node_id)
    if target is None:
        if LISTENING not in data:
            missing.setdefault(node_id, Finding("error", "migrate_unmapped", "", node_id, None, {}))
        return None
    place, other = old.holder(node_id), new.holder(target)
    assert place is not None and other is not None, "the plan was checked"
    flows = _flows(place.node, other.node)
    if data.get("flow") in flows:
        data["flow"] = flows[data["flow"]]
    if SEEN in data:
        data[SEEN] = [flows.get(flow, flow) for flow in data[SEEN]]
    if "timers" in data:
        events = {path.target.bpmn_id for path in other.node.paths} if isinstance(other.node, EventGateway) else None
        data["timers"] = _timers(data["timers"], node_id, target, mapping, events)
    if QUEUE in data:
        data[QUEUE] = [mapping[one] for one in data[QUEUE] if one in mapping]
    for name in (compensation.DONE, compensation.UNDO):
        if name in data:
            data[name] = _undoable(data[name], new, mapping, missing)
    return [row[0], target, row[2], data] if data else [row[0], target, row[2]]


def _flows(node: Node, there: Node) -> dict[str, str]:
    """The flows into a join: those of the same id, the others one by one."""
    same = node.arriving & there.arriving
    others = zip(sorted(node.arriving - same), sorted(there.arriving - same), strict=False)
    return {flow: flow for flow in same} | dict(others)


def _timers(
    armed: Mapping[str, Any], node_id: str, target: str, mapping: Mapping[str, str], events: set[str] | None
) -> dict[str, Any]:
    if events is None:
        return {target if name == node_id else name: timer for name, timer in armed.items()}
    named = {mapping.get(name, name): timer for name, timer in armed.items()}
    return {name: timer for name, timer in named.items() if name in events}


def _undoable(
    entries: list[State], new: Places, mapping: Mapping[str, str], missing: dict[str, Finding]
) -> list[State]:
    found = []
    for entry in entries:
        node_id = mapping.get(entry["node"], entry["node"])
        place = new.holder(node_id)
        if place is None or not isinstance(place.node, Activity):
            missing.setdefault(entry["node"], Finding("error", "migrate_compensation", "", entry["node"], None, {}))
            continue
        moved = {**entry, "node": node_id}
        if "done" in entry:
            moved["done"] = _undoable(entry["done"], new, mapping, missing)
        elif place.node.compensation is None and place.node.undoing is None:
            missing.setdefault(entry["node"], Finding("error", "migrate_compensation", "", entry["node"], None, {}))
        found.append(moved)
    return found


# the new version
def arrive(workflow: InstanceWorkflow, new: Places, mapping: Mapping[str, str], updates: Collection[str]) -> None:
    """What the other version adds begins to listen; forms are its own; ``updates``: timers computed anew there."""
    known = set(mapping.values())
    for scope in list(workflow.scopes()):
        for start in scope.spec.event_starts:
            if start.element.event.kind in WAITS_FOR and start.bpmn_id not in known:
                scope.spawn(start, **{LISTENING: True})
        for task in list(scope.live()):
            _settle_in(task, known)
            if task.task_spec.bpmn_id in updates:
                _arm_again(task)


def _settle_in(task: Task, known: Collection[str]) -> None:
    node, data = task.task_spec, task.internal_data
    if isinstance(node, UserTask) and "assignment" in data:
        form = assignment.form_of(task, node.element)
        data["assignment"] = {name: value for name, value in data["assignment"].items() if name != "form"}
        if form:
            data["assignment"]["form"] = form
    if isinstance(node, EventGateway) and task._state == TaskState.WAITING:
        _arm_added(task, node)
    if isinstance(node, Activity) and not {"body", compensation.UNDO, compensation.RUNNER} & data.keys():
        listeners.attach(task, [boundary for boundary in node.boundaries if boundary.bpmn_id not in known])


def _arm_added(task: Task, gateway: EventGateway) -> None:
    armed = task.internal_data.get("timers", {})
    for path in gateway.paths:
        element = path.target.element
        if element.event.timer is not None and element.id not in armed:
            armed = {**armed, element.id: timers.arm(task, element, element.event.timer)}
    if armed:
        task.internal_data["timers"] = armed


def _arm_again(task: Task) -> None:
    timer, data = task.task_spec.element.event.timer, task.internal_data
    if timer is not None and "timers" in data and task._state & UNFINISHED:
        owner = task.workflow.tasks.get(data.get("attached"))
        data["timers"] = {task.task_spec.bpmn_id: timers.arm(task, task.task_spec.element, timer, owner)}
