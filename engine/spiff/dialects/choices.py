"""Gateways that do not say where to go on, and starts that do not say which of them is meant."""

from __future__ import annotations

import json
from collections.abc import Mapping

from lxml import etree

from engine.spiff.dialects.people import PEOPLE
from engine.spiff.dialects.work import (
    Work,
    bpmn,
    camunda,
    child,
    drop,
    local_of,
    make,
    text_of,
)

FLOW = bpmn("sequenceFlow")


class Surroundings:
    """A scope with its flows by their ends, looked up once."""

    def __init__(self, scope: etree._Element, lanes: Mapping[str, etree._Element]) -> None:
        self.scope, self.lanes = scope, lanes
        self.outgoing: dict[str, list[etree._Element]] = {}
        self.incoming: dict[str, list[etree._Element]] = {}
        self.tasks: dict[str, etree._Element] = {}
        for element in scope:
            if element.tag == FLOW:
                self.outgoing.setdefault(element.get("sourceRef", ""), []).append(element)
                self.incoming.setdefault(element.get("targetRef", ""), []).append(element)
            elif local_of(element) == "userTask":
                self.tasks[element.get("id", "")] = element


def translate(work: Work) -> None:
    """Every scope of the processes that will run."""
    lanes = {
        text_of(reference): reference for process in work.processes() for reference in process.iter(bpmn("flowNodeRef"))
    }
    for scope in list(work.scopes()):
        surroundings = Surroundings(scope, lanes)
        for node in list(scope):
            flows = surroundings.outgoing.get(node.get("id", ""), [])
            if local_of(node) in ("exclusiveGateway", "inclusiveGateway") and len(flows) > 1:
                _gateway(work, surroundings, node, flows)
        if local_of(scope) == "process":
            _starts(work, scope)


def _gateway(work: Work, around: Surroundings, gateway: etree._Element, flows: list[etree._Element]) -> None:
    default = gateway.get("default")
    bare = [flow for flow in flows if flow.get("id") != default and not text_of(child(flow, "conditionExpression"))]
    if not bare:
        return
    if local_of(gateway) == "inclusiveGateway" and len(bare) < len(flows):
        for flow in bare:
            _condition(flow, "${true}")
            work.note("always_taken", flow, gateway=gateway.get("id"))
    elif len(bare) == 1 and default is None:
        gateway.set("default", bare[0].get("id", ""))
        work.note("flow_is_default", bare[0], gateway=gateway.get("id"))
    else:
        _ask(work, around, gateway, flows)


def _condition(flow: etree._Element, text: str) -> None:
    for found in flow.findall(bpmn("conditionExpression")):
        drop(found)
    make(flow, bpmn("conditionExpression")).text = text


def _ask(work: Work, around: Surroundings, gateway: etree._Element, flows: list[etree._Element]) -> None:
    """A person decides, in a task in front of the gateway. Flows with a condition keep it."""
    identifier = gateway.get("id", "")
    several = local_of(gateway) == "inclusiveGateway"
    name = f"choice_{_variable(identifier)}"
    open_flows = [flow for flow in flows if not text_of(child(flow, "conditionExpression"))]
    for flow in open_flows:
        chosen = f'"{flow.get("id")}"'
        _condition(flow, f"${{contains({name}, {chosen})}}" if several else f"${{{name} == {chosen}}}")
    if gateway.get("default") in {flow.get("id") for flow in open_flows}:
        del gateway.attrib["default"]
    title = gateway.get("name", "") or identifier
    task = make(around.scope, bpmn("userTask"), gateway, id=f"{identifier}_choice", name=title)
    incoming = around.incoming.get(identifier, [])
    _same_people(around, gateway, task, incoming)
    for flow in incoming:
        flow.set("targetRef", f"{identifier}_choice")
    link = f"{identifier}_chosen"
    make(around.scope, FLOW, gateway, id=link, sourceRef=f"{identifier}_choice", targetRef=identifier)
    _form(work, task, name, open_flows, several=several)
    work.note("choice_asked", gateway, count=len(open_flows))


def _variable(identifier: str) -> str:
    plain = "".join(letter if letter.isascii() and letter.isalnum() else "_" for letter in identifier)
    return plain.lower()[:50]


def _same_people(
    around: Surroundings, gateway: etree._Element, task: etree._Element, incoming: list[etree._Element]
) -> None:
    """Who did the step before decides; else whoever the lane names."""
    before = {flow.get("sourceRef", "") for flow in incoming}
    person = around.tasks.get(before.pop()) if len(before) == 1 else None
    for name in PEOPLE if person is not None else ():
        if person is not None and person.get(camunda(name)):
            task.set(camunda(name), person.get(camunda(name), ""))
    reference = around.lanes.get(gateway.get("id", ""))
    lane = reference.getparent() if reference is not None else None
    if lane is not None:
        make(lane, bpmn("flowNodeRef")).text = task.get("id")


def _form(work: Work, task: etree._Element, name: str, flows: list[etree._Element], *, several: bool) -> None:
    key = form_key(task)
    options = []
    for flow in flows:
        text = flow.get("name", "") or flow.get("targetRef", "")
        options.append({"value": flow.get("id"), "label": {"zh": text, "en": text}})
    field = {
        "name": name,
        "type": "multichoice" if several else "choice",
        "label": {"zh": "选择", "en": "Choice"},
        "required": True,
        "options": options,
        "variable": True,
    }
    title = task.get("name", "") or task.get("id", "")
    document = {"key": key, "title": {"zh": title, "en": title}, "fields": [field]}
    work.forms[key] = json.dumps(document, ensure_ascii=False).encode()
    task.set(camunda("formKey"), key)


def form_key(node: etree._Element) -> str:
    """The key of a form made for a node: its process and its id, as keys are written."""
    process = next((x.get("id", "") for x in node.iterancestors() if local_of(x) == "process"), "")
    return "/".join(_key(part) for part in (process or "process", node.get("id", "")))


def _key(text: str) -> str:
    plain = "".join(letter if letter.isascii() and (letter.isalnum() or letter in "_-") else "_" for letter in text)
    plain = plain.lower().lstrip("_-0123456789")[:90]
    return plain or "form"


def _starts(work: Work, process: etree._Element) -> None:
    """Of several starts without trigger, the first is the usual one; the others are started by message."""
    plain = [
        node
        for node in process.findall(bpmn("startEvent"))
        if not any(local_of(inner).endswith("EventDefinition") for inner in node)
    ]
    for node in plain[1:]:
        identifier = node.get("id", "")
        name = f"{process.get('id')}.{identifier}"
        make(work.root, bpmn("message"), node, id=f"{identifier}_start_message", name=name)
        make(node, bpmn("messageEventDefinition"), node, messageRef=f"{identifier}_start_message")
        work.note("start_by_message", node, name=name)
