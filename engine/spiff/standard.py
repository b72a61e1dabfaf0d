"""What BPMN 2.0 lets a file say and nothing here reads: said when deploying, never passed over.

Follows the elements and attributes of Semantic.xsd of BPMN 2.0.2. What is not named here or read by the reader has no
meaning for execution: ids of types and operations, states of data, drawings, documentation.
"""

from __future__ import annotations

from collections.abc import Mapping

from lxml import etree

from engine.hardened_xml import line_of, local_name, namespace
from engine.spiff.extensions import BPMN, Report

BOOLEANS = (
    "isInterrupting", "cancelActivity", "triggeredByEvent", "isSequential", "testBefore", "isForCompensation",
    "parallelMultiple", "instantiate", "waitForCompletion", "cancelRemainingInstances", "mustUnderstand",
)  # fmt: skip
_TRUTH: Mapping[str, str] = {"true": "true", "1": "true", "false": "false", "0": "false"}

ONLY: Mapping[str, tuple[str, ...]] = {
    "startQuantity": ("1",),
    "completionQuantity": ("1",),
    "instantiate": ("false",),
    "mustUnderstand": ("false",),
    "eventGatewayType": ("Exclusive",),
    "behavior": ("All",),
    "method": ("##Compensate", "Compensate"),
    "ordering": ("Parallel", "Sequential"),
}
"""Attributes of which only some values are run: one token starts an activity and one leaves it, and so on."""
_OF: Mapping[str, str] = {
    "behavior": "multiInstanceLoopCharacteristics", "method": "transaction", "ordering": "adHocSubProcess",
}  # fmt: skip

UNREAD = frozenset({
    "choreography", "globalChoreographyTask", "globalConversation", "globalTask", "globalUserTask", "globalManualTask",
    "globalScriptTask", "globalBusinessRuleTask", "correlationProperty", "conversation", "subConversation",
    "callConversation", "rendering", "complexBehaviorDefinition",
})  # fmt: skip
"""Elements that would change what happens, wherever they stand."""
KNOWN_INSIDE = frozenset({
    "documentation", "extensionElements", "auditing", "monitoring", "categoryValueRef", "incoming", "outgoing",
    "ioSpecification", "property", "dataInputAssociation", "dataOutputAssociation", "resourceRole", "performer",
    "humanPerformer", "potentialOwner", "multiInstanceLoopCharacteristics", "standardLoopCharacteristics", "dataInput",
    "dataOutput", "inputSet", "outputSet", "dataState", "script", "rendering", "activationCondition", "operationRef",
    "completionCondition", "eventDefinitionRef", "conditionExpression",
})  # fmt: skip
"""What may stand inside a flow node or sequence flow; a word that is none of these was meant as something."""
UNREAD_OF_A_PROCESS = frozenset({
    "correlationSubscription", "ioSpecification", "resourceRole", "performer", "humanPerformer", "potentialOwner",
})  # fmt: skip


def check(root: etree._Element, report: Report) -> None:
    """Look at every BPMN element of a file; afterwards its truth values are ``true`` or ``false``."""
    for element in root.iter(f"{{{BPMN}}}*"):
        kind = local_name(element)
        for name in BOOLEANS:
            if name in element.attrib:
                _truth(element, kind, name, report)
        for name, allowed in ONLY.items():
            value = element.get(name, allowed[0]).strip()
            if value not in allowed and _OF.get(name, kind) == kind:
                _refuse(element, kind, name, allowed, report)
        if _is_unread(element, kind):
            identifier = element.get("id") or _holder(element)
            report("warning", "element_without_effect", identifier, line_of(element), type=kind)
        if kind == "timerEventDefinition" and _times(element) > 1:
            report("error", "timer_several", _holder(element), line_of(element))


def _truth(element: etree._Element, kind: str, name: str, report: Report) -> None:
    value = element.get(name, "").strip()
    if value in _TRUTH:
        element.set(name, _TRUTH[value])
    else:
        _refuse(element, kind, name, ("true", "false"), report)


def _refuse(element: etree._Element, kind: str, name: str, allowed: tuple[str, ...], report: Report) -> None:
    facts = {"type": kind, "attribute": name, "value": element.get(name, "")[:100], "allowed": ", ".join(allowed)}
    report("error", "attribute_value", element.get("id") or _holder(element), line_of(element), **facts)


def _is_unread(element: etree._Element, kind: str) -> bool:
    around = _parent(element)
    if around == "task" or around.endswith(("Task", "Gateway", "Event", "callActivity", "sequenceFlow")):
        return kind in UNREAD or not (kind in KNOWN_INSIDE or kind.endswith("Definition"))
    return kind in UNREAD or (kind in UNREAD_OF_A_PROCESS and around == "process")


def _times(element: etree._Element) -> int:
    return sum(local_name(child) in ("timeDate", "timeDuration", "timeCycle") for child in element)


def _holder(element: etree._Element) -> str | None:
    around = element.getparent()
    return None if around is None else around.get("id")


def _parent(element: etree._Element) -> str:
    return _name(element.getparent())


def _name(element: etree._Element | None) -> str:
    return "" if element is None or namespace(element) != BPMN else local_name(element)
