"""From BPMN XML to :mod:`engine.spiff.source`. Whatever is not understood becomes a finding, never silence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from lxml import etree

from engine.hardened_xml import XmlRefused, line_of, local_name, namespace, parse_xml
from engine.model import Finding
from engine.spiff import call_reader, dialects, extensions, standard
from engine.spiff.source import EventText, Flow, LoopText, Node, Process, Scope, TimerText

BPMN = "http://www.omg.org/spec/BPMN/20100524/MODEL"
MAX_NODES = 2_000
MAX_NESTING = 12

ACTIVITIES = frozenset({
    "userTask", "task", "manualTask", "serviceTask", "sendTask", "receiveTask", "scriptTask", "businessRuleTask",
    "callActivity", "subProcess", "transaction", "adHocSubProcess",
})  # fmt: skip
GATEWAYS = frozenset({"exclusiveGateway", "parallelGateway", "inclusiveGateway", "eventBasedGateway", "complexGateway"})
EVENTS = frozenset({"startEvent", "endEvent", "intermediateCatchEvent", "intermediateThrowEvent", "boundaryEvent"})
FLOW_NODES = ACTIVITIES | GATEWAYS | EVENTS
IGNORED = frozenset({
    "laneSet", "documentation", "extensionElements", "dataObject", "dataObjectReference", "dataStoreReference",
    "textAnnotation", "association", "group", "ioSpecification", "dataInputAssociation", "dataOutputAssociation",
    "property", "auditing", "monitoring", "incoming", "outgoing", "multiInstanceLoopCharacteristics",
    "standardLoopCharacteristics", "artifact", "category", "correlationSubscription", "supports", "resourceRole",
    "potentialOwner", "humanPerformer", "performer", "completionCondition",
})  # fmt: skip


class Reader:
    """Reads one file. ``processes``, ``findings`` and ``forms`` made from fields in it are there afterwards.

    ``drawings``: processes that nobody marked as executable are meant to run.
    """

    def __init__(self, file: str, content: bytes, *, drawings: bool = False) -> None:
        self.file = file
        self.processes: list[Process] = []
        self.findings: list[Finding] = []
        self.forms: Mapping[str, bytes] = {}
        self._ids: set[str] = set()
        self._count = 0
        try:
            root = parse_xml(content)
        except XmlRefused as refused:
            self.find("error", refused.code, None, refused.line, **refused.facts)
            return
        self.forms = dialects.translate(root, self.find, drawings=drawings).forms
        standard.check(root, self.find)
        self._references = self._collect_references(root)
        for element in root:
            if element.tag == f"{{{BPMN}}}process":
                self._process(element)
        if not self.processes and not self.findings:
            self.find("error", "no_process", None, None)

    def find(self, severity: str, code: str, element: str | None, line: int | None, **facts: object) -> None:
        """Remember a finding."""
        self.findings.append(Finding(severity, code, self.file, element, line, facts))

    # definitions
    def _collect_references(self, root: etree._Element) -> dict[str, etree._Element]:
        kinds = ("message", "signal", "error", "escalation")
        return {el.get("id", ""): el for el in root if namespace(el) == BPMN and local_name(el) in kinds}

    def _process(self, element: etree._Element) -> None:
        key = element.get("id", "")
        if not key:
            self.find("error", "missing_id", None, line_of(element), type="process")
            return
        self._register(element)
        executable = element.get("isExecutable", "false").strip().lower() in ("true", "1")
        scope = Scope(key)
        process = Process(key, element.get("name") or key, self.file, line_of(element), executable, scope)
        process.documentation = _documentation(element)
        process.version_tag = extensions.version_tag(element)
        process.search_variables = extensions.search_variables(element)
        extensions.check_listeners(element, self.find)
        self._fill(scope, element, 1)
        extensions.inherit(element, (node for _, node in scope.walk()))
        self._lanes(element, scope)
        self.processes.append(process)

    def _register(self, element: etree._Element) -> bool:
        identifier = element.get("id")
        if identifier in self._ids:
            self.find("error", "duplicate_id", identifier, line_of(element))
            return False
        if identifier:
            self._ids.add(identifier)
        return True

    def _fill(self, scope: Scope, parent: etree._Element, nesting: int) -> None:
        if nesting > MAX_NESTING:
            self.find("error", "nested_too_deep", scope.id, line_of(parent), allowed=MAX_NESTING)
            return
        flows: list[etree._Element] = []
        for element in parent:
            if namespace(element) != BPMN:
                continue
            kind = local_name(element)
            if kind in FLOW_NODES:
                self._node(scope, element, kind, nesting)
            elif kind == "sequenceFlow":
                flows.append(element)
            elif kind == "association":
                scope.associations.append((element.get("sourceRef", ""), element.get("targetRef", "")))
            elif kind not in IGNORED:
                self.find("error", "unknown_element", element.get("id"), line_of(element), type=kind)
        for number, element in enumerate(flows):
            self._flow(scope, element, number)

    def _flow(self, scope: Scope, element: etree._Element, number: int) -> None:
        source, target = element.get("sourceRef", ""), element.get("targetRef", "")
        identifier = element.get("id") or f"{scope.id}.flow{number + 1}"
        self._register(element)
        for end in (source, target):
            if end not in scope.nodes:
                self.find("error", "dangling_flow", identifier, line_of(element), reference=end)
                return
        condition = _child(element, "conditionExpression")
        text = (condition.text or "").strip() if condition is not None else None
        extensions.check_listeners(element, self.find)
        if condition is not None:
            extensions.check_language(identifier, condition, self.find)
        scope.flows[identifier] = Flow(
            identifier, source, target, text or None, element.get("name", ""), line_of(element)
        )

    def _node(self, scope: Scope, element: etree._Element, kind: str, nesting: int) -> None:
        self._count += 1
        if self._count > MAX_NODES:
            if self._count == MAX_NODES + 1:
                self.find("error", "too_many_nodes", None, line_of(element), allowed=MAX_NODES)
            return
        identifier = element.get("id")
        if not identifier:
            self.find("error", "missing_id", None, line_of(element), type=kind)
            return
        if not self._register(element):
            return
        node = Node(identifier, kind, (element.get("name") or "").strip(), line_of(element))
        node.documentation = _documentation(element)
        node.default = element.get("default")
        self._read_event(node, element)
        self._read_activity(node, element)
        extensions.read(node, element, self.find)
        if kind in ("subProcess", "transaction", "adHocSubProcess"):
            node.by_event = element.get("triggeredByEvent") == "true"
            node.scope = Scope(identifier)
            self._fill(node.scope, element, nesting + 1)
        scope.nodes[identifier] = node

    def _read_activity(self, node: Node, element: etree._Element) -> None:
        if node.type == "callActivity":
            node.call = call_reader.read(node.id, element, self.find)
        script = _child(element, "script")
        node.script = (script.text or "") if script is not None else ""
        if node.type == "scriptTask":
            node.properties = {"scriptFormat": element.get("scriptFormat", "")}
        node.message = self._reference_name(node, element)
        condition = _child(element, "activationCondition" if node.type == "complexGateway" else "completionCondition")
        node.condition = ((condition.text or "").strip() or None) if condition is not None else None
        node.sequential = element.get("ordering") == "Sequential"
        node.cancels_rest = element.get("cancelRemainingInstances", "true") != "false"
        loop = _child(element, "multiInstanceLoopCharacteristics")
        if loop is not None:
            node.loop = _loop(loop)
        standard = _child(element, "standardLoopCharacteristics")
        if standard is not None:
            node.loop = _standard_loop(standard)
        node.compensates = element.get("isForCompensation") == "true"

    def _reference_name(self, node: Node, element: etree._Element) -> str | None:
        reference = element.get("messageRef")
        if reference is None:
            return None
        if node.type in ("receiveTask", "sendTask"):
            node.event = self._named_event("message", node, element, reference)
        return node.event.name or None

    def _read_event(self, node: Node, element: etree._Element) -> None:
        if node.type not in EVENTS:
            return
        if node.type == "boundaryEvent":
            node.attached_to = element.get("attachedToRef")
            node.interrupting = element.get("cancelActivity", "true") != "false"
        if node.type == "startEvent":
            node.interrupting = element.get("isInterrupting", "true") != "false"
        definitions = [child for child in element if local_name(child).endswith("EventDefinition")]
        if len(definitions) > 1 or element.get("parallelMultiple") == "true":
            self.find("error", "multiple_events", node.id, node.line)
        elif definitions:
            node.event = self._event(node, definitions[0])
        elif _child(element, "eventDefinitionRef") is not None:
            self.find("error", "event_reference", node.id, node.line)

    def _event(self, node: Node, definition: etree._Element) -> EventText:
        kind = local_name(definition).removesuffix("EventDefinition")
        if kind == "timer":
            return EventText("timer", timer=self._timer(node, definition))
        if kind == "conditional":
            condition, about = self._condition(node, definition), extensions.filter_of(node, definition, self.find)
            return EventText("conditional", condition=condition, filter=about)
        if kind == "compensate":
            if definition.get("waitForCompletion") == "false":
                self.find("error", "compensation_wait", node.id, line_of(definition))
            return EventText("compensate", (definition.get("activityRef") or "").rpartition(":")[2])
        if kind == "link":
            return EventText("link", definition.get("name", ""))
        if kind in ("message", "signal", "error", "escalation"):
            event = self._named_event(kind, node, definition, definition.get(f"{kind}Ref"))
            topic = definition.get(f"{{{extensions.CAMUNDA}}}topic")
            return EventText(kind, event.name, correlation=event.correlation, topic=topic)
        return EventText(kind)

    def _named_event(self, kind: str, node: Node, element: etree._Element, reference: str | None) -> EventText:
        target = self._references.get((reference or "").rpartition(":")[2])
        if target is None:
            if kind in ("message", "signal") or reference:
                self.find("error", "missing_reference", node.id, line_of(element), kind=kind, reference=reference or "")
            return EventText(kind)
        code = {"error": "errorCode", "escalation": "escalationCode"}.get(kind, "name")
        name = target.get(code) or ("" if kind == "error" else target.get("name")) or self._identity(kind, target)
        if not name and kind in ("message", "signal"):
            self.find("error", "missing_name", node.id, line_of(target), kind=kind)
        return EventText(kind, name, correlation=extensions.correlation_key(target))

    def _identity(self, kind: str, target: etree._Element) -> str:
        """An error without a code is any error; where there are several, each is another."""
        code = {"error": "errorCode", "escalation": "escalationCode"}.get(kind, "")
        others = (element for element in self._references.values() if local_name(element) == kind)
        several = code and sum(not element.get(code) for element in others) > 1
        return (target.get("name") or target.get("id") or "") if several else ""

    def _condition(self, node: Node, definition: etree._Element) -> str | None:
        child = _child(definition, "condition")
        text = (child.text or "").strip() if child is not None else ""
        if child is None or not text:
            self.find("error", "condition_missing", node.id, line_of(definition))
            return None
        extensions.check_language(node.id, child, self.find)
        return text

    def _timer(self, node: Node, definition: etree._Element) -> TimerText | None:
        for tag, kind in (("timeDate", "date"), ("timeDuration", "duration"), ("timeCycle", "cycle")):
            child = _child(definition, tag)
            if child is not None and (child.text or "").strip():
                return TimerText(kind, (child.text or "").strip().strip("\"'"))
        self.find("error", "timer_without_time", node.id, line_of(definition))
        return None

    def _lanes(self, element: etree._Element, scope: Scope) -> None:
        """Each node gets the id of its innermost lane; nodes inside a sub-process get the sub-process's lane."""
        lanes: dict[str, str] = {}
        for lane in element.iter(f"{{{BPMN}}}lane"):
            for reference in lane.findall(f"{{{BPMN}}}flowNodeRef"):
                lanes[(reference.text or "").strip()] = lane.get("id", "")
        for node in scope.nodes.values():
            _assign_lane(node, lanes, None)


