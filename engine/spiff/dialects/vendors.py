"""Flowable and Activiti: their attributes and extensions are those of Camunda 7 under another name."""

from __future__ import annotations

import re

from lxml import etree

from engine.spiff.dialects.work import (
    ACTIVITI,
    FLOWABLE,
    Work,
    bpmn,
    camunda,
    child,
    extend,
    extension,
    extensions_of,
    make,
    text_of,
)

SPACES = (FLOWABLE, ACTIVITI)
ATTRIBUTES = frozenset({
    "assignee", "candidateUsers", "candidateGroups", "dueDate", "followUpDate", "priority", "formKey", "initiator",
    "class", "delegateExpression", "expression", "type", "topic", "resultVariable", "resultVariableName",
    "collection", "elementVariable", "decisionRef", "mapDecisionResult", "skipExpression", "decisionTableReferenceKey",
})  # fmt: skip
ELSEWHERE = {"resultVariableName": "resultVariable", "decisionTableReferenceKey": "decisionRef"}
EXTENSIONS = frozenset({
    "formData", "formProperty", "in", "out", "inputOutput", "failedJobRetryTimeCycle", "executionListener",
    "taskListener", "field", "properties",
})  # fmt: skip
MAX_FIELDS = 200
SILENT = frozenset({"exclusive", "historyTimeToLive", "versionTag"})


def translate(work: Work) -> None:
    """Every element of the processes that will run."""
    declared = {str(uri) for element in work.processes() for uri in element.nsmap.values()}
    if not any(space in declared for space in SPACES):
        return
    for process in work.processes():
        for element in process.iter():
            if isinstance(element.tag, str):
                _attributes(work, element)
        for element in list(process.iter(bpmn("extensionElements"))):
            _extensions(work, element)


def _attributes(work: Work, element: etree._Element) -> None:
    for space in SPACES:
        for qualified, value in list(element.attrib.items()):
            name = str(qualified).removeprefix(f"{{{space}}}")
            if name == qualified:
                continue
            if name in ATTRIBUTES:
                del element.attrib[qualified]
                own = ELSEWHERE.get(name, name)
                if element.get(camunda(own)) is None:
                    element.set(camunda(own), value)
                if space != own and element.getparent() is not None:
                    work.note("attribute_translated", _named(element), attribute=name, value=str(value)[:80])
            elif name in SILENT:
                del element.attrib[qualified]


def _named(element: etree._Element) -> etree._Element:
    """The element itself, or the nearest one around it that has an id."""
    while element.get("id") is None and (parent := element.getparent()) is not None:
        element = parent
    return element


def _extensions(work: Work, container: etree._Element) -> None:
    properties: list[etree._Element] = []
    for found in list(container):
        space, _, name = str(found.tag)[1:].partition("}")
        if space not in SPACES:
            continue
        if name == "formProperty":
            properties.append(found)
        elif name in EXTENSIONS:
            _take_over(found, space)
            work.note("extension_translated", _named(container), type=name)
    if properties:
        for found in properties[MAX_FIELDS:]:
            container.remove(found)
        _form(work, container, properties[:MAX_FIELDS])


def _take_over(element: etree._Element, space: str) -> None:
    for inner in element.iter():
        if isinstance(inner.tag, str):
            inner.tag = re.sub(rf"^\{{{re.escape(space)}\}}", f"{{{camunda('x')[1:-2]}}}", inner.tag)


def _form(work: Work, container: etree._Element, properties: list[etree._Element]) -> None:
    """``formProperty`` becomes a field of ``camunda:formData``."""
    form = container.find(camunda("formData"))
    if form is None:
        form = make(container, camunda("formData"))
    for found in properties:
        field = make(form, camunda("formField"), found, id=found.get("id", ""), type=found.get("type", "string"))
        field.set("label", found.get("name", "") or found.get("id", ""))
        if found.get("default"):
            field.set("defaultValue", found.get("default", ""))
        if found.get("datePattern"):
            field.set("datePattern", found.get("datePattern", ""))
        rules = make(field, camunda("validation"), found)
        if found.get("required") == "true":
            make(rules, camunda("constraint"), found, name="required")
        if found.get("writable") == "false":
            make(rules, camunda("constraint"), found, name="readonly")
        for value in found:
            if str(value.tag).endswith("}value"):
                name = value.get("name", "") or value.get("id", "")
                make(field, camunda("value"), found, id=value.get("id", ""), name=name)
        container.remove(found)
    work.note("extension_translated", _named(container), type="formProperty")


def retries(work: Work) -> None:
    """``failedJobRetryTimeCycle`` ``R3/PT10M``: three attempts; how long to pause between them is ours to say."""
    for node in work.nodes():
        for found in extensions_of(node):
            if found.tag == camunda("failedJobRetryTimeCycle"):
                match = re.match(r"\s*R(\d+)/", text_of(found))
                pauses = [part for part in text_of(found).split(",") if part.strip()]
                attempts = int(match[1]) if match else len(pauses) + 1 if pauses else 0
                attempted(work, node, attempts)
                found.getparent().remove(found)  # type: ignore[union-attr]  # it has one: it was found in it


def attempted(work: Work, node: etree._Element, attempts: int) -> None:
    """Keep how often a job of the node is attempted."""
    if 1 <= attempts <= 100:
        holder = extension(node, "properties")
        holder = extend(node, "properties") if holder is None else holder
        make(holder, camunda("property"), node, name="retries", value=str(attempts))
        work.note("retries_translated", node, attempts=attempts)


def loop_of(node: etree._Element) -> etree._Element | None:
    """The multi-instance marker of an activity."""
    return child(node, "multiInstanceLoopCharacteristics")
