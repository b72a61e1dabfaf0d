"""SpiffArena: its extensions, and the scripts before and after a task as tasks of their own."""

from __future__ import annotations

import re

from lxml import etree

from engine.spiff.dialects.work import (
    SPIFF,
    Work,
    bpmn,
    camunda,
    child,
    drop,
    extensions_of,
    local_of,
    make,
    parameter,
    take,
    text_of,
)

Flows = dict[tuple[str, str], list[etree._Element]]
SCRIPTS = {"preScript": "before", "postScript": "after"}


def translate(work: Work) -> None:
    """Every node with extensions of SpiffArena."""
    flows: Flows = {}
    for scope in work.scopes():
        for flow in scope.findall(bpmn("sequenceFlow")):
            for end in ("sourceRef", "targetRef"):
                flows.setdefault((end, flow.get(end, "")), []).append(flow)
    for node in work.nodes():
        for found in extensions_of(node):
            space, _, name = str(found.tag)[1:].partition("}")
            if space in SPIFF:
                _extension(work, node, found, name, flows)


def _extension(work: Work, node: etree._Element, found: etree._Element, name: str, flows: Flows) -> None:
    if name == "calledDecisionId" and text_of(found):
        node.set(camunda("decisionRef"), text_of(found))
        node.set(camunda("mapDecisionResult"), "singleResult")
    elif name == "serviceTaskOperator":
        _operator(work, node, found)
        return
    elif name in SCRIPTS and text_of(found):
        _script(work, node, found, SCRIPTS[name], flows)
        return
    elif name == "properties":
        if not _properties(node, found):
            return
    elif name in ("allowGuest", "guestConfirmation", "signalButtonLabel", "instructionsForEndUser"):
        return
    else:
        return
    drop(found)
    work.note("extension_translated", node, type=name)


def _operator(work: Work, node: etree._Element, found: etree._Element) -> None:
    topic = found.get("id", "").strip()
    if not topic:
        return
    node.set(camunda("type"), "external")
    node.set(camunda("topic"), topic)
    for item in found.iter():
        if str(item.tag).endswith("}parameter") and item.get("id"):
            value = item.get("value", "")
            parameter(node, "input", item.get("id", ""), f"={value}" if value else "")
    drop(found)
    work.note("service_topic", node, said=f"serviceTaskOperator={topic[:80]}", topic=topic)
    if found.get("resultVariable"):
        work.note("result_by_worker", node, name=found.get("resultVariable"), topic=topic)


def _properties(node: etree._Element, found: etree._Element) -> bool:
    """The form of a user task is a file of its own."""
    for item in found:
        if item.get("name") == "formJsonSchemaFilename" and item.get("value"):
            key = re.sub(r"(-schema)?\.json$", "", item.get("value", ""))
            if node.get(camunda("formKey")) is None:
                node.set(camunda("formKey"), key)
            return True
    return False


def _script(work: Work, node: etree._Element, found: etree._Element, place: str, flows: Flows) -> None:
    """A script task in front of or behind the activity. Inside a repetition it would run once only: refused."""
    scope = node.getparent()
    identifier = node.get("id", "")
    repeated = any(child(node, f"{kind}LoopCharacteristics") is not None for kind in ("multiInstance", "standard"))
    if scope is None or repeated or local_of(node) in ("startEvent", "endEvent", "boundaryEvent"):
        work.refuse("script_at_border", node, type=f"{place} ({local_of(node)})")
        drop(found)
        return
    script = f"{identifier}_{place}"
    task = make(scope, bpmn("scriptTask"), node, id=script)
    make(task, bpmn("script")).text = text_of(found)
    end = "targetRef" if place == "before" else "sourceRef"
    for flow in flows.get((end, identifier), []):
        flow.set(end, script)
    ends = (script, identifier) if place == "before" else (identifier, script)
    make(scope, bpmn("sequenceFlow"), node, id=f"{script}_flow", sourceRef=ends[0], targetRef=ends[1])
    default = take(node, "default") if place == "after" else ""
    if default:
        task.set("default", default)
    drop(found)
    work.note("script_moved", node, place=place)
