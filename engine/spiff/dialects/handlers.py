"""Work for programs: Java classes, beans, expressions and built-in tasks become topics of external tasks."""

from __future__ import annotations

import re

from lxml import etree

from engine import evaluator
from engine.errors import ExpressionRefused
from engine.spiff.dialects import scripts
from engine.spiff.dialects.rewriting import translate as rewritten
from engine.spiff.dialects.work import (
    Work,
    bpmn,
    camunda,
    child,
    drop,
    extension,
    extensions_of,
    local_of,
    make,
    parameter,
    rename,
    take,
    text_of,
)

WORKING = frozenset({"serviceTask", "sendTask", "businessRuleTask"})
SAID = ("class", "delegateExpression", "expression", "type")
_CONNECTOR = re.compile(r"(?!(?:Java|Other|WebService|webService)$)[A-Za-z][\w.-]{1,199}")
_BEAN = re.compile(r"[$#]\{\s*([A-Za-z_][\w.]*)\s*(?:\(.*\))?\s*\}", re.DOTALL)


def translate(work: Work) -> None:
    """Every service, send and rule task, and message events with an implementation."""
    for node in work.nodes():
        if local_of(node) in WORKING:
            _connector(work, node)
            _implementation(work, node, node)
            _connected(work, node)
            _fields(work, node)
        for definition in node.findall(bpmn("messageEventDefinition")):
            _implementation(work, node, definition)
            if definition.get(camunda("topic")) and not definition.get("messageRef"):
                identifier = f"{node.get('id')}_message"
                make(work.root, bpmn("message"), node, id=identifier, name=node.get("id", ""))
                definition.set("messageRef", identifier)
        _error_variables(work, node)
        if take(node, camunda("async")):
            work.note("attribute_without_effect", node, attribute="async")
        _parameters(work, node)


def _implementation(work: Work, node: etree._Element, holder: etree._Element) -> None:
    if holder.get(camunda("topic")) is not None:
        for name in SAID[:3]:
            if take(holder, camunda(name)):
                work.note("attribute_without_effect", node, attribute=f"camunda:{name}")
        return
    for name in SAID:
        value = holder.get(camunda(name), "").strip()
        if not value or (name == "type" and value in ("external", "dmn")):
            continue
        if name == "expression" and local_of(holder) == "serviceTask" and _computed(work, node, value):
            return
        topic = _topic(value)
        if topic is None:
            return
        del holder.attrib[camunda(name)]
        result = take(holder, camunda("resultVariable"))
        holder.set(camunda("type"), "external")
        holder.set(camunda("topic"), topic)
        work.note("service_topic", node, said=f"{name}={value[:80]}", topic=topic)
        if result:
            work.note("result_by_worker", node, name=result, topic=topic)
        return


def _error_variables(work: Work, node: etree._Element) -> None:
    """Nobody sets the variables an event names for the code and message it caught."""
    for definition in node:
        for name in ("errorCodeVariable", "errorMessageVariable", "escalationCodeVariable"):
            if take(definition, camunda(name)):
                work.note("attribute_without_effect", node, attribute=name)


def _connected(work: Work, node: etree._Element) -> None:
    """Activiti Cloud names its connector in BPMN's own attribute ``implementation``."""
    name = node.get("implementation", "")
    if local_of(node) != "serviceTask" or node.get(camunda("topic")) or not _CONNECTOR.fullmatch(name):
        return
    node.set(camunda("type"), "external")
    node.set(camunda("topic"), name)
    work.note("service_topic", node, said=f"implementation={name[:80]}", topic=name)


def _topic(value: str) -> str | None:
    """``${bean.method(x)}`` is ``bean.method``; a class is its own name."""
    found = _BEAN.fullmatch(value)
    name = found[1] if found else value
    return name if re.fullmatch(r"[\w.$:/-]{1,200}", name) else None


def _computed(work: Work, node: etree._Element, value: str) -> bool:
    """An expression that needs no bean is computed by the engine itself."""
    name, ours = node.get(camunda("resultVariable")), rewritten(value)
    if not name or _BEAN.fullmatch(value):
        return False
    try:
        evaluator.compile_expression(ours)
    except ExpressionRefused:
        return False
    rename(node, "scriptTask")
    for attribute in ("expression", "resultVariable"):
        take(node, camunda(attribute))
    if child(node, "script") is None:
        make(node, bpmn("script")).text = ""
    parameter(node, "output", name, ours)
    work.note("service_computed", node, expression=value[:120], name=name)
    return True


def _connector(work: Work, node: etree._Element) -> None:
    """``camunda:connector``: its id is the topic, its parameters are those of the task."""
    connector = extension(node, "connector")
    if connector is None:
        return
    identifier = text_of(connector.find(camunda("connectorId")))
    if not identifier:
        return
    for found in connector.iter(camunda("inputParameter")):
        if not len(found):
            parameter(node, "input", found.get("name", ""), text_of(found))
    node.set(camunda("type"), "external")
    node.set(camunda("topic"), identifier)
    drop(connector)
    work.note("service_topic", node, said=f"connectorId={identifier[:80]}", topic=identifier)


def _fields(work: Work, node: etree._Element) -> None:
    """Injected fields are input parameters."""
    for found in extensions_of(node):
        if found.tag != camunda("field") or not found.get("name"):
            continue
        text = found.get("stringValue", "") or found.get("expression", "") or ""
        text = text or next((text_of(inner) for inner in found if text_of(inner)), "")
        parameter(node, "input", found.get("name", ""), text)
        drop(found)
        work.note("field_is_parameter", node, name=found.get("name"))


def _parameters(work: Work, node: etree._Element) -> None:
    """Parameters that are lists, maps or scripts, as one expression."""
    holder = extension(node, "inputOutput")
    for found in holder if holder is not None else ():
        if len(found) != 1:
            continue
        text = _value(found[0])
        if text is None and found[0].tag == camunda("script") and found[0].get("resource") is None:
            script = scripts.python_of(text_of(found[0]), "it")
            text = None if script is None else script.removeprefix("it = ")
        if text is not None:
            found.remove(found[0])
            found.text = f"={text}"
            work.note("parameter_translated", node, name=found.get("name", ""))


def _value(element: etree._Element) -> str | None:
    kind = str(element.tag).removeprefix(f"{{{camunda('x')[1:-2]}}}")
    if kind == "list":
        items = [_literal(text_of(item)) if item.tag == camunda("value") else None for item in element]
        return None if None in items else f"[{', '.join(str(item) for item in items)}]"
    if kind == "map":
        entries = [(str(item.get("key", "")), None if len(item) else _literal(text_of(item))) for item in element]
        if any(value is None or '"' in key or "\\" in key for key, value in entries):
            return None
        return "{" + ", ".join(f'"{key}": {value}' for key, value in entries) + "}"
    return None


def _literal(text: str) -> str | None:
    """A text, or what its expression computes."""
    found = re.fullmatch(r"[$#]\{([^{}]*)\}", text)
    if found:
        return found[1]
    if "${" in text or "#{" in text:
        return None
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
