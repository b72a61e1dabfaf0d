"""Who works: standard BPMN resources, and lanes when a file says nothing else."""

from __future__ import annotations

import re

from lxml import etree

from engine.spiff.dialects.jbpm import is_jbpm
from engine.spiff.dialects.work import BPMN, Work, bpmn, camunda, child, drop, is_expression, local_of, text_of

ROLES = frozenset({"potentialOwner", "humanPerformer", "performer", "resourceRole"})
PEOPLE = ("assignee", "candidateUsers", "candidateGroups")
_GENERATED = re.compile(r"(?i)(lane|swimlane|sid-|participant|pool|bpmn|id[-_0-9]|_|[0-9a-f]{8}-)")
"""Ids that an editor made. An id that somebody wrote is the name of a group, as in our own processes."""


def translate(work: Work) -> None:
    """Resources first; lanes only for tasks that name nobody."""
    actors = is_jbpm(work.root)
    resources = {
        element.get("id", ""): element.get("name", "") or element.get("id", "")
        for element in work.root.findall(bpmn("resource"))
    }
    for node in work.nodes():
        for role in list(node):
            if local_of(role) in ROLES and local_of(node) == "userTask":
                _role(work, node, role, resources, actors=actors)
    pools = {
        participant.get("processRef", "").rpartition(":")[2]: _plain(participant.get("name"))
        for participant in work.root.iter(f"{{{BPMN}}}participant")
    }
    for process in work.processes():
        key = process.get("id", "")
        _lanes(work, process, pools.get(key, "") if key in work.drawn else "")


def _role(work: Work, node: etree._Element, role: etree._Element, resources: dict[str, str], *, actors: bool) -> None:
    expression = child(role, "resourceAssignmentExpression")
    text = text_of(child(expression, "formalExpression")) if expression is not None else ""
    reference = text_of(child(role, "resourceRef")).rpartition(":")[2]
    if not text and not reference:
        return
    kind = local_of(role)
    if not text:
        _add(node, "candidateGroups", resources.get(reference, reference))
    elif kind in ("humanPerformer", "performer"):
        _add(node, "assignee", text)
    else:
        _owners(node, text, actors=actors)
    drop(role)
    work.note("role_translated", node, type=kind, value=(text or reference)[:80])


def _owners(node: etree._Element, text: str, *, actors: bool) -> None:
    """``user(kermit), group(sales), sales``; for jBPM a bare name is a person."""
    for part in re.split(r",(?![^(]*\))", text) if not is_expression(text) else [text]:
        found = re.fullmatch(r"\s*(user|group)\s*\((.*)\)\s*", part)
        if found:
            attribute = "candidateUsers" if found[1] == "user" else "candidateGroups"
            _add(node, attribute, found[2].strip())
        elif actors:
            _add(node, "assignee" if text.strip() == part.strip() else "candidateUsers", part.strip())
        else:
            _add(node, "candidateGroups", part.strip())


def _add(node: etree._Element, attribute: str, value: str) -> None:
    before = node.get(camunda(attribute))
    if before is None or attribute == "assignee":
        node.set(camunda(attribute), before or value)
    elif not is_expression(before) and not is_expression(value):
        node.set(camunda(attribute), f"{before},{value}")


def names_nobody(node: etree._Element) -> bool:
    """Whether a user task says nothing about who works on it."""
    return not any(node.get(camunda(name)) for name in PEOPLE)


def _plain(name: str | None) -> str:
    return " ".join((name or "").replace(",", " ").split())


def _lanes(work: Work, process: etree._Element, pool: str) -> None:
    """A lane whose id was made by an editor means the group of its name."""
    groups: dict[str, str] = {}
    for lane in process.iter(bpmn("lane")):
        name, identifier = _plain(lane.get("name")), lane.get("id", "")
        if name and name != identifier and _GENERATED.match(identifier or "_"):
            for reference in lane.findall(bpmn("flowNodeRef")):
                groups[text_of(reference)] = name
    if groups or pool:
        _give(work, process, groups, pool)


def _give(work: Work, scope: etree._Element, groups: dict[str, str], inherited: str) -> None:
    for node in scope:
        group = groups.get(node.get("id", ""), inherited)
        if local_of(node) == "userTask" and group and names_nobody(node):
            node.set(camunda("candidateGroups"), group)
            work.note("lane_is_group", node, group=group)
        elif local_of(node) in ("subProcess", "transaction", "adHocSubProcess"):
            _give(work, node, groups, group)
