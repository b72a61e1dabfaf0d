"""Events by position and trigger: every combination of BPMN 2.0, tables 10.86 to 10.93, and those it does not know."""

from __future__ import annotations

from tests.conformance.patterns import DEFINITIONS, END, START, Pattern, edge, event, sub
from tests.support.workflows import user

POSITIONS = {
    "start": "start of a process",
    "inner": "start of a sub-process",
    "scope": "event sub-process, interrupting",
    "beside": "event sub-process, not interrupting",
    "catch": "intermediate, catching",
    "gateway": "behind an event-based gateway",
    "throw": "intermediate, throwing",
    "edge": "boundary, interrupting",
    "edge_beside": "boundary, not interrupting",
    "end": "end",
}
OUTSIDE = ("message", "timer", "signal", "conditional")
"""What comes from outside. Errors and escalations are thrown by an end event inside."""


def come(trigger: str, node: str) -> str:
    """The move by which an event happens."""
    return {"message": "send hello", "timer": f"ring {node}", "signal": "send alarm", "conditional": "set x=1"}[trigger]


def from_outside(position: str, node: str, path: str, *then: str) -> dict[tuple[str, str], tuple[tuple[str, ...], str]]:
    """The four triggers that come from outside behave alike."""
    return {(position, trigger): ((come(trigger, node), *then), path) for trigger in OUTSIDE}


RUNS: dict[tuple[str, str], tuple[tuple[str, ...], str]] = {
    **{("start", name): (("do a",), "s a e") for name in ("none", "message", "signal", "timer")},
    ("inner", "none"): (("do a",), "s i a sub e"),
    **from_outside("scope", "v", "s v h scope", "do h"),
    ("scope", "error"): (("do a", "do h"), "s a x v h scope"),
    ("scope", "escalation"): (("do a", "do h"), "s a x v h scope"),
    **{(position, "compensation"): (("do a", "do h"), "s i a sub v h scope sub t") for position in ("scope", "beside")},
    **from_outside("beside", "v", "s v h scope a x", "do h", "do a"),
    ("beside", "escalation"): (("do a", "do h"), "s a x v h scope"),
    **from_outside("catch", "c", "s c e"),
    ("catch", "link"): ((), "s t c e"),
    **from_outside("gateway", "c", "s g c e"),
    **{("throw", name): ((), "s t e") for name in ("none", "message", "signal", "escalation", "compensation")},
    ("throw", "link"): ((), "s t c e"),
    **from_outside("edge", "b", "s b h", "do h"),
    ("edge", "error"): (("do a", "do h"), "s i a x b h"),
    ("edge", "escalation"): (("do a", "do h"), "s i a x b h"),
    ("edge", "compensation"): (("do a", "do undo"), "s a undo t e"),
    ("edge", "cancel"): (("do a", "do h"), "s i a x b h"),
    **from_outside("edge_beside", "b", "s b h a e", "do h", "do a"),
    ("edge_beside", "escalation"): (("do a", "do h"), "s i a x sub b e h"),
    ("edge_beside", "compensation"): (("do a", "do undo"), "s a undo t e"),
    **{("end", name): ((), "s e")
       for name in ("none", "message", "signal", "escalation", "error", "compensation", "terminate")},
}  # fmt: skip

REFUSED = {
    **{(position, "multiple"): ("multiple_events",) for position in POSITIONS},
    **{("gateway", trigger): ("event_gateway_target",) for trigger in DEFINITIONS if trigger not in OUTSIDE},
    ("gateway", "multiple"): ("multiple_events",),
    ("beside", "error"): ("error_not_interrupting",),
    ("edge_beside", "error"): ("error_not_interrupting",),
    ("edge_beside", "cancel"): ("cancel_not_interrupting",),
    ("end", "cancel"): ("cancel_place",),
}
"""The finding; where nothing stands here it is ``event_not_supported``."""


def body(position: str, trigger: str) -> str:
    """The smallest process with such an event."""
    return BODIES[position](DEFINITIONS[trigger], trigger)


