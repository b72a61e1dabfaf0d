"""What the translators share: the tree they change, the notes they leave, and names of elements and attributes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from lxml import etree

from engine.hardened_xml import line_of, local_name, namespace

BPMN = "http://www.omg.org/spec/BPMN/20100524/MODEL"
CAMUNDA = "http://camunda.org/schema/1.0/bpmn"
ZEEBE = "http://camunda.org/schema/zeebe/1.0"
FLOWABLE = "http://flowable.org/bpmn"
ACTIVITI = "http://activiti.org/bpmn"
DROOLS = "http://www.jboss.org/drools"
SPIFF = (
    "http://spiffworkflow.org/bpmn/schema/1.0/core",
    "http://spiffworkflow.org/bpmn/schema/1.0/spiff",
)

ACTIVITIES = frozenset({
    "userTask", "task", "manualTask", "serviceTask", "sendTask", "receiveTask", "scriptTask", "businessRuleTask",
    "callActivity", "subProcess", "transaction", "adHocSubProcess",
})  # fmt: skip
GATEWAYS = frozenset({"exclusiveGateway", "parallelGateway", "inclusiveGateway", "eventBasedGateway", "complexGateway"})
EVENTS = frozenset({"startEvent", "endEvent", "intermediateCatchEvent", "intermediateThrowEvent", "boundaryEvent"})
FLOW_NODES = ACTIVITIES | GATEWAYS | EVENTS
SCOPES = frozenset({"process", "subProcess", "transaction", "adHocSubProcess"})

MAX_NOTES = 500
"""Notes per file; who changes more than that hears that there were more."""

MAX_SECONDS = 1.0
"""Of processor time."""

Report = Callable[..., None]


def bpmn(name: str) -> str:
    """The qualified name of a BPMN element."""
    return f"{{{BPMN}}}{name}"


def camunda(name: str) -> str:
    """The qualified name of an attribute or extension as our reader knows it."""
    return f"{{{CAMUNDA}}}{name}"


FLOW_TAGS = frozenset(bpmn(name) for name in FLOW_NODES)


@dataclass(slots=True)
class Work:
    """One file while it is translated. Translators change ``root`` in place and say so with :meth:`note`."""

    root: etree._Element
    report: Report
    drawings: bool = False
    forms: dict[str, bytes] = field(default_factory=dict)
    drawn: set[str] = field(default_factory=set)
    """Keys of processes that were drawings."""
    notes: int = 0
    deadline: float = field(default_factory=lambda: time.thread_time() + MAX_SECONDS)
    given_up: bool = False

    def late(self) -> bool:
        """Whether translating has taken too long; then the file is refused."""
        if not self.given_up and time.thread_time() > self.deadline:
            self.given_up = True
            self.report("error", "took_too_long", None, None)
        return self.given_up

    def note(self, code: str, element: etree._Element, **facts: object) -> None:
        """Say what was changed."""
        self.notes += 1
        if self.notes <= MAX_NOTES:
            self.report("warning", code, element.get("id"), line_of(element), **facts)
        elif self.notes == MAX_NOTES + 1:
            self.report("warning", "notes_cut", None, None, allowed=MAX_NOTES)

    def refuse(self, code: str, element: etree._Element, **facts: object) -> None:
        """Say why the file can't be deployed."""
        self.report("error", code, element.get("id"), line_of(element), **facts)

    def processes(self) -> list[etree._Element]:
        """The processes that will run."""
        return [element for element in self.root.findall(bpmn("process")) if is_executable(element)]

    def nodes(self) -> Iterator[etree._Element]:
        """Every flow node of the processes that will run. The tree may be changed meanwhile."""
        for process in self.processes():
            yield from [element for element in process.iter() if element.tag in FLOW_TAGS]

    def scopes(self) -> Iterator[etree._Element]:
        """Every process that will run and every sub-process in it."""
        for process in self.processes():
            yield from [element for element in process.iter() if local_of(element) in SCOPES]


def is_executable(process: etree._Element) -> bool:
    """Whether the process is marked as executable."""
    return process.get("isExecutable", "false").strip().lower() in ("true", "1")


def local_of(element: etree._Element | None) -> str:
    """The BPMN name of an element; the empty text for elements of others."""
    return local_name(element) if element is not None and namespace(element) == BPMN else ""


def child(element: etree._Element, name: str) -> etree._Element | None:
    """The first BPMN child of that name."""
    return element.find(bpmn(name))


def text_of(element: etree._Element | None) -> str:
    """The text of an element, without the blanks around it."""
    return "" if element is None else (element.text or "").strip()


def make(parent: etree._Element, tag: str, like: etree._Element | None = None, **attributes: str) -> etree._Element:
    """A new last child. It reports the line of ``like`` (default: its parent)."""
    made = etree.SubElement(parent, tag, attributes)
    origin = like if like is not None else parent
    made.sourceline = line_of(origin)  # type: ignore[assignment]  # a property in lxml, "..." in its stubs
    return made


def extensions_of(element: etree._Element) -> list[etree._Element]:
    """The extension elements of an element."""
    container = child(element, "extensionElements")
    return list(container) if container is not None else []


def extend(element: etree._Element, name: str, **attributes: str) -> etree._Element:
    """A new ``camunda:`` extension of an element."""
    container = child(element, "extensionElements")
    if container is None:
        container = make(element, bpmn("extensionElements"))
    return make(container, camunda(name), element, **attributes)


def extension(element: etree._Element, name: str) -> etree._Element | None:
    """The ``camunda:`` extension of that name, if there is one."""
    container = child(element, "extensionElements")
    return container.find(camunda(name)) if container is not None else None


def parameter(element: etree._Element, direction: str, name: str, text: str) -> None:
    """An input or output parameter, unless one of that name is there. ``direction``: input or output."""
    holder = extension(element, "inputOutput")
    if holder is None:
        holder = extend(element, "inputOutput")
    tag = camunda(f"{direction}Parameter")
    if all(found.get("name") != name for found in holder.findall(tag)):
        make(holder, tag, element, name=name).text = text


def property_of(element: etree._Element, name: str, value: str) -> None:
    """A ``camunda:property``, unless one of that name is there."""
    holder = extension(element, "properties")
    if holder is None:
        holder = extend(element, "properties")
    if all(found.get("name") != name for found in holder):
        make(holder, camunda("property"), element, name=name, value=value)


def take(element: etree._Element, name: str) -> str:
    """The value of an attribute, which is taken away; the empty text if it is not there."""
    value = element.get(name)
    if value is None:
        return ""
    del element.attrib[name]
    return value.strip()


def drop(element: etree._Element) -> None:
    """Take an element out of the tree. What stands behind it stays."""
    parent = element.getparent()
    if parent is not None:
        parent.remove(element)


def rename(element: etree._Element, name: str) -> None:
    """Make another BPMN element of it; attributes and children stay."""
    element.tag = bpmn(name)


def namespaces_of(root: etree._Element) -> frozenset[str]:
    """Every namespace declared at the top of the file."""
    return frozenset(str(uri) for uri in root.nsmap.values())


def is_expression(text: str) -> bool:
    """Whether a text is computed, rather than meant literally."""
    return text.startswith("=") or "${" in text or "#{" in text
