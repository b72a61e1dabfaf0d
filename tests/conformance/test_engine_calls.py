"""Call activities as one instance sees them: what goes out, what comes back, errors and escalations of the called."""

from __future__ import annotations

import pytest

from engine.errors import ExecutionFailed, ExpressionFailed
from engine.model import CallRequest, CallVersion
from engine.spiff import compile_files
from tests.support.workflows import MODES, Play, document, user

pytestmark = pytest.mark.parametrize("mode", MODES)

START, END = '<startEvent id="s"/>\n', '<endEvent id="e"/>\n'
BAD = '<errorEventDefinition errorRef="bad_"/>'
LATEST = 'camunda:calledElementBinding="latest"'
TAGGED = 'camunda:calledElementBinding="versionTag"'
UP = '<escalationEventDefinition escalationRef="up_"/>'


def call(mappings: str = "", inner: str = "", attributes: str = "") -> str:
    extension = f"<extensionElements>{mappings}</extensionElements>" if mappings else ""
    return f'<callActivity id="c" calledElement="child" {attributes}>{extension}{inner}</callActivity>'


def boundary(identifier: str, event: str, interrupting: bool = True) -> str:
    flag = "true" if interrupting else "false"
    return f'<boundaryEvent id="{identifier}" attachedToRef="c" cancelActivity="{flag}">{event}</boundaryEvent>'


def request(play: Play, item: int = 0) -> CallRequest:
    return play.resume().request(play.waiting.calls[item].task_id)


def test_nothing_goes_in_or_out_by_itself(mode: str) -> None:
    play = Play(START + END + call() + user("z") + "\ns > c > z > e", {"x": 1}, mode=mode)
    assert (play.tasks, [row.key for row in play.waiting.calls]) == ([], ["child"])
    assert request(play) == CallRequest("child", None, {})
    play.answer("c", secret=3)
    assert (play.tasks, play.variables, play.waiting.calls) == (["z"], {"x": 1}, ())
    assert play.do("z").done
    assert play.trace[1:3] == ["entered c", "completed c"]


def test_variables_and_business_key(mode: str) -> None:
    mappings = (
        '<camunda:in businessKey="=&quot;B-&quot; + number"/><camunda:in source="x" target="y"/>'
        '<camunda:in sourceExpression="${x + 1}" target="z"/><camunda:in source="nothing" target="n"/>'
        '<camunda:out source="result" target="found"/><camunda:out sourceExpression="=a + b" target="sum"/>'
    )
    play = Play(START + user("z") + call(mappings) + "\ns > c > z", {"x": 1, "number": "7"}, mode=mode)
    assert request(play) == CallRequest("child", "B-7", {"y": 1, "z": 2, "n": None})
    play.answer("c", result={"ok": True}, a=1, b=2)
    assert play.variables == {"x": 1, "number": "7", "found": {"ok": True}, "sum": 3}


def test_all_variables_both_ways(mode: str) -> None:
    mappings = '<camunda:in variables="all"/><camunda:out variables="all"/>'
    play = Play(START + user("z") + call(mappings) + "\ns > c > z", {"x": 1}, mode=mode)
    assert request(play).variables == {"x": 1}
    assert play.answer("c", x=2, y=3).variables == {"x": 2, "y": 3}


def test_one_call_per_item(mode: str) -> None:
    loop = '<multiInstanceLoopCharacteristics camunda:collection="items" camunda:elementVariable="item"/>'
    mappings = '<camunda:in source="item" target="order"/><camunda:in businessKey="${item}"/>'
    body = START + user("z") + call(mappings, loop) + "\ns > c > z"
    play = Play(body, {"items": ["a", "b", "c"]}, mode=mode)
    assert [request(play, number).variables["order"] for number in range(3)] == ["a", "b", "c"]
    assert [request(play, number).business_key for number in range(3)] == ["a", "b", "c"]
    assert play.answer("c", 1).answer("c").tasks == []
    assert play.answer("c").tasks == ["z"]


