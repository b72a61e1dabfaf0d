"""Timers as other tools write them: quotes, FEEL constructors, and none at all in drawings."""

from __future__ import annotations

import re

from lxml import etree

from engine.cron import DAYS
from engine.spiff.dialects.work import ZEEBE, Work, bpmn, camunda, local_of, namespaces_of, text_of

TAGS = tuple(bpmn(name) for name in ("timeDate", "timeDuration", "timeCycle"))
_QUOTED = re.compile(r"=?\s*([\"'])(.*)\1\s*", re.DOTALL)
_CONSTRUCTOR = re.compile(r"=\s*(?:duration|date and time|date|time)\(\s*\"([^\"]*)\"\s*\)\s*")
_LITERAL = re.compile(r"=\s*@\"([^\"]*)\"\s*")
_CYCLE = re.compile(r"=\s*cycle\(\s*(?:(\d+)\s*,\s*)?(?:duration\(\s*)?\"([^\"]+)\"\s*\)?\s*\)\s*")
_TIMEDELTA = re.compile(r"(?:datetime\.)?timedelta\(\s*(weeks|days|hours|minutes|seconds)\s*=\s*(\d{1,6})\s*\)")
UNITS = {"weeks": "P{}W", "days": "P{}D", "hours": "PT{}H", "minutes": "PT{}M", "seconds": "PT{}S"}
_JUEL = re.compile(r"[$#]\{\s*([\"'])([^\"']*)\1\s*\}")


MACROS = {
    "@yearly": "0 0 0 1 1 *", "@annually": "0 0 0 1 1 *", "@monthly": "0 0 0 1 * *", "@weekly": "0 0 0 * * 0",
    "@daily": "0 0 0 * * *", "@midnight": "0 0 0 * * *", "@hourly": "0 0 * * * *",
}  # fmt: skip


def translate(work: Work) -> None:
    """Every timer, due date and follow-up date."""
    zeebe = ZEEBE in namespaces_of(work.root)
    for process in work.processes():
        for element in process.iter(*TAGS):
            before = text_of(element)
            after = literal(before)
            if zeebe and element.tag == bpmn("timeCycle"):
                after = _spring(after)
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
    span = _TIMEDELTA.fullmatch(text)
    if span:
        return UNITS[span[1]].format(span[2])
    for pattern, group in ((_CONSTRUCTOR, 1), (_LITERAL, 1), (_QUOTED, 2), (_JUEL, 2)):
        found = pattern.fullmatch(text)
        if found and '"' not in found[group] and "'" not in found[group]:
            return found[group].strip()
    return text


def _spring(text: str) -> str:
    """Camunda 8 counts days of the week from 0 = Sunday and knows names for common cycles."""
    text = MACROS.get(text, text)
    fields = text.split()
    if len(fields) == 6 and re.fullmatch(r"[0-7](?:[,-][0-7])*", fields[5]):
        fields[5] = re.sub(r"\d", lambda found: DAYS[int(found[0]) % 7], fields[5])
        return " ".join(fields)
    return text


def _node(element: etree._Element) -> etree._Element:
    while local_of(element).endswith("EventDefinition") or element.tag in TAGS:
        parent = element.getparent()
        if parent is None:
            break
        element = parent
    return element
