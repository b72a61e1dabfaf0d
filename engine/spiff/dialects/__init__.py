"""Files of other tools, translated into what our reader understands, before anything is checked.

Camunda 7 and 8, Flowable, Activiti, jBPM and SpiffArena say the same things in different words. Each module knows one
kind of words and changes the XML in place; every change is a finding that names the element and the reason. What has
no translation stays, and the checks after it refuse it with their reason. The same file is always translated the same
way, because a deployed definition is read again from the file that was deployed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from lxml import etree

from engine.spiff.dialects import (
    choices,
    drawings,
    expressions,
    fields,
    handlers,
    identity,
    jbpm,
    people,
    scripts,
    spiffarena,
    times,
    vendors,
    zeebe,
)
from engine.spiff.dialects.work import FLOW_TAGS, Report, Work

MAX_NODES = 2_000
"""A file with more is refused by the reader; translating it would be in vain."""

STEPS = (
    drawings.mark, identity.translate, vendors.translate, zeebe.translate, spiffarena.translate, jbpm.translate,
    vendors.retries, scripts.translate, handlers.translate, times.translate, drawings.complete, choices.translate,
    people.translate, fields.translate, expressions.apply,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Translation:
    """What a file brought along besides its processes: forms by key, made from fields in the diagram."""

    forms: Mapping[str, bytes] = field(default_factory=dict)


def translate(root: etree._Element, report: Report, *, drawings: bool = False) -> Translation:
    """Change ``root`` in place. ``drawings``: make every process executable that nobody marked as such."""
    work = Work(root, report, drawings)
    if sum(element.tag in FLOW_TAGS for element in root.iter()) > MAX_NODES:
        return Translation()
    for step in STEPS:
        if not work.late():
            step(work)
    return Translation(work.forms)
