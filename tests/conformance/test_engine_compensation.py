"""Undoing what was completed: compensation of activities and sub-processes, transactions that are cancelled."""

from __future__ import annotations

import pytest

from tests.conformance.patterns import edge
from tests.support.workflows import MODES, Play, user

pytestmark = pytest.mark.parametrize("mode", MODES)

START, END = '<startEvent id="s"/>\n', '<endEvent id="e"/>\n'


def undone(activity: str, host: str, handler: str = "") -> str:
    """An activity with the user task that undoes it."""
    name = handler or f"undo_{host}"
    return (
        f'{activity}<boundaryEvent id="b_{host}" attachedToRef="{host}"><compensateEventDefinition/></boundaryEvent>'
        + user(name, 'camunda:candidateGroups="x" isForCompensation="true"')
        + f'<association id="as_{host}" sourceRef="b_{host}" targetRef="{name}"/>'
    )


def throw(reference: str = "", kind: str = "intermediateThrowEvent", identifier: str = "t") -> str:
    attribute = f'activityRef="{reference}"' if reference else ""
    return f'<{kind} id="{identifier}"><compensateEventDefinition {attribute}/></{kind}>'


AB = undone(user("a"), "a") + undone(user("b"), "b")


def test_the_last_is_undone_first_and_then_it_goes_on(mode: str) -> None:
    play = Play(START + END + AB + throw() + user("z") + "\ns > a > b > t > z > e", mode=mode)
    assert play.do("a").tasks == ["b"]
    assert play.do("b").tasks == ["undo_b"]
    assert play.do("undo_b").tasks == ["undo_a"]
    assert play.do("undo_a").tasks == ["z"]
    assert play.do("z").done
    assert play.passed("t") == 1


def test_nothing_was_done_nothing_is_undone(mode: str) -> None:
    body = START + AB + throw() + user("z") + '<exclusiveGateway id="g"/>' + "\ns > g > t > z\ng > a if not skip\na > b"
    body = body.replace("g > t > z", "g > t if skip\nt > z")
    play = Play(body, {"skip": True}, mode=mode)
    assert play.tasks == ["z"]


def test_only_one_of_them(mode: str) -> None:
    play = Play(START + AB + throw("a") + user("z") + "\ns > a > b > t > z", mode=mode).do("a").do("b")
    assert play.tasks == ["undo_a"]
    assert play.do("undo_a").tasks == ["z"]


def test_a_handler_left_by_its_boundary_event_holds_up_nobody(mode: str) -> None:
    stop = edge("stop", "undo_b", '<messageEventDefinition messageRef="stop_"/>')
    late = edge("late", "undo_a", "<timerEventDefinition><timeDuration>PT1H</timeDuration></timerEventDefinition>")
    more = START + AB + stop + late + throw() + user("z") + user("y") + user("x")
    play = Play(more + "\ns > a > b > t > z\nstop > y\nlate > x", mode=mode).do("a").do("b")
    assert play.tasks == ["undo_b"]
    assert sorted(play.send("stop").tasks) == ["undo_a", "y"]
    assert sorted(play.ring("late").tasks) == ["x", "y", "z"]
    assert play.do("x").do("y").do("z").done


def test_what_was_undone_is_not_undone_again(mode: str) -> None:
    two = throw() + throw(identifier="u")
    play = Play(START + AB + two + user("z") + "\ns > a > b > t > u > z", mode=mode).do("a").do("b")
    assert play.do("undo_b").do("undo_a").tasks == ["z"]


def test_every_round_of_a_loop_and_every_item(mode: str) -> None:
    loop = "<multiInstanceLoopCharacteristics><loopCardinality>2</loopCardinality></multiInstanceLoopCharacteristics>"
    body = START + undone(user("a", inner=loop), "a") + throw() + user("z") + "\ns > a > t > z"
    play = Play(body, mode=mode).do("a").do("a")
    assert play.waiting.tasks[0].local_variables == {"loopCounter": 1}
    assert play.do("undo_a").waiting.tasks[0].local_variables == {"loopCounter": 0}
    assert play.do("undo_a").tasks == ["z"]


def test_at_an_end_event(mode: str) -> None:
    play = Play(START + AB + throw(kind="endEvent") + "\ns > a > b > t", mode=mode).do("a").do("b")
    assert play.do("undo_b").tasks == ["undo_a"]
    assert play.do("undo_a").done


def test_a_script_may_undo(mode: str) -> None:
    handler = '<scriptTask id="k" isForCompensation="true"><script>x = x - 1</script></scriptTask>'
    boundary = '<boundaryEvent id="b" attachedToRef="a"><compensateEventDefinition/></boundaryEvent>'
    link = '<association id="as" sourceRef="b" targetRef="k"/>'
    body = START + user("a") + handler + boundary + link + throw() + user("z") + "\ns > a > t > z"
    play = Play(body, {"x": 5}, mode=mode).do("a")
    assert (play.tasks, play.variables["x"]) == (["z"], 4)


INNER = '<startEvent id="i"/>' + AB + "\ni > a > b\n"


def test_a_sub_process_is_undone_inside_out(mode: str) -> None:
    body = (
        START + f'<subProcess id="sub">{INNER}</subProcess>' + user("c") + throw() + user("z") + "\ns > sub > c > t > z"
    )
    play = Play(body, mode=mode).do("a").do("b").do("c")
    assert play.tasks == ["undo_b"]
    assert play.do("undo_b").do("undo_a").tasks == ["z"]
    assert (play.passed("sub"), play.do("z").done) == (2, True)