def _start(definition: str, _trigger: str) -> str:
    return event("startEvent", "s", definition) + user("a") + END + "\ns > a > e"


def _inner(definition: str, _trigger: str) -> str:
    inside = event("startEvent", "i", definition) + user("a") + "\ni > a"
    return START + sub("sub", inside) + END + "\ns > sub > e"


def _scope(definition: str, trigger: str, interrupting: bool = True) -> str:
    flag = f'isInterrupting="{str(interrupting).lower()}"'
    inside = event("startEvent", "v", definition, flag) + user("h") + "\nv > h"
    if trigger == "compensation":
        held = event("startEvent", "i") + user("a") + "\ni > a\n" + sub("scope", inside, 'triggeredByEvent="true"')
        return START + sub("sub", held) + event("intermediateThrowEvent", "t", definition) + "\ns > sub > t"
    thrown = DEFINITIONS[trigger] if trigger in ("error", "escalation") else ""
    around = START + user("a") + event("endEvent", "x", thrown) + "\ns > a > x\n"
    return around + sub("scope", inside, 'triggeredByEvent="true"')


def _beside(definition: str, trigger: str) -> str:
    return _scope(definition, trigger, False)


def _catch(definition: str, trigger: str) -> str:
    if trigger == "link":
        return _throw(definition, trigger)
    return START + event("intermediateCatchEvent", "c", definition) + END + "\ns > c > e"


def _gateway(definition: str, _trigger: str) -> str:
    caught = event("intermediateCatchEvent", "c", definition)
    return START + '<eventBasedGateway id="g"/>' + caught + END + "\ns > g > c > e"


def _throw(definition: str, trigger: str) -> str:
    thrown = event("intermediateThrowEvent", "t", definition)
    if trigger == "link":
        return START + thrown + event("intermediateCatchEvent", "c", definition) + END + "\ns > t\nc > e"
    return START + thrown + END + "\ns > t > e"


def _edge(definition: str, trigger: str, interrupting: bool = True) -> str:
    if trigger == "compensation":
        handler = user("undo", 'isForCompensation="true" camunda:candidateGroups="o"')
        link = '<association id="as" sourceRef="b" targetRef="undo"/>'
        thrown = event("intermediateThrowEvent", "t", definition)
        host = START + user("a") + edge("b", "a", definition, interrupting)
        return host + handler + link + thrown + END + "\ns > a > t > e"
    if trigger in ("error", "escalation", "cancel", "terminate"):
        kind = "transaction" if trigger == "cancel" else "subProcess"
        inside = event("startEvent", "i") + user("a") + event("endEvent", "x", definition) + "\ni > a > x"
        host = START + sub("sub", inside, kind=kind) + edge("b", "sub", definition, interrupting)
        return host + user("h") + END + "\ns > sub > e\nb > h"
    return START + user("a") + edge("b", "a", definition, interrupting) + user("h") + END + "\ns > a > e\nb > h"


def _edge_beside(definition: str, trigger: str) -> str:
    return _edge(definition, trigger, False)


def _end(definition: str, _trigger: str) -> str:
    return START + event("endEvent", "e", definition) + "\ns > e"


BODIES = {
    "start": _start,
    "inner": _inner,
    "scope": _scope,
    "beside": _beside,
    "catch": _catch,
    "gateway": _gateway,
    "throw": _throw,
    "edge": _edge,
    "edge_beside": _edge_beside,
    "end": _end,
}


def cell(position: str, trigger: str) -> Pattern:
    """What such an event does, or why it is refused."""
    found = RUNS.get((position, trigger))
    refused = () if found else REFUSED.get((position, trigger), ("event_not_supported",))
    moves, path = found or ((), "")
    begins = "hello" if (position, trigger) == ("start", "message") else None
    return Pattern(
        en=f"{trigger}, {POSITIONS[position]}",
        zh="",
        body=body(position, trigger),
        moves=moves,
        path=path,
        variables={"x": 0},
        message=begins,
        refused=refused,
    )
