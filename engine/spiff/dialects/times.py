"""Timers as other tools write them: quotes, FEEL constructors, and none at all in drawings."""

from __future__ import annotations

import re

from lxml import etree

from engine.spiff.dialects.work import Work, bpmn, camunda, local_of, text_of

TAGS = tuple(bpmn(name) for name in ("timeDate", "timeDuration", "timeCycle"))
_QUOTED = re.compile(r"=?\s*([\"'])(.*)\1\s*", re.DOTALL)
_CONSTRUCTOR = re.compile(r"=\s*(?:duration|date and time|date|time)\(\s*\"([^\"]*)\"\s*\)\s*")
_LITERAL = re.compile(r"=\s*@\"([^\"]*)\"\s*")
_CYCLE = re.compile(r"=\s*cycle\(\s*(?:(\d+)\s*,\s*)?(?:duration\(\s*)?\"([^\"]+)\"\s*\)?\s*\)\s*")
_JUEL = re.compile(r"[$#]\{\s*([\"'])([^\"']*)\1\s*\}")


def translate(work: Work) -> None:
    """Every timer, due date and follow-up date."""
    for process in work.processes():
        for element in process.iter(*TAGS):
            before = text_of(element)
            after = literal(before)
            if after != before:
                element.text = after
                work.note("timer_translated", _node(element), before=before[:80], after=after[:80])
    for node in work.nodes():
        for name in ("dueDate", "followUpDate"):
            before = node.get(camunda(name), "").strip()
            after = literal(before)
            if before and after != before:
                node.set(camunda(name), after)
                work.note("timer_translated", node, before=before[:80], after=after[:80])


def literal(text: str) -> str:
    """A timer that is a constant, without the constructor around it."""
    cycle = _CYCLE.fullmatch(text)
    if cycle and cycle[2].startswith("P"):
        return f"R{cycle[1] or ''}/{cycle[2]}"
    for pattern, group in ((_CONSTRUCTOR, 1), (_LITERAL, 1), (_QUOTED, 2), (_JUEL, 2)):
        found = pattern.fullmatch(text)
        if found and '"' not in found[group] and "'" not in found[group]:
            return found[group].strip()
    return text


def _node(element: etree._Element) -> etree._Element:
    while local_of(element).endswith("EventDefinition") or element.tag in TAGS:
        parent = element.getparent()
        if parent is None:
            break
        element = parent
    return element
