"""Complex gateways that wait for some of many, and ad hoc sub-processes."""

from __future__ import annotations

import pytest

from engine.errors import ExecutionFailed
from tests.support.workflows import MODES, Play, user

pytestmark = pytest.mark.parametrize("mode", MODES)

START, END = '<startEvent id="s"/>\n', '<endEvent id="e"/>\n'


def complex_gateway(condition: str = "=activationCount >= 2", attributes: str = "") -> str:
    inner = f"<activationCondition>{condition}</activationCondition>" if condition else ""
    return f'<complexGateway id="c" {attributes}>{inner}</complexGateway>'


THREE = '<parallelGateway id="g"/>' + user("a1") + user("a2") + user("a3") + user("z")
THREE_FLOWS = "\ns > g > a1 > c > z\ng > a2 > c\ng > a3 > c\n"


@pytest.mark.parametrize("condition", ["=activationCount >= 2", "2", "${activationCount == enough}"])
def test_two_of_three_are_enough_and_the_third_is_absorbed(mode: str, condition: str) -> None:
    play = Play(START + END + THREE + complex_gateway(condition) + THREE_FLOWS + "z > e", {"enough": 2}, mode=mode)
    assert play.do("a1").tasks == ["a2", "a3"]
    assert play.do("a3").tasks == ["a2", "z"]
    assert play.do("a2").tasks == ["z"]
    assert play.do("z").done
    assert play.passed("z") == 1


def test_the_instance_ends_only_when_those_who_are_late_have_come(mode: str) -> None:
    play = Play(START + END + THREE + complex_gateway() + THREE_FLOWS + "z > e", mode=mode).do("a1").do("a2").do("z")
    assert play.tasks == ["a3"]
    assert play.do("a3").done


def test_each_round_counts_anew(mode: str) -> None:
    back = '<exclusiveGateway id="x" default="x_e"/><exclusiveGateway id="m"/>' + END
    body = START + back + THREE + complex_gateway()
    body += "\ns > m > g > a1 > c > z > x\ng > a2 > c\ng > a3 > c\nx > m if again\n"
    body += '<sequenceFlow id="x_e" sourceRef="x" targetRef="e"/>'
    play = Play(body, mode=mode)
    for again in (True, True, False):
        play.do("a1").do("a2").do("a3").do("z", again=again)
    assert play.done
    assert play.passed("z") == 3


def test_a_round_ends_when_the_missing_can_not_come(mode: str) -> None:
    stop = '<boundaryEvent id="b" attachedToRef="a3"><messageEventDefinition messageRef="stop_"/></boundaryEvent>'
    body = START + THREE + complex_gateway() + stop + user("y") + THREE_FLOWS + "b > y"
    play = Play(body, mode=mode).do("a1").do("a2").send("stop")
    assert play.tasks == ["y", "z"]
    assert play.do("y").do("z").done


def test_too_few_is_said(mode: str) -> None:
    body = START + THREE + complex_gateway("4") + THREE_FLOWS
    with pytest.raises(ExecutionFailed) as raised:
        Play(body, mode=mode).do("a1").do("a2").do("a3")
    assert raised.value.facts["node_id"] == "c"


def test_as_a_split_it_takes_all_flows_whose_condition_holds(mode: str) -> None:
    body = (
        START + complex_gateway("") + user("x") + user("y") + user("z") + "\ns > c > x if n > 1\nc > y if n > 2\nc > z"
    )
    assert Play(body, {"n": 2}, mode=mode).tasks == ["x", "z"]


def ad_hoc(inner: str, attributes: str = "", condition: str = "") -> str:
    text = f"<completionCondition>{condition}</completionCondition>" if condition else ""
    return f'<adHocSubProcess id="sub" {attributes}>\n{inner}\n{text}</adHocSubProcess>'


ABC = user("a") + user("b") + user("c")


def test_everything_is_offered_at_once(mode: str) -> None:
    play = Play(START + ad_hoc(ABC) + user("z") + "\ns > sub > z", mode=mode)
    assert play.tasks == ["a", "b", "c"]
    assert play.do("b").do("c").tasks == ["a"]
    assert play.do("a").tasks == ["z"]


def test_enough_ends_the_rest(mode: str) -> None:
    play = Play(START + ad_hoc(ABC, condition="${enough}") + user("z") + "\ns > sub > z", {"enough": False}, mode=mode)
    assert play.do("a").tasks == ["b", "c"]
    assert play.do("b", enough=True).tasks == ["z"]
    assert play.cancelled("c") == 1


def test_or_lets_the_rest_finish(mode: str) -> None:
    body = START + ad_hoc(ABC, 'cancelRemainingInstances="false"', "${enough}") + user("z") + "\ns > sub > z"
    play = Play(body, {"enough": True}, mode=mode).do("a")
    assert play.tasks == ["b", "c"]
    assert play.do("b").do("c").tasks == ["z"]


def test_one_after_the_other(mode: str) -> None:
    body = START + ad_hoc(ABC, 'ordering="Sequential"', "${enough}") + user("z") + "\ns > sub > z"
    play = Play(body, {"enough": False}, mode=mode)
    assert play.tasks == ["a"]
    assert play.do("a").tasks == ["b"]
    assert play.do("b").tasks == ["c"]
    assert play.do("c").tasks == ["z"]
    play = Play(body, {"enough": False}, mode=mode).do("a").do("b", enough=True)
    assert (play.tasks, play.passed("c")) == (["z"], 0)


def test_flows_inside(mode: str) -> None:
    play = Play(START + ad_hoc(ABC + "\na > b\n", condition="${done}") + "\ns > sub", {"done": False}, mode=mode)
    assert play.tasks == ["a", "c"]
    assert play.do("a").tasks == ["b", "c"]
    assert play.do("b", done=True).done
    play = Play(START + ad_hoc(ABC + "\na > b\n", condition="${done}") + "\ns > sub", {"done": True}, mode=mode)
    assert play.do("a").done
    assert "entered b" not in play.trace


def test_again_and_again(mode: str) -> None:
    loop = "<multiInstanceLoopCharacteristics><loopCardinality>2</loopCardinality></multiInstanceLoopCharacteristics>"
    play = Play(START + ad_hoc(loop + user("a") + user("b"), condition="${x}") + "\ns > sub", {"x": True}, mode=mode)
    assert play.tasks == ["a", "a", "b", "b"]
    assert play.do("a").tasks == ["a", "b"]
    assert play.do("b").done
