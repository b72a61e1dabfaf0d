"""Standard loops, and the counters of repeated activities."""

from __future__ import annotations

import pytest

from engine.errors import LimitExceeded
from engine.limits import Limits
from tests.support.workflows import MODES, Play, user

pytestmark = pytest.mark.parametrize("mode", MODES)

START, END = '<startEvent id="s"/>\n', '<endEvent id="e"/>\n'


def loop(condition: str = "", attributes: str = "") -> str:
    inner = f"<loopCondition>{condition}</loopCondition>" if condition else ""
    return f"<standardLoopCharacteristics {attributes}>{inner}</standardLoopCharacteristics>"


def test_a_task_is_done_again_while_the_condition_holds(mode: str) -> None:
    play = Play(START + user("a", inner=loop("${again}")) + user("z") + "\ns > a > z", mode=mode)
    for _ in range(5):
        assert play.do("a", again=True).tasks == ["a"]
    assert play.do("a", again=False).tasks == ["z"]
    assert play.passed("a") == 6


def test_the_condition_may_be_asked_first(mode: str) -> None:
    body = START + user("a", inner=loop("${again}", 'testBefore="true"')) + user("z") + "\ns > a > z"
    assert Play(body, {"again": False}, mode=mode).tasks == ["z"]
    play = Play(body, {"again": True}, mode=mode)
    assert play.do("a").do("a", again=False).tasks == ["z"]


def test_at_most_so_often(mode: str) -> None:
    body = START + user("a", inner=loop("", 'loopMaximum="3"')) + user("z") + "\ns > a > z"
    play = Play(body, mode=mode)
    assert [play.waiting.tasks[0].local_variables["loopCounter"]] == [0]
    assert play.do("a").do("a").tasks == ["a"]
    assert play.waiting.tasks[0].local_variables == {"loopCounter": 2}
    assert play.do("a").tasks == ["z"]


def test_the_condition_may_count_rounds(mode: str) -> None:
    body = START + user("a", inner=loop("=loopCounter &lt; 2")) + user("z") + "\ns > a > z"
    assert Play(body, mode=mode).do("a").do("a").tasks == ["z"]


def test_a_sub_process_in_a_loop_and_its_boundary(mode: str) -> None:
    inner = '<startEvent id="i"/>' + user("a") + "\ni > a\n"
    end = '<boundaryEvent id="b" attachedToRef="sub"><messageEventDefinition messageRef="stop_"/></boundaryEvent>'
    sub = f'<subProcess id="sub">{loop("", loop_for_ever)}{inner}</subProcess>'
    play = Play(START + sub + end + user("z") + user("y") + "\ns > sub > y\nb > z", mode=mode)
    assert play.do("a").do("a").tasks == ["a"]
    assert play.send("stop").tasks == ["z"]


loop_for_ever = 'loopMaximum="1000"'


def test_a_script_in_a_loop_does_not_nest(mode: str) -> None:
    script = f'<scriptTask id="k">{loop("=n &lt; 1500")}<script>n = n + 1</script></scriptTask>'
    play = Play(START + script + user("z") + "\ns > k > z", {"n": 0}, mode=mode)
    assert (play.tasks, play.variables["n"]) == (["z"], 1500)
    with pytest.raises(LimitExceeded):
        Play(START + script + user("z") + "\ns > k > z", {"n": 0}, mode=mode, limits=Limits(steps=500))


@pytest.mark.parametrize("prefix", ["nrOf", "numberOf"])
def test_counters_end_a_multi_instance(mode: str, prefix: str) -> None:
    done = f"<completionCondition>={prefix}CompletedInstances / {prefix}Instances >= 0.5</completionCondition>"
    repeated = f'<multiInstanceLoopCharacteristics camunda:collection="items">{done}</multiInstanceLoopCharacteristics>'
    play = Play(START + user("a", inner=repeated) + user("z") + "\ns > a > z", {"items": [1, 2, 3, 4]}, mode=mode)
    assert play.do("a").tasks == ["a", "a", "a"]
    assert play.do("a").tasks == ["z"]


@pytest.mark.parametrize(("sequential", "active"), [("true", 1), ("false", 3)])
def test_counters_are_seen_inside(mode: str, sequential: str, active: int) -> None:
    repeated = f'<multiInstanceLoopCharacteristics camunda:collection="items" isSequential="{sequential}"/>'
    script = "<script>seen = [numberOfInstances, numberOfActiveInstances, nrOfCompletedInstances]</script>"
    inner = f'<startEvent id="i"/><scriptTask id="k">{script}</scriptTask>' + user("a") + "\ni > k > a\n"
    body = START + f'<subProcess id="sub">{repeated}{inner}</subProcess>' + "\ns > sub"
    play = Play(body, {"items": [1, 2, 3], "seen": None}, mode=mode)
    assert play.variables["seen"] == [3, active, 0]
    assert "numberOfInstances" not in play.waiting.tasks[0].local_variables