def _assign_lane(node: Node, lanes: dict[str, str], inherited: str | None) -> None:
    node.lane = lanes.get(node.id, inherited)
    for inner in node.scope.nodes.values() if node.scope else ():
        _assign_lane(inner, lanes, node.lane)


def _loop(element: etree._Element) -> LoopText:
    def text(tag: str) -> str | None:
        child = _child(element, tag)
        return (child.text or "").strip() or None if child is not None else None

    item, output = _child(element, "inputDataItem"), _child(element, "outputDataItem")
    return LoopText(
        sequential=element.get("isSequential") == "true",
        collection=element.get(f"{{{extensions.CAMUNDA}}}collection") or text("loopDataInputRef"),
        element=element.get(f"{{{extensions.CAMUNDA}}}elementVariable") or _item_name(item),
        cardinality=text("loopCardinality"),
        completion=text("completionCondition"),
        output_collection=text("loopDataOutputRef"),
        output_element=_item_name(output),
    )


def _standard_loop(element: etree._Element) -> LoopText:
    condition = _child(element, "loopCondition")
    return LoopText(
        sequential=True,
        standard=True,
        condition=((condition.text or "").strip() or None) if condition is not None else None,
        maximum=(element.get("loopMaximum") or "").strip() or None,
        test_before=element.get("testBefore") == "true",
    )


def _item_name(element: etree._Element | None) -> str | None:
    return None if element is None else element.get("name") or element.get("id")


def _child(element: etree._Element, tag: str) -> etree._Element | None:
    return element.find(f"{{{BPMN}}}{tag}")


def _documentation(element: etree._Element) -> str:
    child = _child(element, "documentation")
    return "".join(_texts(child)).strip() if child is not None else ""


def _texts(element: etree._Element) -> Iterator[str]:
    return (text for text in element.itertext() if isinstance(text, str))