def test_one_call_after_the_other(mode: str) -> None:
    loop = '<multiInstanceLoopCharacteristics isSequential="true" camunda:collection="items"/>'
    play = Play(START + user("z") + call("", loop) + "\ns > c > z", {"items": [1, 2]}, mode=mode)
    assert len(play.waiting.calls) == 1
    assert len(play.answer("c").waiting.calls) == 1
    assert play.answer("c").tasks == ["z"]


def test_an_error_of_the_called_process_takes_the_boundary(mode: str) -> None:
    body = START + call() + boundary("b", BAD) + user("y") + user("z") + "\ns > c > y\nb > z"
    play = Play(body, mode=mode).break_off("c", "BAD")
    assert (play.tasks, play.cancelled("c"), play.waiting.calls) == (["z"], 1, ())


def test_an_error_of_one_item_ends_all(mode: str) -> None:
    loop = "<multiInstanceLoopCharacteristics><loopCardinality>3</loopCardinality></multiInstanceLoopCharacteristics>"
    body = START + call("", loop) + boundary("b", BAD) + user("y") + user("z") + "\ns > c > y\nb > z"
    play = Play(body, mode=mode).break_off("c", "BAD", 1)
    assert (play.tasks, play.waiting.calls) == (["z"], ())


def test_an_error_nobody_catches_is_said(mode: str) -> None:
    with pytest.raises(ExecutionFailed) as raised:
        Play(START + call() + "\ns > c", mode=mode).break_off("c", "BAD")
    assert raised.value.facts["node_id"] == "c"


def test_in_a_called_process_an_error_nobody_catches_goes_to_the_caller(mode: str) -> None:
    body = START + '<parallelGateway id="g"/>' + user("a") + user("b") + f'<endEvent id="e">{BAD}</endEvent>'
    play = Play(body + "\ns > g > a > e\ng > b", mode=mode, called=True).do("a")
    assert (play.done, play.execution.error, play.cancelled("b")) == (True, "BAD", 1)
    inner = f'<subProcess id="sub"><endEvent id="e">{BAD}</endEvent></subProcess>'
    play = Play(START + inner + user("a") + user("b") + "\ns > sub > a\ns > b", mode=mode, called=True)
    assert (play.done, play.execution.error, play.tasks) == (True, "BAD", [])
    handler = '<serviceTask id="v" camunda:type="external" camunda:topic="t"/>'
    play = Play(START + handler + user("a") + "\ns > v > a", mode=mode, called=True).fail("v", "BAD")
    assert (play.done, play.execution.error) == (True, "BAD")


def test_an_error_that_is_caught_stays_in_the_called_process(mode: str) -> None:
    inner = f'<subProcess id="c"><endEvent id="e">{BAD}</endEvent></subProcess>'
    body = START + inner + boundary("b", BAD) + user("z") + "\ns > c\nb > z"
    play = Play(body, mode=mode, called=True)
    assert (play.tasks, play.execution.error) == (["z"], None)


@pytest.mark.parametrize(("interrupting", "calls"), [(True, 0), (False, 1)])
def test_an_escalation_of_the_called_process(mode: str, interrupting: bool, calls: int) -> None:
    body = START + call() + boundary("b", UP, interrupting) + user("y") + user("z") + "\ns > c > y\nb > z"
    play = Play(body, mode=mode).escalate("c", "UP")
    assert (play.tasks, len(play.waiting.calls)) == (["z"], calls)


def test_an_escalation_nobody_catches_goes_to_the_caller(mode: str) -> None:
    body = START + f'<intermediateThrowEvent id="t">{UP}</intermediateThrowEvent>' + user("a") + "\ns > t > a"
    play = Play(body, mode=mode, called=True)
    assert (play.tasks, play.execution.escalated) == (["a"], ["UP"])


def test_a_timer_ends_the_waiting(mode: str) -> None:
    timer = "<timerEventDefinition><timeDuration>PT1H</timeDuration></timerEventDefinition>"
    body = START + call() + boundary("b", timer) + user("y") + user("z") + "\ns > c > y\nb > z"
    play = Play(body, mode=mode).ring("b")
    assert (play.tasks, play.waiting.calls) == (["z"], ())


