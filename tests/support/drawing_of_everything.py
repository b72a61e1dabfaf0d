"""A BPMN file with one element of every kind, laid out in a grid, for tests of the editors."""

from __future__ import annotations

EVENTS = {  # attributes and content of the event definition
    "message": (' messageRef="m"', ""),
    "timer": ("", "<bpmn:timeDuration>P3D</bpmn:timeDuration>"),
    "signal": (' signalRef="s"', ""),
    "conditional": ("", "<bpmn:condition>${a}</bpmn:condition>"),
    "error": (' errorRef="e"', ""),
    "escalation": (' escalationRef="x"', ""),
    "link": (' name="l"', ""),
    "compensate": ("", ""),
    "terminate": ("", ""),
}
PLACES = {
    "startEvent": ("", "message", "timer", "signal", "conditional"),
    "intermediateCatchEvent": ("message", "timer", "signal", "conditional", "link"),
    "intermediateThrowEvent": ("", "message", "signal", "escalation", "link", "compensate"),
    "endEvent": ("", "message", "signal", "error", "escalation", "compensate", "terminate"),
}
TASKS = (
    "task", "userTask", "serviceTask", "sendTask", "receiveTask", "manualTask", "scriptTask", "businessRuleTask",
    "callActivity", "subProcess", "adHocSubProcess", "transaction",
)  # fmt: skip
GATEWAYS = ("exclusiveGateway", "parallelGateway", "inclusiveGateway", "eventBasedGateway", "complexGateway")
LOOPS = {
    "each": '<bpmn:multiInstanceLoopCharacteristics camunda:collection="${list}" camunda:elementVariable="one" />',
    "again": "<bpmn:standardLoopCharacteristics><bpmn:loopCondition>${a}</bpmn:loopCondition>"
    "</bpmn:standardLoopCharacteristics>",
}
SIZES = {"Event": (36, 36), "Gateway": (50, 50)}
COLUMNS = 9


def drawing(names: str = "") -> str:
    """The file. ``names``: what every task is called, already as XML text."""
    nodes = _nodes(names)
    shapes = "".join(_shape(number, identifier, text) for number, (identifier, text) in enumerate(nodes))
    ids = [identifier for identifier, _text in nodes]
    flow = ids.index("exclusiveGateway"), ids.index("userTask")
    (left, top), (right, down) = (_place(number) for number in flow)
    return (
        '<?xml version="1.0" encoding="UTF-8"?><bpmn:definitions '
        'xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:camunda="http://camunda.org/schema/1.0/bpmn" '
        'xmlns:bpmndi="http://www.omg.org/spec/BPMN/20100524/DI" xmlns:dc="http://www.omg.org/spec/DD/20100524/DC" '
        'xmlns:di="http://www.omg.org/spec/DD/20100524/DI" id="d" targetNamespace="http://keliu.example/everything">'
        '<bpmn:message id="m" name="asked" /><bpmn:signal id="s" name="called" />'
        '<bpmn:error id="e" name="wrong" errorCode="wrong" /><bpmn:escalation id="x" name="up" escalationCode="up" />'
        f'<bpmn:process id="everything" name="全部元素" isExecutable="true">{"".join(text for _id, text in nodes)}'
        '<bpmn:sequenceFlow id="flow" sourceRef="exclusiveGateway" targetRef="userTask" /></bpmn:process>'
        f'<bpmndi:BPMNDiagram id="b"><bpmndi:BPMNPlane id="p" bpmnElement="everything">{shapes}'
        '<bpmndi:BPMNEdge id="flow_di" bpmnElement="flow">'
        f'<di:waypoint x="{left + 25}" y="{top}" /><di:waypoint x="{right + 50}" y="{down + 80}" /></bpmndi:BPMNEdge>'
        "</bpmndi:BPMNPlane></bpmndi:BPMNDiagram></bpmn:definitions>"
    )


def ids() -> list[str]:
    """Everything that can be chosen on it."""
    return [identifier for identifier, _text in _nodes("")]


def _nodes(names: str) -> list[tuple[str, str]]:
    found = [(kind, _node(kind, kind, "", names)) for kind in (*TASKS, *GATEWAYS)]
    found += [(name, _node("userTask", name, loop, names)) for name, loop in LOOPS.items()]
    for kind, definitions in PLACES.items():
        for definition in definitions:
            identifier = f"{kind}_{definition}" if definition else kind
            inside = _definition(definition) if definition else ""
            found.append((identifier, _node(kind, identifier, inside, "")))
    data = '<bpmn:dataObjectReference id="data" dataObjectRef="data_object" /><bpmn:dataObject id="data_object" />'
    found += [
        ("data", data),
        ("store", '<bpmn:dataStoreReference id="store" />'),
        ("remark", '<bpmn:textAnnotation id="remark"><bpmn:text>注释</bpmn:text></bpmn:textAnnotation>'),
    ]
    return found


def _definition(kind: str) -> str:
    attributes, content = EVENTS[kind]
    return f"<bpmn:{kind}EventDefinition{attributes}>{content}</bpmn:{kind}EventDefinition>"


def _node(kind: str, identifier: str, inside: str, name: str) -> str:
    called = f' name="{name}"' if name else ""
    return f'<bpmn:{kind} id="{identifier}"{called}>{inside}</bpmn:{kind}>'


def _place(number: int) -> tuple[int, int]:
    return 160 + number % COLUMNS * 150, 100 + number // COLUMNS * 130


def _shape(number: int, identifier: str, text: str) -> str:
    left, top = _place(number)
    kind = text[len("<bpmn:") : text.index(" ")]
    width, height = next((size for end, size in SIZES.items() if kind.endswith(end)), (100, 80))
    bounds = f'<dc:Bounds x="{left}" y="{top}" width="{width}" height="{height}" />'
    expanded = ' isExpanded="false"' if "ubProcess" in kind or kind == "transaction" else ""
    return f'<bpmndi:BPMNShape id="{identifier}_di" bpmnElement="{identifier}"{expanded}>{bounds}</bpmndi:BPMNShape>'
