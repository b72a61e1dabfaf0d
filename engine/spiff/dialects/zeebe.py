"""Camunda 8: what its ``zeebe:`` extensions say, as attributes and parameters of our reader."""

from __future__ import annotations

import json
from collections.abc import Callable

from lxml import etree

from engine.spiff.dialects import form_js, times
from engine.spiff.dialects.vendors import attempted, loop_of
from engine.spiff.dialects.work import (
    ZEEBE,
    Work,
    bpmn,
    camunda,
    child,
    drop,
    extend,
    extensions_of,
    is_expression,
    local_of,
    make,
    parameter,
)

COUNTERS = {
    "numberOfInstances": "nrOfInstances",
    "numberOfActiveInstances": "nrOfActiveInstances",
    "numberOfCompletedInstances": "nrOfCompletedInstances",
}


def translate(work: Work) -> None:
    """Every node with ``zeebe:`` extensions."""
    forms = _embedded_forms(work)
    _version_tags(work)
    for node in work.nodes():
        for found in extensions_of(node):
            if not str(found.tag).startswith(f"{{{ZEEBE}}}"):
                continue
            name = str(found.tag).rpartition("}")[2]
            handle = HANDLERS.get(name)
            if handle is not None:
                handle(work, node, found)
                drop(found)
                work.note("extension_translated", node, type=name)
        _loop(work, node)
        _form(work, node, forms)


def _set(node: etree._Element, name: str, value: str | None) -> None:
    if value and node.get(camunda(name)) is None:
        node.set(camunda(name), value)


def _assignment(work: Work, node: etree._Element, found: etree._Element) -> None:
    for name in ("assignee", "candidateGroups", "candidateUsers"):
        _set(node, name, found.get(name))


def _schedule(work: Work, node: etree._Element, found: etree._Element) -> None:
    for name in ("dueDate", "followUpDate"):
        _set(node, name, found.get(name))


def _priority(work: Work, node: etree._Element, found: etree._Element) -> None:
    _set(node, "priority", found.get("priority"))


def _form_definition(work: Work, node: etree._Element, found: etree._Element) -> None:
    _set(node, "formKey", found.get("formId", "") or found.get("formKey", "") or found.get("externalReference"))


def _task_definition(work: Work, node: etree._Element, found: etree._Element) -> None:
    _set(node, "type", "external")
    _set(node, "topic", times.literal(found.get("type", "")))
    retries = found.get("retries", "")
    if retries.isdigit():
        attempted(work, node, int(retries))


def _mapping(work: Work, node: etree._Element, found: etree._Element) -> None:
    """``zeebe:input`` is a local variable of the activity, ``zeebe:output`` one of the instance."""
    call = local_of(node) == "callActivity"
    for item in found:
        direction = str(item.tag).rpartition("}")[2]
        source, target = item.get("source", ""), item.get("target", "")
        if direction not in ("input", "output") or not target:
            continue
        if call:
            name = "in" if direction == "input" else "out"
            extend(node, name, sourceExpression=source, target=target)
        else:
            parameter(node, direction, target, source)


def _called(work: Work, node: etree._Element, found: etree._Element) -> None:
    if not node.get("calledElement"):
        node.set("calledElement", found.get("processId", ""))
    binding = found.get("bindingType")
    if binding in ("latest", "deployment", "versionTag"):
        _set(node, "calledElementBinding", binding)
    _set(node, "calledElementVersionTag", found.get("versionTag"))
    if found.get("propagateAllParentVariables", "true") == "true":
        extend(node, "in", variables="all")
    if found.get("propagateAllChildVariables", "true") == "true":
        extend(node, "out", variables="all")


def _decision(work: Work, node: etree._Element, found: etree._Element) -> None:
    """What a decision answers: one value if it has one output, else an object; a list if several rows may fit."""
    _set(node, "decisionRef", found.get("decisionId"))
    _set(node, "resultVariable", found.get("resultVariable"))
    _set(node, "mapDecisionResult", "natural")


def _script(work: Work, node: etree._Element, found: etree._Element) -> None:
    """A FEEL script task: its expression is the value of the result variable."""
    parameter(node, "output", found.get("resultVariable", "result"), found.get("expression", ""))
    if child(node, "script") is None:
        make(node, bpmn("script")).text = ""


def _nothing(work: Work, node: etree._Element, found: etree._Element) -> None:
    """Says what holds here anyway."""


HANDLERS: dict[str, Callable[[Work, etree._Element, etree._Element], None]] = {
    "assignmentDefinition": _assignment,
    "taskSchedule": _schedule,
    "priorityDefinition": _priority,
    "formDefinition": _form_definition,
    "taskDefinition": _task_definition,
    "ioMapping": _mapping,
    "calledElement": _called,
    "calledDecision": _decision,
    "script": _script,
    "userTask": _nothing,
}


def _loop(work: Work, node: etree._Element) -> None:
    loop = loop_of(node)
    if loop is None:
        return
    for found in extensions_of(loop):
        if found.tag != f"{{{ZEEBE}}}loopCharacteristics":
            continue
        if found.get("inputCollection"):
            loop.set(camunda("collection"), found.get("inputCollection", ""))
        if found.get("inputElement"):
            loop.set(camunda("elementVariable"), found.get("inputElement", ""))
        _output(node, loop, found.get("outputCollection"), found.get("outputElement"))
        drop(found)
        work.note("loop_translated", node)
    completion = child(loop, "completionCondition")
    if completion is not None and completion.text:
        for foreign, own in COUNTERS.items():
            completion.text = completion.text.replace(foreign, own)


def _output(node: etree._Element, loop: etree._Element, collection: str | None, element: str | None) -> None:
    if not collection or not element:
        return
    name = element.removeprefix("=").strip()
    if is_expression(element) and not name.isidentifier():
        name = f"{collection}_item"
        parameter(node, "output", name, element)
    make(loop, bpmn("loopDataOutputRef")).text = collection
    make(loop, bpmn("outputDataItem"), loop, name=name)


def _embedded_forms(work: Work) -> dict[str, str]:
    """Forms that lie in the process as JSON, by id."""
    found: dict[str, str] = {}
    for process in work.processes():
        for form in list(process.iter(f"{{{ZEEBE}}}userTaskForm")):
            found[form.get("id", "")] = form.text or ""
            drop(form)
    return found


def _version_tags(work: Work) -> None:
    """What people call the version of a process."""
    for process in work.processes():
        for found in extensions_of(process):
            if found.tag == f"{{{ZEEBE}}}versionTag":
                _set(process, "versionTag", found.get("value"))
                drop(found)


def _form(work: Work, node: etree._Element, forms: dict[str, str]) -> None:
    key = node.get(camunda("formKey"), "")
    identifier = key.rpartition(":")[2]
    if not key.startswith("camunda-forms:") or identifier not in forms:
        return
    try:
        schema = json.loads(forms[identifier])
    except (ValueError, RecursionError):
        return
    form_js.add(work, node, schema)
