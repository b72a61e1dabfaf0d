"""``camunda:`` attributes and extension elements of a node."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from lxml import etree

from engine.hardened_xml import line_of, local_name, namespace
from engine.spiff.source import FilterText, Node

CAMUNDA = "http://camunda.org/schema/1.0/bpmn"
ZEEBE = "http://camunda.org/schema/zeebe/1.0"
BPMN = "http://www.omg.org/spec/BPMN/20100524/MODEL"

KNOWN_ATTRIBUTES = frozenset({
    "assignee", "candidateGroups", "candidateUsers", "dueDate", "followUpDate", "priority", "formKey", "decisionRef",
    "mapDecisionResult", "resultVariable", "type", "topic", "initiator", "calledElementBinding", "calledElementVersion",
    "calledElementVersionTag", "jobPriority", "taskPriority",
})  # fmt: skip
WITHOUT_EFFECT = frozenset({
    "asyncBefore", "asyncAfter", "exclusive", "historyTimeToLive", "versionTag",
    "decisionRefBinding", "modelerTemplate", "modelerTemplateVersion", "isStartableInTasklist",
    "candidateStarterGroups", "candidateStarterUsers", "formRefBinding",
})  # fmt: skip
SILENT = frozenset({"decisionRefBinding", "exclusive", "historyTimeToLive", "versionTag"})
"""Attributes modellers write by themselves; what they say holds here anyway, so nobody is told."""


MAX_ATTRIBUTE = 4_000
CHANGES = ("create", "update", "delete")


VENDORS = frozenset({
    "http://flowable.org/bpmn", "http://activiti.org/bpmn", ZEEBE, "http://www.jboss.org/drools",
    "http://spiffworkflow.org/bpmn/schema/1.0/core", "http://spiffworkflow.org/bpmn/schema/1.0/spiff",
})  # fmt: skip
"""Other engines: what they say about who works or what is called is not understood here."""
WITHOUT_MEANING = frozenset({
    "potentialOwner", "humanPerformer", "performer", "resourceRole", "ioSpecification", "dataInputAssociation",
    "dataOutputAssociation", "property", "correlationSubscription",
})  # fmt: skip
"""BPMN elements inside a node that are read by nobody here."""
CONDITION_LANGUAGES = ("juel", "feel", "python", "")


class Report(Protocol):
    """How a reader remembers a finding."""

    def __call__(self, severity: str, code: str, element: str | None, line: int | None, **facts: object) -> None:
        """Remember it."""


PRIORITIES = ("jobPriority", "taskPriority")


def inherit(process: etree._Element, nodes: Iterable[Node]) -> None:
    """Priorities a process gives hold for its nodes that have none of their own."""
    given = {name: text for name in PRIORITIES if (text := process.get(f"{{{CAMUNDA}}}{name}", "").strip())}
    if given:
        for node in nodes:
            node.attributes = {**given, **node.attributes}


def version_tag(process: etree._Element) -> str | None:
    """What people call this version of the process."""
    return process.get(f"{{{CAMUNDA}}}versionTag", "").strip() or None


def search_variables(process: etree._Element) -> tuple[str, ...]:
    """The variables by which instances can be found: property ``searchVariables`` of the process, names with commas."""
    container = process.find(f"{{{BPMN}}}extensionElements")
    found = container.iter(f"{{{CAMUNDA}}}property") if container is not None else ()
    texts = (item.get("value") or item.text or "" for item in found if item.get("name") == "searchVariables")
    names = (name.strip() for text in texts for name in text.split(","))
    return tuple(dict.fromkeys(name for name in names if name))


def read(node: Node, element: etree._Element, report: Report) -> None:
    """Put attributes, properties and input/output parameters into ``node``."""
    attributes: dict[str, str] = {}
    for name, value in element.attrib.items():
        if str(name)[1:].partition("}")[0] in VENDORS:
            report("warning", "attribute_without_effect", node.id, node.line, attribute=str(name).rpartition("}")[2])
        if not str(name).startswith(f"{{{CAMUNDA}}}"):
            continue
        key = str(name).removeprefix(f"{{{CAMUNDA}}}")
        if len(str(value)) > MAX_ATTRIBUTE:
            report("error", "attribute_too_long", node.id, node.line, attribute=f"camunda:{key}", allowed=MAX_ATTRIBUTE)
        elif key in KNOWN_ATTRIBUTES:
            attributes[key] = str(value).strip()
        elif key in WITHOUT_EFFECT:
            if key not in SILENT:
                report("warning", "attribute_without_effect", node.id, node.line, attribute=f"camunda:{key}")
        else:
            report("error", "attribute_unknown", node.id, node.line, attribute=f"camunda:{key}")
    for definition in element:
        if local_name(definition) == "messageEventDefinition" and definition.get(f"{{{CAMUNDA}}}topic"):
            attributes["type"] = definition.get(f"{{{CAMUNDA}}}type", "external")
            attributes["topic"] = definition.get(f"{{{CAMUNDA}}}topic", "")
    node.attributes = attributes
    for child in element:
        if namespace(child) == BPMN and local_name(child) in WITHOUT_MEANING:
            report("warning", "element_without_effect", node.id, line_of(child), type=local_name(child))
    container = element.find(f"{{{BPMN}}}extensionElements")
    for child in container if container is not None else ():
        _extension(node, child, report)


def _extension(node: Node, child: etree._Element, report: Report) -> None:
    if namespace(child) in VENDORS:
        report("warning", "extension_without_effect", node.id, line_of(child), type=local_name(child))
    if namespace(child) != CAMUNDA:
        return
    kind = local_name(child)
    if kind in ("in", "out") and node.type == "callActivity":
        return  # read by call_reader
    if kind == "properties":
        found = {item.get("name", ""): (item.get("value") or item.text or "").strip() for item in child}
        node.properties = {**node.properties, **found}
    elif kind == "inputOutput":
        node.inputs = _parameters(node, child, "inputParameter", report)
        node.outputs = _parameters(node, child, "outputParameter", report)
    elif kind in ("taskListener", "executionListener"):
        report("error", "listener", node.id, line_of(child), type=kind)
    elif kind not in ("formData", "failedJobRetryTimeCycle", "connector"):
        report("warning", "extension_without_effect", node.id, line_of(child), type=kind)
    elif kind != "failedJobRetryTimeCycle":
        report("error", "extension_unknown", node.id, line_of(child), type=kind)


def filter_of(node: Node, definition: etree._Element, report: Report) -> FilterText | None:
    """Which changes of variables a conditional event is about; nothing when it is about all."""
    names, kinds = (
        tuple(name for text in definition.get(f"{{{CAMUNDA}}}{attribute}", "").split(",") if (name := text.strip()))
        for attribute in ("variableName", "variableEvents")
    )
    for kind in kinds:
        if kind not in CHANGES:
            report("error", "condition_filter", node.id, line_of(definition), value=kind[:100])
    return FilterText(names, kinds or CHANGES) if names or kinds else None


def check_listeners(element: etree._Element, report: Report) -> None:
    """Listeners on a process or sequence flow: nobody would call them."""
    container = element.find(f"{{{BPMN}}}extensionElements")
    for child in container if container is not None else ():
        if namespace(child) == CAMUNDA and local_name(child) in ("executionListener", "taskListener"):
            report("error", "listener", element.get("id"), line_of(child), type=local_name(child))


def check_language(identifier: str, condition: etree._Element, report: Report) -> None:
    """A condition in a language of its own."""
    language = condition.get("language", "")
    if language.rpartition("/")[2].lower() not in CONDITION_LANGUAGES or condition.get(f"{{{CAMUNDA}}}resource"):
        report("error", "script_language", identifier, line_of(condition), language=language)


def _parameters(node: Node, container: etree._Element, tag: str, report: Report) -> dict[str, str]:
    found: dict[str, str] = {}
    for parameter in container.findall(f"{{{CAMUNDA}}}{tag}"):
        if len(parameter):
            report("error", "parameter_not_plain", node.id, line_of(parameter), name=parameter.get("name", ""))
        else:
            found[parameter.get("name", "")] = (parameter.text or "").strip()
    return found


def correlation_key(message: etree._Element) -> str | None:
    """The correlation key a message asks for: a property ``correlationKey`` or a Zeebe subscription."""
    for item in message.iter(f"{{{CAMUNDA}}}property"):
        if item.get("name") == "correlationKey":
            return (item.get("value") or "").strip() or None
    for item in message.iter(f"{{{ZEEBE}}}subscription"):
        return (item.get("correlationKey") or "").strip() or None
    return None
