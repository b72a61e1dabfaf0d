"""jBPM: work items, people in ``ioSpecification``, conditions and scripts in Java."""

from __future__ import annotations

import re

from lxml import etree

from engine.spiff.dialects import scripts
from engine.spiff.dialects.work import (
    DROOLS,
    Work,
    bpmn,
    camunda,
    child,
    drop,
    extend,
    extensions_of,
    local_of,
    parameter,
    rename,
    take,
    text_of,
)

SETTINGS = frozenset({
    "TaskName", "NodeName", "Skippable", "Comment", "Description", "Content", "Locale", "CreatedBy",
    "NotStartedReassign", "NotCompletedReassign", "NotStartedNotify", "NotCompletedNotify",
})  # fmt: skip
"""Inputs of a user task that say something to jBPM's task list, not to the person."""
_VARIABLE = re.compile(r"[^\W\d_]\w*")
ENTRY = ("onEntry-script", "onExit-script")


def is_jbpm(root: etree._Element) -> bool:
    """Whether the file speaks of Drools."""
    return any(str(uri).startswith(DROOLS) for uri in root.nsmap.values())


def translate(work: Work) -> None:
    """Work items, rules, entry and exit scripts, people and data of tasks."""
    if not is_jbpm(work.root):
        return
    operations = _operations(work)
    for node in work.nodes():
        _item(work, node, operations)
        _entry_scripts(work, node)
        _data(work, node)
        _loop(work, node)


def _operations(work: Work) -> dict[str, str]:
    found: dict[str, str] = {}
    for interface in work.root.findall(bpmn("interface")):
        for operation in interface.findall(bpmn("operation")):
            name = f"{interface.get('name', '')}.{operation.get('name', '')}".strip(".")
            found[operation.get("id", "")] = name
    return found


def _item(work: Work, node: etree._Element, operations: dict[str, str]) -> None:
    """What a program has to do, as a topic."""
    kind = local_of(node)
    task = take(node, f"{{{DROOLS}}}taskName")
    rules = take(node, f"{{{DROOLS}}}ruleFlowGroup")
    priority = take(node, f"{{{DROOLS}}}priority")
    if priority and kind == "userTask":
        node.set(camunda("priority"), priority)
        work.note("attribute_translated", node, attribute="priority", value=priority)
    if task and kind != "userTask":
        _topic(work, node, task, f"drools:taskName={task}")
    elif rules and kind == "businessRuleTask":
        _topic(work, node, f"rules.{rules}", f"drools:ruleFlowGroup={rules}")
    elif kind == "serviceTask":
        operation = operations.get(node.get("operationRef", "").rpartition(":")[2])
        implementation = take(node, f"{{{DROOLS}}}serviceimplementation")
        take(node, f"{{{DROOLS}}}serviceinterface")
        take(node, f"{{{DROOLS}}}serviceoperation")
        if operation:
            _topic(work, node, operation, f"operationRef {operation} {implementation}".strip())


def _topic(work: Work, node: etree._Element, topic: str, said: str) -> None:
    if local_of(node) not in ("sendTask", "businessRuleTask"):
        rename(node, "serviceTask")
    node.set(camunda("type"), "external")
    node.set(camunda("topic"), re.sub(r"\s+", "_", topic.strip()))
    work.note("service_topic", node, said=said, topic=node.get(camunda("topic")))


def _entry_scripts(work: Work, node: etree._Element) -> None:
    for found in extensions_of(node):
        name = str(found.tag).removeprefix(f"{{{DROOLS}}}")
        if name not in ENTRY:
            continue
        text = "".join(str(part) for part in found.itertext())
        drop(found)
        if scripts.only_prints(text):
            work.note("printing_dropped", node)
        else:
            work.refuse("script_at_border", node, type=name)


def _data(work: Work, node: etree._Element) -> None:
    """People and priority are inputs of a user task; other inputs and outputs are parameters."""
    specification = child(node, "ioSpecification")
    if specification is None:
        return
    names = {
        item.get("id", ""): item.get("name", "") or item.get("id", "")
        for item in specification
        if local_of(item) in ("dataInput", "dataOutput")
    }
    called = local_of(node) == "callActivity"
    for association in list(node):
        kind = local_of(association)
        if kind == "dataInputAssociation":
            _input(work, node, association, names, called=called)
        elif kind == "dataOutputAssociation":
            _output(work, node, association, names, called=called)
        else:
            continue
        drop(association)
    drop(specification)
    work.note("data_mapped", node)


def _input(
    work: Work, node: etree._Element, association: etree._Element, names: dict[str, str], *, called: bool
) -> None:
    name = names.get(text_of(child(association, "targetRef")), "")
    assignment = child(association, "assignment")
    source = text_of(child(association, "sourceRef"))
    text = text_of(child(assignment, "from")) if assignment is not None else f"=/{source}"
    text = text.replace("=/", "=") if assignment is None else text
    if not name or not text or (assignment is None and not source):
        return
    if local_of(node) == "userTask" and _person(work, node, name, text):
        return
    if name in SETTINGS and local_of(node) == "userTask":
        return
    if not _VARIABLE.fullmatch(name):
        work.note("field_dropped", node, name=name[:80])
    elif called:
        extend(node, "in", sourceExpression=text, target=name)
    elif text != f"={name}":
        parameter(node, "input", name, text)


def _person(work: Work, node: etree._Element, name: str, text: str) -> bool:
    attribute = {"GroupId": "candidateGroups", "Priority": "priority"}.get(name)
    if name == "ActorId":
        attribute = "candidateUsers" if "," in text else "assignee"
    if attribute is None:
        return False
    if node.get(camunda(attribute)) is None:
        node.set(camunda(attribute), text)
        work.note("attribute_translated", node, attribute=name, value=text[:80])
    return True


def _output(
    work: Work, node: etree._Element, association: etree._Element, names: dict[str, str], *, called: bool
) -> None:
    source = names.get(text_of(child(association, "sourceRef")), "")
    target = text_of(child(association, "targetRef"))
    if not (_VARIABLE.fullmatch(source) and _VARIABLE.fullmatch(target)):
        if source and target:
            work.note("field_dropped", node, name=f"{source} - {target}"[:80])
        return
    if called:
        extend(node, "out", source=source, target=target)
    elif source != target:
        parameter(node, "output", target, f"=if {source} != null then {source} else {target}")


def _loop(work: Work, node: etree._Element) -> None:
    """The collection is an input of the task; inside the loop it is named as such."""
    loop = child(node, "multiInstanceLoopCharacteristics")
    reference = child(loop, "loopDataInputRef") if loop is not None else None
    if reference is None or reference.text is None:
        return
    for found in node.iter(camunda("inputParameter")):
        if f"{node.get('id')}_{found.get('name')}" in text_of(reference) or found.get("name") == text_of(reference):
            reference.text = (found.text or "").removeprefix("=")
            drop(found)
            work.note("loop_translated", node)
            return