def test_or_by_its_own_handler(mode: str) -> None:
    sub = undone(f'<subProcess id="sub">{INNER}</subProcess>', "sub")
    play = Play(START + sub + throw("sub") + user("z") + "\ns > sub > t > z", mode=mode).do("a").do("b")
    assert play.tasks == ["undo_sub"]
    assert play.do("undo_sub").tasks == ["z"]


def test_from_an_event_sub_process(mode: str) -> None:
    start = '<startEvent id="es"><messageEventDefinition messageRef="stop_"/></startEvent>'
    handler = f'<subProcess id="ev" triggeredByEvent="true">{start}{throw()}{user("y")}\nes > t > y\n</subProcess>'
    play = Play(START + AB + user("c") + handler + "\ns > a > b > c", mode=mode).do("a").do("b").send("stop")
    assert play.tasks == ["undo_b"]
    assert play.do("undo_b").do("undo_a").tasks == ["y"]
    assert play.do("y").done


def transaction(inner: str, after: str = "") -> str:
    boundary = '<boundaryEvent id="cb" attachedToRef="tx"><cancelEventDefinition/></boundaryEvent>'
    return f'<transaction id="tx">{inner}</transaction>{boundary}{after}'


CANCEL = '<endEvent id="ce"><cancelEventDefinition/></endEvent>'
CHOICE = '<exclusiveGateway id="x" default="x_ok"/><endEvent id="ok"/>' + CANCEL
TRANSACTION = transaction(
    '<startEvent id="i"/>' + AB + CHOICE + "\ni > a > b > x\nx > ce if bad\n"
    '<sequenceFlow id="x_ok" sourceRef="x" targetRef="ok"/>',
    user("y") + user("z"),
)


def test_a_transaction_that_is_cancelled(mode: str) -> None:
    play = Play(START + TRANSACTION + "\ns > tx > y\ncb > z", mode=mode).do("a").do("b", bad=True)
    assert play.tasks == ["undo_b"]
    assert play.do("undo_b").do("undo_a").tasks == ["z"]
    assert (play.passed("ce"), play.passed("tx")) == (1, 0)
    assert play.do("z").done


def test_a_transaction_that_is_cancelled_while_it_undoes(mode: str) -> None:
    inner = '<startEvent id="i"/>' + AB + user("c") + CANCEL + throw() + user("d")
    inner += '<parallelGateway id="f"/>' + "\ni > f > a > b > t > d\nf > c > ce\n"
    play = Play(START + transaction(inner, user("y") + user("z")) + "\ns > tx > y\ncb > z", mode=mode)
    assert sorted(play.do("a").do("b").tasks) == ["c", "undo_b"]
    assert play.do("c").tasks == ["undo_a"]
    assert play.do("undo_a").tasks == ["z"]
    assert play.do("z").done


def test_a_transaction_that_succeeds_can_be_undone_later(mode: str) -> None:
    play = Play(START + TRANSACTION + throw() + "\ns > tx > y > t\ncb > z", mode=mode).do("a").do("b", bad=False)
    assert play.tasks == ["y"]
    assert play.do("y").do("undo_b").do("undo_a").done


def test_cancelling_ends_what_still_runs(mode: str) -> None:
    inner = '<startEvent id="i"/><parallelGateway id="g"/>' + AB + CANCEL + "\ni > g > a > ce\ng > b\n"
    play = Play(START + transaction(inner, user("y") + user("z")) + "\ns > tx > y\ncb > z", mode=mode).do("a")
    assert (play.tasks, play.cancelled("b")) == (["undo_a"], 1)
    assert play.do("undo_a").tasks == ["z"]


def test_cancelling_with_nothing_to_undo(mode: str) -> None:
    inner = '<startEvent id="i"/>' + CANCEL + "\ni > ce\n"
    play = Play(START + transaction(inner, user("y") + user("z")) + "\ns > tx > y\ncb > z", mode=mode)
    assert (play.tasks, play.trace.count("completed ce")) == (["z"], 1)


def test_cancelling_undoes_what_a_running_sub_process_had_done(mode: str) -> None:
    sub = '<subProcess id="sub"><startEvent id="j"/>' + AB + "\nj > a > b\n</subProcess>"
    inner = '<startEvent id="i"/><parallelGateway id="g"/>' + sub + user("c") + CANCEL + "\ni > g > sub\ng > c > ce\n"
    play = Play(START + transaction(inner, user("y") + user("z")) + "\ns > tx > y\ncb > z", mode=mode)
    play.do("a").do("c")
    assert play.tasks == ["undo_a"]
    assert play.do("undo_a").tasks == ["z"]


def test_an_interruption_ends_undoing_too(mode: str) -> None:
    inner = '<startEvent id="i"/>' + AB + throw() + "\ni > a > b > t\n"
    stop = '<boundaryEvent id="m" attachedToRef="sub"><messageEventDefinition messageRef="stop_"/></boundaryEvent>'
    body = START + f'<subProcess id="sub">{inner}</subProcess>' + stop + user("y") + user("z") + "\ns > sub > y\nm > z"
    play = Play(body, mode=mode).do("a").do("b").do("undo_b").send("stop")
    assert play.tasks == ["z"]
    assert play.do("z").done
