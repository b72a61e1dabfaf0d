"""Conditional events: looked at when the token comes and whenever variables change, wherever they were changed."""

from __future__ import annotations

import pytest

from engine.errors import ExpressionFailed
from tests.support.workflows import MODES, Play, user

pytestmark = pytest.mark.parametrize("mode", MODES)

START, END = '<startEvent id="s"/>\n', '<endEvent id="e"/>\n'
SPLIT = '<parallelGateway id="g"/>'


def condition(text: str = "${x > 5}") -> str:
    return f"<conditionalEventDefinition><condition>{text}</condition></conditionalEventDefinition>"


def catch(identifier: str, event: str) -> str:
    return f'<intermediateCatchEvent id="{identifier}">{event}</intermediateCatchEvent>'


def boundary(event: str, interrupting: bool) -> str:
    flag = "true" if interrupting else "false"
    return f'<boundaryEvent id="b" attachedToRef="a" cancelActivity="{flag}">{event}</boundaryEvent>'


def on_event(event: str, interrupting: bool) -> str:
    flag = "true" if interrupting else "false"
    start = f'<startEvent id="es" isInterrupting="{flag}">{event}</startEvent>'
    return f'<subProcess id="ev" triggeredByEvent="true">{start}{user("h")}\nes > h\n</subProcess>'


WAITING = START + SPLIT + catch("c", condition()) + user("a") + user("z") + "\ns > g > c > z\ng > a"


def test_it_waits_until_somebody_changes_a_variable(mode: str) -> None:
    play = Play(WAITING, {"x": 1}, mode=mode)
    assert play.tasks == ["a"]
    assert play.do("a", x=6).tasks == ["z"]
    assert play.trace.count("entered c") == 1


def test_it_does_not_wait_for_what_holds_already(mode: str) -> None:
    assert Play(WAITING, {"x": 9}, mode=mode).tasks == ["a", "z"]


def test_a_variable_that_is_not_there_yet(mode: str) -> None:
    play = Play(WAITING, mode=mode)
    assert play.tasks == ["a"]
    assert play.do("a", x=6).tasks == ["z"]


def test_a_condition_that_can_not_be_computed_is_said(mode: str) -> None:
    with pytest.raises(ExpressionFailed) as raised:
        Play(WAITING, {"x": "text"}, mode=mode)
    assert raised.value.facts["node_id"] == "c"


def test_repair_of_variables_counts(mode: str) -> None:
    play = Play(WAITING, {"x": 1}, mode=mode)
    assert play._move("set_variables", {"x": 7}).tasks == ["a", "z"]


def test_a_script_elsewhere_counts(mode: str) -> None:
    script = '<scriptTask id="k"><script>x = 6\nx = 7</script></scriptTask>'
    body = START + SPLIT + catch("c", condition()) + user("a") + script + user("z") + "\ns > g > c > z\ng > a > k"
    assert Play(body, {"x": 1}, mode=mode).do("a").tasks == ["z"]


@pytest.mark.parametrize(("interrupting", "tasks"), [(True, ["z"]), (False, ["a", "z"])])
def test_at_a_boundary(mode: str, interrupting: bool, tasks: list[str]) -> None:
    body = START + SPLIT + user("o") + user("a") + boundary(condition(), interrupting) + user("z")
    play = Play(body + "\ns > g > a\ng > o\nb > z", {"x": 1}, mode=mode)
    assert play.tasks == ["a", "o"]
    assert play.do("o", x=6).tasks == tasks


def test_it_fires_again_only_after_it_was_false(mode: str) -> None:
    body = START + user("a") + boundary(condition(), False) + user("z") + "\ns > a\nb > z"
    play = Play(body, {"x": 1}, mode=mode)
    for value, count in ((6, 1), (7, 1), (2, 1), (8, 2)):
        play._move("set_variables", {"x": value})
        assert play.tasks.count("z") == count
    assert play.do("a", x=1).do("z", x=9).tasks == ["z"], "it ends with its task"


def test_at_an_event_gateway(mode: str) -> None:
    timer = "<timerEventDefinition><timeDuration>PT1H</timeDuration></timerEventDefinition>"
    gateway = '<eventBasedGateway id="w"/>' + catch("c", condition()) + catch("t", timer)
    body = START + SPLIT + user("a") + gateway + user("y") + user("z") + "\ns > g > w > c > z\nw > t > y\ng > a"
    play = Play(body, {"x": 1}, mode=mode)
    assert [row.node_id for row in play.waiting.timers] == ["t"]
    assert play.do("a", x=6).tasks == ["z"]
    assert play.waiting.timers == ()
    assert Play(body, {"x": 1}, mode=mode).ring("t").do("a", x=6).tasks == ["y"]


@pytest.mark.parametrize(("interrupting", "tasks"), [(True, ["h"]), (False, ["a", "h"])])
def test_an_event_sub_process(mode: str, interrupting: bool, tasks: list[str]) -> None:
    play = Play(START + user("a") + on_event(condition(), interrupting) + "\ns > a", {"x": 1}, mode=mode)
    assert play._move("set_variables", {"x": 6}).tasks == tasks


