"""Differences between two drawings of a process: steps, flows, people, times, conditions, handlers, names."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from app.designer.diff.model import Area, Change, Marks, Names, Term
from engine import drawing
from engine.hardened_xml import XmlRefused, local_name, parse_xml

ATTRIBUTES: Mapping[str, tuple[str, Area]] = {
    "assignee": ("assignee", Area.ASSIGNMENT),
    "candidateGroups": ("candidate_groups", Area.ASSIGNMENT),
    "candidateUsers": ("candidate_users", Area.ASSIGNMENT),
    "formKey": ("form", Area.FORMS),
    "dueDate": ("due_date", Area.TIMERS),
    "followUpDate": ("follow_up", Area.TIMERS),
    "priority": ("priority", Area.OTHER),
    "topic": ("handler", Area.HANDLERS),
    "type": ("handler_type", Area.HANDLERS),
    "decisionRef": ("decision", Area.DECISIONS),
    "mapDecisionResult": ("decision_mapping", Area.DECISIONS),
    "resultVariable": ("result_variable", Area.DECISIONS),
}
"""``camunda:`` attribute → what it is called, and what it is about."""
CALL = {"calledElementBinding", "calledElementVersion", "calledElementVersionTag"}
"""Said together with the process that is called."""
PROPERTIES: Mapping[str, tuple[str, Area]] = {
    "excludedUsers": ("excluded", Area.ASSIGNMENT),
    "serviceLevel": ("service_level", Area.LEVELS),
    "calendar": ("calendar", Area.LEVELS),
}


@dataclass
class _Drawn:
    """A process, flat."""

    process: drawing.Process
    english: Mapping[str, str]
    nodes: dict[str, drawing.Node] = field(default_factory=dict)
    scopes: dict[str, drawing.Scope] = field(default_factory=dict)
    flows: dict[str, drawing.Flow] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for scope, node in self.process.scope.walk():
            self.nodes[node.id], self.scopes[node.id] = node, scope
        for scope in {scope.id: scope for scope in self.scopes.values()}.values():
            self.flows |= scope.flows

    def called(self, node_id: str) -> Names:
        """What a node is called, in both languages."""
        node = self.nodes.get(node_id)
        return Names((node.name if node else "") or node_id, self.english.get(node_id, ""))


Said = Iterator[Change]
Texts = Mapping[str, str]


def compare(
    old: Mapping[str, drawing.Process], new: Mapping[str, drawing.Process], english: tuple[Texts, Texts]
) -> Said:
    """Processes that came or went, and what is different in those that stayed. ``english``: names before and now."""
    before, after = english
    for key in sorted(old.keys() | new.keys()):
        if key not in old:
            yield Change(Area.FLOW, "process_added", key, {"name": Names(new[key].name, after.get(key, ""))})
        elif key not in new:
            yield Change(Area.FLOW, "process_removed", key, {"name": Names(old[key].name, before.get(key, ""))})
        else:
            yield from _process(_Drawn(old[key], before), _Drawn(new[key], after))


def _process(old: _Drawn, new: _Drawn) -> Said:
    names = Names(new.process.name, new.english.get(new.process.key, ""))
    tags = (old.process.version_tag or "", new.process.version_tag or "")
    yield from _value(Area.NAMES, "version_tag", new.process.key, names, *tags)
    for node_id in [one for one in old.nodes if one not in new.nodes]:
        yield Change(Area.FLOW, "node_removed", node_id, _kind(old, node_id))
    for node_id, node in new.nodes.items():
        if node_id not in old.nodes:
            yield _added(new, node)
            yield from _node(new, drawing.Node(node.id, node.type, node.name, None, lane=node.lane), node)
        else:
            yield from _node(new, old.nodes[node_id], node)
            yield from _place(old, new, node_id)
    yield from _flows(old, new)


def _kind(drawn: _Drawn, node_id: str) -> dict[str, Any]:
    return {"name": drawn.called(node_id), "type": Term(drawn.nodes[node_id].type)}


def _added(new: _Drawn, node: drawing.Node) -> Change:
    scope = new.scopes[node.id]
    before = [new.called(flow.source) for flow in scope.incoming(node.id)]
    after = [new.called(flow.target) for flow in scope.outgoing(node.id)]
    facts = _kind(new, node.id) | {"before": before, "after": after}
    if node.attached_to:
        return Change(Area.FLOW, "boundary_added", node.id, facts | {"host": new.called(node.attached_to)})
    if before and after:
        return Change(Area.FLOW, "node_added_between", node.id, facts)
    return Change(Area.FLOW, "node_added", node.id, facts)


def _place(old: _Drawn, new: _Drawn, node_id: str) -> Said:
    was, now = old.scopes[node_id], new.scopes[node_id]
    node = new.nodes[node_id]
    if was.id != now.id:
        facts = {"name": new.called(node_id), "old": _scope_name(old, was.id), "new": _scope_name(new, now.id)}
        yield Change(Area.FLOW, "scope_changed", node_id, facts)
    before, after = old.nodes[node_id].attached_to, node.attached_to
    if before != after:
        facts = {"name": new.called(node_id), "old": old.called(before or "–"), "new": new.called(after or "–")}
        yield Change(Area.FLOW, "host_changed", node_id, facts)


def _scope_name(drawn: _Drawn, scope_id: str) -> Names:
    inner = scope_id in drawn.nodes
    return drawn.called(scope_id) if inner else Names(drawn.process.name, drawn.english.get(scope_id, ""))


# one node
def _node(drawn: _Drawn, old: drawing.Node, new: drawing.Node) -> Said:
    for area, what, before, after in _pairs(old, new):
        yield from _value(area, what, new.id, drawn.called(new.id), before, after)


def _value(area: Area, what: str, element: str, name: Names, before: str, after: str) -> Said:
    if before != after:
        code = "value_set" if not before else "value_removed" if not after else "value_changed"
        yield Change(area, code, element, {"name": name, "what": Term(what), "old": before, "new": after})


def _pairs(old: drawing.Node, new: drawing.Node) -> Iterator[tuple[Area, str, str, str]]:
    yield Area.FLOW, "type", Term(old.type), Term(new.type)
    yield Area.NAMES, "name", old.name, new.name
    for known, before, after in (
        (ATTRIBUTES, old.attributes, new.attributes),
        (PROPERTIES, old.properties, new.properties),
    ):
        for name in sorted({*before, *after} - CALL):
            what, area = known.get(name, (f"={name}", Area.OTHER))
            yield area, what, before.get(name, ""), after.get(name, "")
    yield Area.ASSIGNMENT, "lane", old.lane or "", new.lane or ""
    yield Area.TIMERS, "timer", _timer(old), _timer(new)
    yield Area.FLOW, "event", _event(old), _event(new)
    yield Area.CONDITIONS, "condition", _condition(old), _condition(new)
    yield Area.FLOW, "interrupting", _flag(old.interrupting), _flag(new.interrupting)
    yield Area.HANDLERS, "script", old.script.strip(), new.script.strip()
    yield Area.CALLS, "called", _call(old), _call(new)
    yield Area.FLOW, "repeated", _loop(old), _loop(new)
    yield Area.HANDLERS, "inputs", _assignments(old.inputs), _assignments(new.inputs)
    yield Area.HANDLERS, "outputs", _assignments(old.outputs), _assignments(new.outputs)
    yield Area.CONDITIONS, "default", old.default or "", new.default or ""
    yield Area.NAMES, "documentation", old.documentation, new.documentation


def _timer(node: drawing.Node) -> str:
    return node.event.timer.text if node.event.timer else ""


def _event(node: drawing.Node) -> str:
    parts = (node.event.kind if node.event.kind != "none" else "", node.event.name, node.event.correlation or "")
    return " ".join(part for part in parts if part)


def _condition(node: drawing.Node) -> str:
    about = node.event.filter
    narrowed = "" if about is None else f" ({', '.join((*about.names, *about.kinds))})"
    return (node.event.condition or node.condition or "") + narrowed


def _flag(value: bool) -> str:
    return "true" if value else "false"


def _call(node: drawing.Node) -> str:
    if node.call is None:
        return ""
    ins = (f"{one.expression or one.name} → {one.target}" for one in node.call.inputs)
    outs = (f"{one.expression or one.name} ← {one.target}" for one in node.call.outputs)
    binding = " ".join(part for part in (node.call.key, node.call.binding, node.call.version, node.call.tag) if part)
    return "; ".join((binding, *ins, *outs))


def _loop(node: drawing.Node) -> str:
    loop = node.loop
    if loop is None:
        return ""
    order = "sequential" if loop.sequential else "parallel"
    parts = (order, loop.collection, loop.element, loop.cardinality, loop.completion, loop.condition, loop.maximum)
    return " ".join(part for part in parts if part)


def _assignments(values: Mapping[str, str]) -> str:
    return "; ".join(f"{name} = {values[name]}" for name in sorted(values))


# flows
def _flows(old: _Drawn, new: _Drawn) -> Said:
    for flow in old.flows.values():
        kept = flow.source in new.nodes and flow.target in new.nodes
        if flow.id not in new.flows and kept:
            yield Change(Area.FLOW, "flow_removed", None, _ends(old, flow))
    for flow in new.flows.values():
        before = old.flows.get(flow.id)
        if before is not None:
            yield from _flow(old, new, before, flow)
        elif flow.source in old.nodes and flow.target in old.nodes:
            yield Change(Area.FLOW, "flow_added", flow.id, _ends(new, flow))
            yield from _flow_texts(new, flow, drawing.Flow(flow.id, flow.source, flow.target, None, flow.name, None))
        else:
            yield from _flow_texts(new, flow, drawing.Flow(flow.id, flow.source, flow.target, None, flow.name, None))


def _ends(drawn: _Drawn, flow: drawing.Flow) -> dict[str, Any]:
    return {"source": drawn.called(flow.source), "target": drawn.called(flow.target)}


def _flow(old: _Drawn, new: _Drawn, before: drawing.Flow, after: drawing.Flow) -> Said:
    if (before.source, before.target) != (after.source, after.target):
        was = _ends(old, before)
        facts = _ends(new, after) | {"old_source": was["source"], "old_target": was["target"]}
        yield Change(Area.FLOW, "flow_rerouted", after.id, facts)
    yield from _flow_texts(new, after, before)


def _flow_texts(new: _Drawn, after: drawing.Flow, before: drawing.Flow) -> Said:
    ends = _ends(new, after)
    if before.name != after.name:
        yield Change(Area.NAMES, "flow_name", after.id, ends | {"old": before.name or "–", "new": after.name or "–"})
    if before.condition != after.condition:
        facts = ends | {"old": before.condition or "–", "new": after.condition or "–"}
        yield Change(Area.CONDITIONS, "flow_condition", after.id, facts)


# English names
def compare_names(old: Mapping[str, bytes], new: Mapping[str, bytes]) -> Said:
    """Translations whose names are different."""
    for file in sorted(name for name in {*old, *new} if name.endswith(".json") and "/" not in name):
        before, after = translated(old.get(file)), translated(new.get(file))
        for key in sorted({*before, *after}):
            was, now = before.get(key, ""), after.get(key, "")
            if was and now and was != now:
                yield Change(Area.NAMES, "english_name", key, {"old": was, "new": now, "element": key})


def translated(content: bytes | None) -> dict[str, str]:
    """Every name in a file of English names, by what it is the name of."""
    try:
        found = json.loads(content or b"{}")
    except (ValueError, RecursionError):
        return {}
    sections = found.values() if isinstance(found, dict) else ()
    return {
        key: text for one in sections if isinstance(one, dict) for key, text in one.items() if isinstance(text, str)
    }


# the diagrams
def marks(old: Mapping[str, bytes], new: Mapping[str, bytes], changes: tuple[Change, ...]) -> Marks:
    """Elements drawn only there or only here, those that changed, and those that only stand elsewhere."""
    before, after = _shapes(old), _shapes(new)
    changed = {change.element for change in changes if change.element} & before.keys() & after.keys()
    moved = {key for key in before.keys() & after.keys() if before[key] != after[key]} - changed
    return Marks(
        tuple(sorted(after.keys() - before.keys())),
        tuple(sorted(before.keys() - after.keys())),
        tuple(sorted(changed)),
        tuple(sorted(moved)),
    )


def _shapes(files: Mapping[str, bytes]) -> dict[str, tuple[tuple[str, str], ...]]:
    """Where the elements are drawn: bounds of shapes; flows count as drawn, wherever they run."""
    found: dict[str, tuple[tuple[str, str], ...]] = {}
    for name in sorted(files):
        if not name.endswith(".bpmn"):
            continue
        try:
            root = parse_xml(files[name])
        except XmlRefused:
            continue
        for element in root.iter():
            kind = local_name(element)
            if kind == "BPMNShape":
                bounds = next((child for child in element if local_name(child) == "Bounds"), None)
                found[element.get("bpmnElement", "")] = (
                    tuple(sorted((str(name), str(value)) for name, value in bounds.items()))
                    if bounds is not None
                    else ()
                )
            elif kind == "BPMNEdge":
                found[element.get("bpmnElement", "")] = ()
    return found
