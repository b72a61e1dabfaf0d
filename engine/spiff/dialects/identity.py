"""Ids and references: missing ones are given, prefixes of QNames taken off, flows that lead nowhere dropped."""

from __future__ import annotations

import re
from collections import Counter

from lxml import etree

from engine.spiff.dialects.work import FLOW_TAGS, SCOPES, Work, bpmn, drop, local_of, make, text_of

REFERENCES = ("sourceRef", "targetRef", "attachedToRef", "default", "messageRef", "signalRef", "errorRef",
              "escalationRef", "processRef", "activityRef")  # fmt: skip
DATA = frozenset({"dataObject", "dataObjectReference", "dataStoreReference", "ioSpecification"})
FLOW = bpmn("sequenceFlow")


def translate(work: Work) -> None:
    """Everything about ids and references, in the processes that will run."""
    known = {element.get("id") for element in work.root.iter() if element.get("id")}
    _prefixes(work, known)
    for scope in list(work.scopes()):
        _nodes(work, scope, known)
    seen: set[str] = set()
    for scope in list(work.scopes()):
        _flows(work, scope, known, seen, drawn=_key(scope) in work.drawn)
    _duplicates(work)
    for process in work.processes():
        count = sum(local_of(element) in DATA for element in process)
        if count:
            work.note("data_ignored", process, count=count)
    _events(work)


def _prefixes(work: Work, known: set[str | None]) -> None:
    """``tns:Task_1`` is ``Task_1`` unless an id is really spelled like that."""
    count = 0
    for process in work.processes():
        for element in process.iter():
            for name in REFERENCES:
                value = element.get(name, "")
                if ":" in value and value not in known:
                    element.set(name, value.rpartition(":")[2])
                    count += 1
            if local_of(element) == "flowNodeRef" and ":" in text_of(element) and text_of(element) not in known:
                element.text = text_of(element).rpartition(":")[2]
                count += 1
    if count:
        work.note("prefixes_removed", work.processes()[0], count=count)


def _nodes(work: Work, scope: etree._Element, known: set[str | None]) -> None:
    """A node without id gets one from its place in the file, the same at every reading."""
    for number, element in enumerate(scope):
        if element.tag in FLOW_TAGS and not element.get("id"):
            identifier = _free(f"{scope.get('id')}_{local_of(element)}_{number + 1}", known)
            element.set("id", identifier)
            work.note("id_given", element, type=local_of(element))


def _key(scope: etree._Element) -> str:
    """The id of the process a scope lies in."""
    process = scope if local_of(scope) == "process" else next(scope.iterancestors(bpmn("process")))
    return process.get("id", "")


def _free(wanted: str, known: set[str | None]) -> str:
    name, number = wanted, 1
    while name in known:
        number += 1
        name = f"{wanted}_{number}"
    known.add(name)
    return name


def _flows(work: Work, scope: etree._Element, known: set[str | None], seen: set[str], *, drawn: bool) -> None:
    """Flows that lead nowhere are dropped from drawings only: elsewhere somebody meant them."""
    given, dropped = 0, 0
    for number, flow in enumerate(scope.findall(FLOW)):
        source, target = flow.get("sourceRef", ""), flow.get("targetRef", "")
        if drawn and (source not in known or target not in known):
            drop(flow)
            dropped += 1
            if dropped <= 20:
                missing = source if source not in known else target
                work.note("flow_dropped", flow, reference=missing or "?")
            continue
        identifier = flow.get("id")
        if not identifier:
            flow.set("id", _free(f"{scope.get('id')}_flow_{number + 1}", known))
            given += 1
        elif identifier in seen:
            flow.set("id", _free(identifier, known))
            work.note("flow_renamed", flow, reference=identifier)
        seen.add(flow.get("id", ""))
    if given:
        work.note("flow_ids_given", scope, count=given)
    if drawn:
        _defaults(work, scope)


def _defaults(work: Work, scope: etree._Element) -> None:
    """A default that names no flow any more."""
    left = {flow.get("id"): flow.get("sourceRef") for flow in scope.findall(FLOW)}
    for element in scope:
        default = element.get("default")
        if element.tag in FLOW_TAGS and default is not None and default not in left:
            del element.attrib["default"]
            work.note("default_dropped", element, reference=default or "?")


def _duplicates(work: Work) -> None:
    """Nodes of one id in different scopes: each scope's flows mean its own, so the later ones get a new id.

    Two of one id in the same scope can't be told apart; the reader refuses them.
    """
    taken: set[str | None] = {element.get("id") for element in work.root.iter() if element.get("id")}
    seen: set[str] = set()
    for scope in list(work.scopes()):
        own = Counter(node.get("id", "") for node in scope if node.tag in FLOW_TAGS)
        new: dict[str, str] = {}
        for node in scope:
            identifier = node.get("id", "")
            if node.tag in FLOW_TAGS and identifier in seen and own[identifier] == 1 and local_of(node) not in SCOPES:
                new[identifier] = _free(identifier, taken)
                node.set("id", new[identifier])
                work.note("node_renamed", node, reference=identifier)
        for element in scope if new else ():
            for name in ("sourceRef", "targetRef", "attachedToRef"):
                if element.get(name) in new:
                    element.set(name, new[element.get(name, "")])
        seen |= own.keys()


def _events(work: Work) -> None:
    """Events that name a message or signal by its name, or an error by its code."""
    ids: dict[str, set[str]] = {}
    names: dict[tuple[str, str], str] = {}
    for element in work.root:
        kind, identifier = local_of(element), element.get("id", "")
        ids.setdefault(kind, set()).add(identifier)
        names.setdefault((kind, element.get("name", "")), identifier)
    for process in work.processes():
        for element in process.iter():
            for kind in ("message", "signal", "error", "escalation"):
                reference = element.get(f"{kind}Ref")
                if not reference or reference in ids.get(kind, ()):
                    continue
                by_name = names.get((kind, reference))
                if by_name:
                    element.set(f"{kind}Ref", by_name)
                    work.note("reference_by_name", _node_of(element), kind=kind, reference=reference)
                elif kind in ("error", "escalation") and re.fullmatch(r"[\w.:-]{1,200}", reference):
                    attributes = {"id": reference, f"{kind}Code": reference}
                    make(work.root, bpmn(kind), element, **attributes)
                    ids.setdefault(kind, set()).add(reference)
                    work.note("reference_is_code", _node_of(element), kind=kind, reference=reference)


def _node_of(element: etree._Element) -> etree._Element:
    parent = element.getparent()
    return parent if parent is not None and element.tag not in FLOW_TAGS else element