def test_inside_a_sub_process(mode: str) -> None:
    inner = '<startEvent id="i"/>' + user("o") + on_event(condition(), True) + "\ni > o\n"
    body = START + SPLIT + f'<subProcess id="sub">{inner}</subProcess>' + user("a") + user("z")
    play = Play(body + "\ns > g > sub > z\ng > a", {"x": 1}, mode=mode)
    assert play.do("a", x=6).tasks == ["h"]
    assert play.do("h").tasks == ["z"]


def test_the_local_item_of_a_repetition_counts(mode: str) -> None:
    loop = '<multiInstanceLoopCharacteristics camunda:collection="items" camunda:elementVariable="item"/>'
    inner = '<startEvent id="i"/>' + catch("c", condition("${x > item}")) + user("a") + "\ni > c > a\n"
    play = Play(
        START + f'<subProcess id="sub">{loop}{inner}</subProcess>' + "\ns > sub", {"items": [1, 5], "x": 0}, mode
    )
    assert len(play._move("set_variables", {"x": 3}).tasks) == 1
    assert len(play._move("set_variables", {"x": 6}).tasks) == 2


def about(names: str, kinds: str = "", text: str = "${x &gt; 5}") -> str:
    """A condition that is looked at only when these variables change in these ways."""
    found = condition(text).replace("Definition>", f'Definition camunda:variableName="{names}">', 1)
    return found.replace("Definition ", f'Definition camunda:variableEvents="{kinds}" ', 1) if kinds else found


def test_a_filter_looks_only_when_a_named_variable_changes(mode: str) -> None:
    body = START + SPLIT + user("o") + user("a") + boundary(about("y, w"), False) + user("z")
    play = Play(body + "\ns > g > a\ng > o\nb > z", {"x": 1, "y": 1}, mode=mode)
    assert play._move("set_variables", {"x": 9}).tasks.count("z") == 0
    assert play._move("set_variables", {"y": 1}).tasks.count("z") == 0, "it has the value it had"
    assert play._move("set_variables", {"x": 2, "y": 2}).tasks.count("z") == 0
    assert play.do("o", x=9, w=[1]).tasks.count("z") == 1
    assert play._move("set_variables", {"y": 3}).tasks.count("z") == 1, "it was not false in between"
    assert play._move("set_variables", {"x": 1}).tasks.count("z") == 1
    assert play._move("set_variables", {"y": 4}).tasks.count("z") == 1
    assert play._move("set_variables", {"x": 9, "y": 5}).tasks.count("z") == 2


def test_a_filter_does_not_hold_back_what_holds_when_the_token_comes(mode: str) -> None:
    body = START + catch("c", about("y")) + user("z") + "\ns > c > z"
    assert Play(body, {"x": 9}, mode=mode).tasks == ["z"]
    assert Play(body, {"x": 1}, mode=mode)._move("set_variables", {"x": 9}).tasks == []


@pytest.mark.parametrize(
    ("kinds", "fires"),
    [("create", [1, 0, 0]), ("update", [0, 1, 0]), ("delete", [0, 0, 1]), ("create,delete", [1, 0, 1])],
)
def test_a_filter_may_be_about_one_kind_of_change(mode: str, kinds: str, fires: list[int]) -> None:
    body = START + user("a") + boundary(about("y", kinds), True) + user("z") + "\ns > a\nb > z"
    changes = (({"y": 1}, ()), ({"y": 2}, ()), ({}, ("y",)))
    given = ({"x": 9}, {"x": 9, "y": 1}, {"x": 9, "y": 1})
    for (change, removed), before, fired in zip(changes, given, fires, strict=True):
        play = Play(body, {**before, "x": 1}, mode=mode)
        play._move("set_variables", {"x": 9})
        assert play.tasks == ["a"]
        assert play._move("set_variables", change, removed).tasks == (["z"] if fired else ["a"])


def test_any_change_of_a_kind(mode: str) -> None:
    any_new = about("", "create").replace(' camunda:variableName=""', "")
    body = START + user("a") + boundary(any_new, True) + user("z") + "\ns > a\nb > z"
    play = Play(body, {"x": 1}, mode=mode)
    assert play._move("set_variables", {"x": 9}).tasks == ["a"]
    assert play._move("set_variables", {"new": None}).tasks == ["z"]


def test_a_filter_sees_the_local_item_of_a_repetition(mode: str) -> None:
    """A variable of the same name elsewhere is another one."""
    loop = '<multiInstanceLoopCharacteristics camunda:collection="items" camunda:elementVariable="item"/>'
    inner = '<startEvent id="i"/>' + catch("c", about("item")) + user("a") + "\ni > c > a\n"
    body = START + f'<subProcess id="sub">{loop}{inner}</subProcess>\ns > sub'
    play = Play(body, {"items": [1, 5], "x": 0}, mode)
    assert play._move("set_variables", {"x": 9, "item": 3}).tasks == []
