"""What a call activity says about the process it calls: version, business key, variables in and out."""

from __future__ import annotations

from lxml import etree

from engine.hardened_xml import line_of, local_name, namespace
from engine.spiff.extensions import BPMN, CAMUNDA, Report
from engine.spiff.source import CallText, MappingText
from engine.spiff.variables import is_expression

BINDINGS = ("", "latest", "deployment", "version", "versionTag")
_KNOWN = frozenset({"source", "sourceExpression", "target", "variables", "businessKey"})


def read(identifier: str, element: etree._Element, report: Report) -> CallText:
    """The call of an element ``callActivity``."""
    inputs: list[MappingText] = []
    outputs: list[MappingText] = []
    business_key = None
    container = element.find(f"{{{BPMN}}}extensionElements")
    for child in container if container is not None else ():
        if namespace(child) != CAMUNDA or local_name(child) not in ("in", "out"):
            continue
        if local_name(child) == "in" and child.get("businessKey") is not None:
            business_key = child.get("businessKey", "").strip()
            continue
        mapping = _mapping(identifier, child, report)
        if mapping is not None:
            (inputs if local_name(child) == "in" else outputs).append(mapping)
    version = element.get(f"{{{CAMUNDA}}}calledElementVersion", "").strip()
    return CallText(
        key=(element.get("calledElement") or "").strip(),
        binding=element.get(f"{{{CAMUNDA}}}calledElementBinding", "").strip(),
        version=version,
        tag=element.get(f"{{{CAMUNDA}}}calledElementVersionTag", "").strip(),
        business_key=business_key,
        inputs=tuple(inputs),
        outputs=tuple(outputs),
    )


def is_pinned(call: CallText) -> bool:
    """Whether the version called is fixed when the caller is deployed; any other is looked up at the call."""
    return call.binding != "versionTag" and not computed(call)


def is_version(text: str) -> bool:
    """Whether the text is the number of a version."""
    return text.isascii() and text.isdecimal() and len(text) < 10


def computed(call: CallText) -> list[str]:
    """The expressions that say what is called."""
    texts = [call.key]
    if call.binding == "version":
        texts.append(call.version)
    elif call.binding == "versionTag":
        texts.append(call.tag)
    return [text for text in texts if is_expression(text)]


def _mapping(identifier: str, element: etree._Element, report: Report) -> MappingText | None:
    unknown = sorted(set(map(str, element.attrib)) - _KNOWN)
    everything = element.get("variables") == "all"
    mapping = MappingText(
        name=(element.get("source") or "").strip(),
        expression=(element.get("sourceExpression") or "").strip(),
        target=(element.get("target") or "").strip(),
        everything=everything,
    )
    if unknown or not (everything or (mapping.target and (mapping.name or mapping.expression))):
        name = f"{local_name(element)} {' '.join(unknown)}".strip()
        report("error", "call_mapping", identifier, line_of(element), name=name)
        return None
    return mapping