def test_what_is_called_may_be_computed(mode: str) -> None:
    """The variables at the call say which process and which version: those of the item of a loop as well."""
    loop = '<multiInstanceLoopCharacteristics camunda:collection="items" camunda:elementVariable="item"/>'
    body = START + user("z") + f'<callActivity id="c" calledElement="check_${{item}}">{loop}</callActivity>\ns > c > z'
    play = Play(body, {"items": ["a", "b"]}, mode=mode)
    assert [request(play, number).key for number in range(2)] == ["check_a", "check_b"]
    assert request(play) == CallRequest("check_a", None, {}, CallVersion(""))
    assert play.answer("c").answer("c").tasks == ["z"]
    number = 'camunda:calledElementBinding="version" camunda:calledElementVersion="${number}"'
    for given in (3, "3"):
        play = Play(START + call(attributes=number) + "\ns > c", {"number": given}, mode=mode)
        assert request(play) == CallRequest("child", None, {}, CallVersion("version", version=3))
    tag = f'{TAGGED} camunda:calledElementVersionTag="2026-${{quarter}}"'
    play = Play(START + call(attributes=tag) + "\ns > c", {"quarter": "Q4"}, mode=mode)
    assert request(play) == CallRequest("child", None, {}, CallVersion("versionTag", tag="2026-Q4"))


@pytest.mark.parametrize(
    ("attributes", "value"),
    [
        ('calledElement="${x}"', 7),
        ('calledElement="${x}"', ""),
        ('calledElement="${x}"', None),
        ('calledElement="q" camunda:calledElementBinding="version" camunda:calledElementVersion="${x}"', "newest"),
        ('calledElement="q" camunda:calledElementBinding="version" camunda:calledElementVersion="${x}"', True),
        ('calledElement="q" camunda:calledElementBinding="version" camunda:calledElementVersion="${x}"', -1),
        (f'calledElement="q" {TAGGED} camunda:calledElementVersionTag="${{x}}"', 2),
    ],
)
def test_what_names_no_process_is_said_at_the_call(mode: str, attributes: str, value: object) -> None:
    play = Play(START + f'<callActivity id="c" {attributes}/>' + "\ns > c", {"x": value}, mode=mode)
    with pytest.raises(ExpressionFailed) as raised:
        request(play)
    assert raised.value.facts["node_id"] == "c"


@pytest.mark.parametrize(
    ("code", "element"),
    [
        ("call_target", '<callActivity id="c"/>'),
        ("call_computed", '<callActivity id="c" calledElement="${key}"/>'),
        ("expression", '<callActivity id="c" calledElement="${key.__class__}"/>'),
        ("expression", call(attributes=f'{TAGGED} camunda:calledElementVersionTag="${{open(1)}}"')),
        ("call_binding", call(attributes='camunda:calledElementBinding="version" camunda:calledElementVersion="²"')),
        ("call_binding", call(attributes='camunda:calledElementBinding="versionTag"')),
        ("call_binding", call(attributes='camunda:calledElementBinding="version"')),
        ("call_mapping", call('<camunda:in source="x"/>')),
        ("call_mapping", call('<camunda:out source="x" target="y" local="true"/>')),
        ("call_versions", call() + call(attributes=LATEST).replace('"c"', '"d"')),
        ("call_latest", call(attributes=LATEST)),
        ("call_recursion", '<callActivity id="c" calledElement="p"/>'),
        ("expression", call('<camunda:in sourceExpression="=open(1)" target="x"/>')),
        ("attribute_unknown", call(attributes='camunda:caseRef="x"')),
    ],
)  # fmt: skip
def test_what_is_said_when_deploying(mode: str, code: str, element: str) -> None:
    assert code in {found.code for found in compile_files({"p.bpmn": document(START + element)}).findings}


def test_recursion_after_somebody_waited_is_fine(mode: str) -> None:
    body = START + user("a") + '<callActivity id="c" calledElement="p"/>\ns > a > c'
    assert not compile_files({"p.bpmn": document(body)}).findings
