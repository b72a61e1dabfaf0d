"""Small processes that stand still in every kind of waiting state, and how an instance of each gets there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.support.workflows import document, user

BEGIN, OVER = '<startEvent id="s"/>\n', '<endEvent id="e"/>\n'
FLAKY, EXTERNAL = "upgrade.flaky", "upgrade.outside"
MONTH = "<timerEventDefinition><timeDuration>P1M</timeDuration></timerEventDefinition>"
STOP = '<messageEventDefinition messageRef="stop_"/>'
HELLO = '<messageEventDefinition messageRef="hello_"/>'
MORE = '<messageEventDefinition messageRef="more_"/>'
KEYED = '<messageEventDefinition messageRef="keyed_"/>'
ALARM = '<signalEventDefinition signalRef="alarm_"/>'
LARGE = "<conditionalEventDefinition><condition>x &gt; 5</condition></conditionalEventDefinition>"
SPLIT = '<parallelGateway id="g"/>'


@dataclass(frozen=True, slots=True)
class Course:
    """An instance: the process, its first variables, and what happens before the release is left.

    A move is (what, name, variables): ``do`` and ``claim`` a task's node, ``send`` a message, ``signal``, ``wait``
    minutes, ``work``: run due jobs, ``fetch`` and ``fail`` for a worker outside.
    """

    key: str
    variables: Mapping[str, Any] = field(default_factory=dict)
    moves: Sequence[tuple[Any, ...]] = ()


def catch(identifier: str, event: str) -> str:
    """An intermediate event."""
    return f'<intermediateCatchEvent id="{identifier}">{event}</intermediateCatchEvent>'


def boundary(identifier: str, host: str, event: str, interrupting: bool = True) -> str:
    """A boundary event."""
    flag = "true" if interrupting else "false"
    return f'<boundaryEvent id="{identifier}" attachedToRef="{host}" cancelActivity="{flag}">{event}</boundaryEvent>'


def on_event(name: str, event: str, work: str, interrupting: bool) -> str:
    """An event sub-process with one task."""
    start = f'<startEvent id="{name}_s" isInterrupting="{str(interrupting).lower()}">{event}</startEvent>'
    inner = f"{start}{user(work)}\n{name}_s > {work}\n"
    return f'<subProcess id="{name}" triggeredByEvent="true">{inner}</subProcess>'


def items(collection: str, sequential: bool = False) -> str:
    """A multi-instance over a variable."""
    flag = str(sequential).lower()
    attributes = f'isSequential="{flag}" camunda:collection="{collection}" camunda:elementVariable="item"'
    return f"<multiInstanceLoopCharacteristics {attributes}/>"


def undone(host: str) -> str:
    """A task and the task that undoes it."""
    event = f'<boundaryEvent id="b_{host}" attachedToRef="{host}"><compensateEventDefinition/></boundaryEvent>'
    undo = user(f"undo_{host}", 'camunda:candidateGroups="office" isForCompensation="true"')
    return user(host) + event + undo + f'<association id="as_{host}" sourceRef="b_{host}" targetRef="undo_{host}"/>'


def service(identifier: str, topic: str, inner: str = "") -> str:
    """A service task."""
    return f'<serviceTask id="{identifier}" camunda:type="external" camunda:topic="{topic}">{inner}</serviceTask>'


def call(identifier: str, inner: str = "") -> str:
    """A call of the process ``called``."""
    mapping = '<camunda:in variables="all"/><camunda:out source="answer" target="answer"/>'
    head = f'<callActivity id="{identifier}" calledElement="called">'
    return f"{head}<extensionElements>{mapping}</extensionElements>{inner}</callActivity>"


CYCLE = "<timerEventDefinition><timeCycle>R5/PT1H</timeCycle></timerEventDefinition>"
LOOP = (
    '<standardLoopCharacteristics testBefore="false"><loopCondition>again</loopCondition></standardLoopCharacteristics>'
)
CANCEL = '<endEvent id="ce"><cancelEventDefinition/></endEvent>'
UNDO = '<intermediateThrowEvent id="t"><compensateEventDefinition/></intermediateThrowEvent>'

BODIES: dict[str, str] = {
    "steps": BEGIN + OVER + user("a") + user("b") + "\ns > a > b > e",
    "scripted": BEGIN + user("a") + '<scriptTask id="k"><script>y = x + 1</script></scriptTask>' + "\ns > a > k",
    "sleeping": BEGIN + catch("c", MONTH) + user("z") + "\ns > c > z",
    "ringing": BEGIN + user("a") + boundary("b", "a", CYCLE, False) + user("r") + user("z") + "\ns > a > z\nb > r",
    "called": BEGIN + OVER + user("inner") + "\ns > inner > e",
    "calling": BEGIN + OVER + call("c") + user("z") + "\ns > c > z > e",
    "calling_each": BEGIN + call("c", items("things")) + user("z") + "\ns > c > z",
    "told": BEGIN + user("a") + catch("c", KEYED) + user("z") + "\ns > a > c > z",
    "receiving": BEGIN + '<receiveTask id="c" messageRef="hello_"/>' + user("z") + "\ns > c > z",
    "guarded": BEGIN
    + user("a")
    + boundary("late", "a", MONTH)
    + boundary("told", "a", MORE, False)
    + boundary("rung", "a", ALARM)
    + user("l")
    + user("m")
    + user("r")
    + "\ns > a\nlate > l\ntold > m\nrung > r",
    "choosing": BEGIN
    + '<eventBasedGateway id="g"/>'
    + catch("c", HELLO)
    + catch("d", MONTH)
    + catch("f", ALARM)
    + user("z")
    + "\ns > g > c > z\ng > d > z\ng > f > z",
    "each": BEGIN + user("a", inner=items("things")) + user("z") + "\ns > a > z",
    "one_by_one": BEGIN + user("a", inner=items("things", True)) + user("z") + "\ns > a > z",
    "each_part": BEGIN
    + f'<subProcess id="sub"><startEvent id="i"/>{user("a")}{user("b")}\ni > a > b\n{items("things")}</subProcess>'
    + user("z")
    + "\ns > sub > z",
    "outside": BEGIN
    + service("w", EXTERNAL)
    + boundary("b", "w", '<errorEventDefinition errorRef="bad_"/>')
    + user("y")
    + user("z")
    + "\ns > w > z\nb > y",
    "flaky": BEGIN + service("w", FLAKY) + user("z") + "\ns > w > z",
    "listening": BEGIN
    + user("a")
    + on_event("more", MORE, "m", False)
    + on_event("stop", STOP, "h", True)
    + on_event("late", MONTH, "l", False)
    + "\ns > a",
    "undoing": BEGIN + undone("a") + undone("b") + UNDO + user("z") + "\ns > a > b > t > z",
    "buying": BEGIN
    + f'<transaction id="tx"><startEvent id="i"/>{undone("a")}{undone("b")}{CANCEL}\ni > a > b > ce\n</transaction>'
    + boundary("cb", "tx", "<cancelEventDefinition/>")
    + user("z")
    + "\ns > tx\ncb > z",
    "joining": BEGIN
    + SPLIT
    + '<parallelGateway id="j"/>'
    + user("a")
    + user("b")
    + user("z")
    + "\ns > g > a > j\ng > b > j > z",
    "including": BEGIN
    + '<inclusiveGateway id="g"/><inclusiveGateway id="j"/>'
    + user("a")
    + user("b")
    + user("z")
    + "\ns > g\ng > a if x > 1\ng > b if x > 2\na > j\nb > j\nj > z",
    "conditional": BEGIN + SPLIT + catch("c", LARGE) + user("a") + user("z") + "\ns > g > c > z\ng > a",
    "free": BEGIN
    + f'<adHocSubProcess id="sub">\n{user("a")}{user("b")}{user("c")}\n</adHocSubProcess>'
    + user("z")
    + "\ns > sub > z",
    "again": BEGIN + user("a", inner=LOOP) + user("z") + "\ns > a > z",
    "failing": BEGIN
    + f'<subProcess id="sub"><startEvent id="i"/>{service("w", EXTERNAL)}{user("a")}\ni > w > a\n</subProcess>'
    + boundary("b", "sub", '<escalationEventDefinition escalationRef="up_"/>', False)
    + user("y")
    + user("z")
    + "\ns > sub > z\nb > y",
}

THINGS = {"things": ["one", "two", "three", "four"]}
COURSES: tuple[Course, ...] = (
    Course("steps"),
    Course("steps", {}, [("claim", "a")]),
    Course("steps", {}, [("do", "a")]),
    Course("steps", {}, [("do", "a"), ("do", "b")]),
    Course("steps", {}, [("suspend",)]),
    Course("steps", {}, [("cancel",)]),
    Course("scripted", {"x": "no number"}, [("stumble", "a")]),
    Course("sleeping"),
    Course("sleeping", {}, [("suspend",)]),
    Course("ringing"),
    Course("ringing", {}, [("wait", 130)]),
    Course("calling"),
    Course("calling", {}, [("work",)]),
    Course("calling", {}, [("work",), ("do", "inner", {"answer": 7})]),
    Course("calling_each", THINGS, [("work",), ("do", "inner", {"answer": 1})]),
    Course("told", {"order": "O-1"}),
    Course("told", {"order": "O-2"}, [("early", "keyed", "O-2")]),
    Course("told", {"order": "O-3"}, [("do", "a")]),
    Course("receiving"),
    Course("guarded"),
    Course("guarded", {}, [("send", "more"), ("send", "more")]),
    Course("guarded", {}, [("signal", "alarm")]),
    Course("choosing"),
    Course("choosing", {}, [("send", "hello")]),
    Course("each", THINGS),
    Course("each", THINGS, [("do", "a"), ("do", "a")]),
    Course("one_by_one", THINGS, [("do", "a")]),
    Course("each_part", THINGS, [("do", "a"), ("do", "a"), ("do", "b")]),
    Course("outside"),
    Course("outside", {}, [("fetch",)]),
    Course("outside", {}, [("fetch",), ("fail", 2)]),
    Course("outside", {}, [("fetch",), ("fail", 0)]),
    Course("outside", {}, [("fetch",), ("error",)]),
    Course("flaky"),
    Course("flaky", {}, [("work",)]),
    Course("flaky", {}, [("work",), ("wait", 600)]),
    Course("listening"),
    Course("listening", {}, [("send", "more")]),
    Course("listening", {}, [("send", "more"), ("send", "stop")]),
    Course("undoing", {}, [("do", "a"), ("do", "b")]),
    Course("undoing", {}, [("do", "a"), ("do", "b"), ("do", "undo_b")]),
    Course("buying", {}, [("do", "a")]),
    Course("buying", {}, [("do", "a"), ("do", "b")]),
    Course("joining", {}, [("do", "a")]),
    Course("including", {"x": 3}, [("do", "a")]),
    Course("conditional", {"x": 1}),
    Course("free", {}, [("do", "b")]),
    Course("again", {"again": True}, [("do", "a"), ("do", "a")]),
    Course("failing"),
)


def files() -> dict[str, bytes]:
    """The processes, to be deployed together."""
    return {f"{key}.bpmn": document(body, key) for key, body in BODIES.items()}
