"""Every text of the file that will be computed, translated into the whitelisted language where it is foreign."""

from __future__ import annotations

import re

from lxml import etree

from engine.spiff.dialects.rewriting import Options, translate
from engine.spiff.dialects.work import CAMUNDA, ZEEBE, Work, bpmn, camunda, is_expression, namespaces_of

TEXTS = tuple(
    bpmn(name)
    for name in (
        "conditionExpression", "completionCondition", "loopCardinality", "loopCondition", "timeDate", "timeDuration",
        "timeCycle", "condition",
    )
) + (camunda("inputParameter"), camunda("outputParameter"))  # fmt: skip
MAPPINGS = (camunda("property"), camunda("in"), camunda("out"))
_STRING = re.compile(r"\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'")
_FOREIGN = re.compile(r"\bexecution\s*\.|\b(?:authenticatedUserId|kcontext|delegateTask)\b")
SOURCES = ("value", "sourceExpression", "businessKey")


def apply(work: Work) -> None:
    """Texts and attributes of everything that will run."""
    spaces = namespaces_of(work.root)
    options = Options(zeebe=ZEEBE in spaces)
    for process in work.processes():
        for element in process.iter():
            if element.tag in TEXTS:
                _text(work, element, options)
            _attributes(work, element, options)
    for message in work.root.findall(bpmn("message")):
        for found in message.iter(f"{{{ZEEBE}}}subscription", camunda("property")):
            _attributes(work, found, options)


def _text(work: Work, element: etree._Element, options: Options) -> None:
    before = (element.text or "").strip()
    if not len(element) and is_expression(before) and not work.late():
        after = translate(before, options)
        _check(work, element, after)
        if after != before:
            element.text = after
            work.note("expression_translated", _named(element), before=before[:120], after=after[:120])


def _attributes(work: Work, element: etree._Element, options: Options) -> None:
    for name, value in list(element.attrib.items()):
        ours = str(name).startswith(f"{{{CAMUNDA}}}") or (element.tag in MAPPINGS and name in SOURCES)
        if not (ours or name in ("correlationKey", "calledElement")) or not is_expression(str(value)) or work.late():
            continue
        after = translate(str(value), options)
        _check(work, element, after)
        if after != value:
            element.set(name, after)
            work.note("expression_translated", _named(element), before=str(value)[:120], after=after[:120])


def _check(work: Work, element: etree._Element, text: str) -> None:
    """Objects of another engine that are left over would look like variables that never come."""
    found = _FOREIGN.search(_STRING.sub("", text))
    if found is not None:
        work.refuse("foreign_name", _named(element), expression=text[:120], name=found[0].strip(". "))


def _named(element: etree._Element) -> etree._Element:
    """The nearest element around it that has an id."""
    while element.get("id") is None and (parent := element.getparent()) is not None:
        element = parent
    return element
