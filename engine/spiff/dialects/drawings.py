"""Drawings: processes nobody marked as executable. Made executable, every step is done by a person."""

from __future__ import annotations

from lxml import etree

from engine.spiff.dialects.work import (
    FLOW_TAGS,
    Work,
    bpmn,
    camunda,
    child,
    drop,
    is_executable,
    is_expression,
    local_of,
    make,
    rename,
    text_of,
)

REFERENCED = ("message", "signal")


def mark(work: Work) -> None:
    """Make executable what was asked for: all drawings of the file, or its only process."""
    filled = [element for element in work.root.findall(bpmn("process")) if any(x.tag in FLOW_TAGS for x in element)]
    if any(is_executable(element) for element in filled):
        for process in filled:
            if not is_executable(process):
                work.note("process_left_out", process)
                drop(process)
        return
    if not work.drawings and len(filled) != 1:
        return
    for process in filled:
        process.set("isExecutable", "true")
        if process.get("id"):
            work.drawn.add(process.get("id", ""))
            work.note("made_executable", process)


def complete(work: Work) -> None:
    """What a drawing leaves open."""
    named = {element.get("id", "") for element in work.root if element.get("name")}
    for process in work.processes():
        if process.get("id") not in work.drawn:
            continue
        for node in [element for element in process.iter() if element.tag in FLOW_TAGS]:
            _activity(work, node)
            _event(work, node, named)
        for flow in process.iter(bpmn("sequenceFlow")):
            _condition(work, flow)


def _activity(work: Work, node: etree._Element) -> None:
    kind = local_of(node)
    external = node.get(camunda("topic")) is not None
    by_hand = (
        kind in ("task", "manualTask")
        or (kind in ("serviceTask", "sendTask", "businessRuleTask") and not external and not _says_what(node))
        or (kind == "receiveTask" and not node.get("messageRef"))
        or (kind == "scriptTask" and not text_of(child(node, "script")))
        or (kind == "callActivity" and not node.get("calledElement"))
        or (kind in ("subProcess", "adHocSubProcess", "transaction") and not any(x.tag in FLOW_TAGS for x in node))
    )
    if by_hand and node.get("triggeredByEvent") != "true":
        rename(node, "userTask")
        work.note("done_by_hand", node, type=kind)
    loop = child(node, "multiInstanceLoopCharacteristics")
    if loop is not None and not _counts(loop):
        drop(loop)
        work.note("loop_dropped", node)


def _says_what(node: etree._Element) -> bool:
    return bool(node.get("messageRef", "") or node.get(camunda("decisionRef")))


def _counts(loop: etree._Element) -> bool:
    return loop.get(camunda("collection")) is not None or any(
        text_of(child(loop, name)) for name in ("loopCardinality", "loopDataInputRef")
    )


def _event(work: Work, node: etree._Element, named: set[str]) -> None:
    """Events without message, signal, time or condition wait for a message of their own name."""
    definitions = [element for element in node if local_of(element).endswith("EventDefinition")]
    if len(definitions) != 1:
        if not definitions and local_of(node) in ("intermediateCatchEvent", "boundaryEvent"):
            _message(work, node, None)
        return
    definition = definitions[0]
    kind = local_of(definition).removesuffix("EventDefinition")
    open_timer = kind == "timer" and not any(text_of(element) for element in definition)
    open_condition = kind == "conditional" and not text_of(child(definition, "condition"))
    open_reference = kind in REFERENCED and definition.get(f"{kind}Ref") not in named
    if not (open_timer or open_condition or open_reference):
        return
    if local_of(node) == "startEvent" and local_of(node.getparent()) == "process":
        drop(definition)
        work.note("start_by_hand", node, type=kind)
    elif local_of(node) in ("endEvent", "intermediateThrowEvent"):
        drop(definition)
        work.note("event_passes", node, type=kind)
    else:
        _message(work, node, definition)


def _message(work: Work, node: etree._Element, definition: etree._Element | None) -> None:
    name = " ".join((node.get("name", "") or "").split())[:200]
    if not name or is_expression(name):
        name = node.get("id", "")
    identifier = f"{node.get('id')}_message"
    if definition is not None:
        drop(definition)
    make(work.root, bpmn("message"), node, id=identifier, name=name)
    make(node, bpmn("messageEventDefinition"), node, messageRef=identifier)
    work.note("waits_for_message", node, name=name)


def _condition(work: Work, flow: etree._Element) -> None:
    """In a drawing a condition is a remark for people."""
    condition = child(flow, "conditionExpression")
    if condition is not None and not is_expression(text_of(condition)):
        if text_of(condition):
            if not flow.get("name"):
                flow.set("name", text_of(condition)[:200])
            work.note("condition_is_remark", flow, expression=text_of(condition)[:120])
        drop(condition)
