"""A sub-process that an event sub-process in it undoes, instead of what its activities say each for itself."""

from __future__ import annotations

import pytest

from engine.errors import PlanRefused
from engine.model import Instruction
from engine.spiff import Places, RepairExecution, check, generate
from tests.conformance.patterns import event, sub
from tests.conformance.test_engine_compensation import AB, START, throw, undone
from tests.support.workflows import MODES, Play, errors, user

modes = pytest.mark.parametrize("mode", MODES)

THROWN = "<compensateEventDefinition/>"


def undo(inner: str, name: str = "v") -> str:
    """The event sub-process; ``inner`` goes on from its start ``w``."""
    start = event("startEvent", f"{name}_w", THROWN)
    return "\n" + sub(name, start + inner.replace("w >", f"{name}_w >"), 'triggeredByEvent="true"')


def held(name: str, inner: str, flows: str, handler: str, more: str = "", kind: str = "subProcess") -> str:
    """A sub-process with such an event sub-process."""
    return sub(name, more + event("startEvent", f"i_{name}") + inner + f"\ni_{name} > {flows}\n" + handler, kind=kind)


ASK = user("u") + "\nw > u\n"
"""A handler that asks a person and undoes nothing else."""
BOTH = user("u") + throw(identifier="again") + user("k") + "\nw > u > again > k\n"
"""A handler that undoes everything inside between two tasks."""


@modes
def test_it_runs_instead_of_what_the_activities_say(mode: str) -> None:
    body = START + held("box", AB, "a > b", undo(ASK)) + throw("box") + user("z") + "\ns > box > t > z"
    play = Play(body, mode=mode).do("a").do("b")
    assert play.tasks == ["u"]
    assert play.do("u").tasks == ["z"]
    assert (play.passed("v"), play.passed("box"), play.do("z").done) == (1, 2, True)


@modes
def test_it_undoes_what_was_completed_inside(mode: str) -> None:
    body = START + held("box", AB, "a > b", undo(BOTH)) + throw("box") + user("z") + "\ns > box > t > z"
    play = Play(body, mode=mode).do("a").do("b").do("u")
    assert play.tasks == ["undo_b"]
    assert play.do("undo_b").tasks == ["undo_a"]
    assert play.do("undo_a").tasks == ["k"]
    assert play.do("k").do("z").done


@modes
def test_or_one_activity_of_it(mode: str) -> None:
    one = user("u") + throw("a", "endEvent", "again") + "\nw > u > again\n"
    body = START + held("box", AB, "a > b", undo(one)) + throw() + user("z") + "\ns > box > t > z"
    play = Play(body, mode=mode).do("a").do("b").do("u")
    assert play.tasks == ["undo_a"]
    assert play.do("undo_a").tasks == ["z"]


@modes
def test_the_whole_scope_is_undone_the_last_first(mode: str) -> None:
    def one(name: str) -> str:
        return held(name, user(f"in_{name}"), f"in_{name}", undo(user(f"u_{name}") + f"\nw > u_{name}\n", f"v{name}"))

    body = (
        START + one("box") + undone(user("a"), "a") + one("case") + throw() + user("z") + "\ns > box > a > case > t > z"
    )
    play = Play(body, mode=mode).do("in_box").do("a").do("in_case")
    order = []
    while play.tasks != ["z"]:
        order += play.tasks
        play.do(play.tasks[0])
    assert order == ["u_case", "undo_a", "u_box"]
    assert play.do("z").done


@modes
def test_never_while_the_sub_process_runs_and_never_twice(mode: str) -> None:
    inside = AB + throw(identifier="ti") + user("c")
    body = START + held("box", inside, "a > b > ti > c", undo(BOTH)) + throw() + throw("box", identifier="t2")
    play = Play(body + user("z") + "\ns > box > t > t2 > z", mode=mode).do("a").do("b")
    assert play.tasks == ["undo_b"], "a throw inside undoes the activities"
    assert play.do("undo_b").do("undo_a").tasks == ["c"]
    assert play.do("c").tasks == ["u"], "completed: now it is undone by its event sub-process"
    assert play.do("u").tasks == ["k"], "nothing is left inside"
    assert play.do("k").tasks == ["z"], "and it is undone once"
    assert (play.passed("v"), play.do("z").done) == (1, True)


@modes
def test_one_that_was_interrupted_is_not_undone(mode: str) -> None:
    stop = '<boundaryEvent id="m" attachedToRef="box"><messageEventDefinition messageRef="stop_"/></boundaryEvent>'
    body = START + held("box", AB, "a > b", undo(ASK)) + stop + throw() + user("z") + "\ns > box > z\nm > t > z"
    assert Play(body, mode=mode).do("a").send("stop").tasks == ["z"]


def transaction(inner: str, flows: str, more: str = "") -> str:
    cancel = event("endEvent", "ce", "<cancelEventDefinition/>")
    edge = event("boundaryEvent", "cb", "<cancelEventDefinition/>", 'attachedToRef="tx"')
    held_in = event("startEvent", "i") + inner + cancel + f"\ni > {flows} > ce\n" + more
    return START + sub("tx", held_in, kind="transaction") + edge + user("y") + user("z") + "\ns > tx > y\ncb > z"


@modes
def test_a_transaction_around_it_is_cancelled(mode: str) -> None:
    own = undo(user("never") + "\nw > never\n", "x")
    play = Play(transaction(held("box", AB, "a > b", undo(BOTH)), "box", own), mode=mode)
    assert play.do("a").do("b").tasks == ["u"]
    assert play.do("u").do("undo_b").do("undo_a").do("k").tasks == ["z"]
    assert (play.passed("x"), play.do("z").done) == (0, True)


@modes
def test_a_cancelled_transaction_undoes_what_still_ran_by_its_activities(mode: str) -> None:
    """Only what was completed has a handler: inside a sub-process that still ran, each activity undoes itself."""
    deep = sub("deep", event("startEvent", "j") + undone(user("d"), "d") + user("never") + "\nj > d > never")
    split = '<parallelGateway id="g"/>' + held("box", deep + undone(user("a"), "a"), "a > deep", undo(BOTH)) + user("c")
    play = Play(transaction(split, "g > c", "\ng > box\n"), mode=mode).do("a").do("d").do("c")
    assert play.tasks == ["undo_d"]
    assert play.do("undo_d").tasks == ["undo_a"]
    assert play.do("undo_a").tasks == ["z"]
    assert (play.passed("v"), play.do("z").done) == (0, True)


@modes
def test_a_cancelled_transaction_undoes_every_item_that_still_ran(mode: str) -> None:
    items = '<multiInstanceLoopCharacteristics camunda:collection="items" camunda:elementVariable="one"/>'
    work = held("box", undone(user("a"), "a") + user("never"), "a > never", undo(ASK), more=items) + user("c")
    body = transaction('<parallelGateway id="g"/>' + work, "g > c", "\ng > box\n")
    play = Play(body, {"items": ["x", "y"]}, mode=mode).do("a").do("a").do("c")
    assert play.waiting.tasks[0].local_variables["one"] == "y"
    assert play.do("undo_a").waiting.tasks[0].local_variables["one"] == "x"
    assert (play.do("undo_a").tasks, play.passed("v")) == (["z"], 0)


@modes
def test_a_transaction_that_succeeded_is_undone_by_its_own(mode: str) -> None:
    body = START + held("tx", AB, "a > b", undo(BOTH), kind="transaction") + throw("tx") + user("z")
    play = Play(body + "\ns > tx > t > z", mode=mode).do("a").do("b").do("u").do("undo_b").do("undo_a").do("k")
    assert play.tasks == ["z"]


@modes
def test_sub_processes_inside_each_other(mode: str) -> None:
    """The outer one undoes by default, or by what its own event sub-process throws."""
    inner = held("case", AB, "a > b", undo(BOTH, "vq"))
    plain = sub("box", event("startEvent", "i") + inner + user("c") + "\ni > case > c")
    play = Play(START + plain + throw() + user("z") + "\ns > box > t > z", mode=mode).do("a").do("b").do("c")
    assert play.do("u").do("undo_b").do("undo_a").do("k").tasks == ["z"]
    outer = user("o") + throw("case", identifier="to") + user("o2") + "\nw > o > to > o2\n"
    play = Play(START + held("box", inner, "case", undo(outer)) + throw() + user("z") + "\ns > box > t > z", mode=mode)
    play.do("a").do("b")
    assert play.tasks == ["o"]
    assert play.do("o").do("u").do("undo_b").do("undo_a").do("k").tasks == ["o2"]
    assert play.do("o2").do("z").done


@modes
def test_every_instance_of_a_repeated_sub_process_with_its_own_variables(mode: str) -> None:
    items = '<multiInstanceLoopCharacteristics camunda:collection="items" camunda:elementVariable="one"/>'
    body = START + held("box", undone(user("a"), "a"), "a", undo(BOTH), more=items) + throw() + user("z")
    play = Play(body + "\ns > box > t > z", {"items": ["x", "y"]}, mode=mode).do("a", 1, one="changed").do("a")
    seen = []
    while play.tasks != ["z"]:
        seen += [(task.node_id, task.local_variables["one"]) for task in play.waiting.tasks]
        play.do(play.tasks[0])
    there = ["u", "undo_a", "k"]
    assert seen == [(name, one) for one in ("x", "changed") for name in there], "the last completed first"
    assert play.do("z").done


@modes
def test_variables_as_they_were_when_it_was_completed(mode: str) -> None:
    given = (
        "<extensionElements><camunda:inputOutput>"
        '<camunda:inputParameter name="price">${amount}</camunda:inputParameter>'
        '<camunda:outputParameter name="paid">=1</camunda:outputParameter>'
        "</camunda:inputOutput></extensionElements>"
    )
    record = '<scriptTask id="k"><script>given_back = price</script></scriptTask>'
    handler = undo(user("u") + record + "\nw > u > k\n")
    body = START + held("box", user("a"), "a", handler, more=given) + user("b") + throw() + user("z")
    play = Play(body + "\ns > box > b > t > z", {"amount": 7}, mode=mode).do("a").do("b", amount=9)
    assert play.tasks == ["u"]
    assert play.do("u", paid=0).tasks == ["z"]
    assert (play.variables["given_back"], play.variables["paid"]) == (7, 0)


@modes
def test_what_goes_wrong_in_it_is_no_matter_of_the_completed_sub_process(mode: str) -> None:
    """Its boundary events are over; who asked for the undoing catches the error."""
    work = '<serviceTask id="u" camunda:type="external" camunda:topic="t"/>\nw > u\n'
    bad = '<errorEventDefinition errorRef="bad_"/>'
    old = event("boundaryEvent", "old", bad, 'attachedToRef="box"')
    inner = event("startEvent", "i") + held("box", user("a"), "a", undo(work)) + throw("box") + user("no")
    body = START + sub("case", inner + old + "\ni > box > t\nold > no") + user("z")
    body += event("boundaryEvent", "b", bad, 'attachedToRef="case"')
    play = Play(body + "\ns > case\nb > z", mode=mode).do("a").fail("u", "BAD")
    assert play.tasks == ["z"]
    assert play.do("z").done


@modes
def test_an_event_sub_process_is_undone_likewise(mode: str) -> None:
    """One that a message began and that has ended, with what undoes it."""
    start = event("startEvent", "m", '<messageEventDefinition messageRef="stop_"/>', 'isInterrupting="false"')
    answer = sub("ev", start + user("r") + "\nm > r\n" + undo(ASK), 'triggeredByEvent="true"')
    body = START + sub("box", event("startEvent", "i") + user("a") + "\ni > a\n" + answer) + throw() + "\ns > box > t"
    play = Play(body, mode=mode).send("stop").do("r").do("a")
    assert play.tasks == ["u"]
    assert play.do("u").done


@modes
def test_in_an_ad_hoc_sub_process(mode: str) -> None:
    enough = "<completionCondition>n == 0</completionCondition>"
    body = START + sub("box", enough + AB + undo(BOTH), kind="adHocSubProcess") + throw() + user("z")
    play = Play(body + "\ns > box > t > z", {"n": 1}, mode=mode).do("a").do("b", n=0)
    assert play.do("u").do("undo_b").do("undo_a").do("k").tasks == ["z"]


P = START + held("box", user("a"), "a", undo(ASK))


@pytest.mark.parametrize(
    ("body", "code", "place"),
    [
        (START + user("a") + "\ns > a\n" + undo(ASK), "compensation_event_place", "v"),
        (START + held("box", user("a"), "a", undo(ASK + undo(user("u2") + "\nw > u2\n", "v2"))) + "\ns > box",
         "compensation_event_place", "v2"),
        (START + held("box", user("a"), "a", undo(ASK) + undo(user("u2") + "\nw > u2\n", "v2")) + "\ns > box",
         "compensation_twice", "v2"),
        (START + undone(held("box", user("a"), "a", undo(ASK)), "box") + "\ns > box", "compensation_twice", "v"),
        (START + AB + '<boundaryEvent id="b2" attachedToRef="a"><compensateEventDefinition/></boundaryEvent>'
         '<association id="as2" sourceRef="b2" targetRef="undo_b"/>\ns > a > b', "compensation_twice", "b2"),
        (START + held("box", user("a"), "a", undo(throw("v", identifier="again") + "\nw > again\n")) + "\ns > box",
         "compensation_target", "again"),
        (P.replace(f"{THROWN}</startEvent>", "</startEvent>") + "\ns > box", "event_not_supported", "v_w"),
    ],
)  # fmt: skip
def test_what_is_refused(body: str, code: str, place: str) -> None:
    assert (code, place) in {(found.code, found.element) for found in errors(body)}


# in the hands of operators
def started() -> Play:
    return Play(P + throw() + user("z") + "\ns > box > t > z").do("a")


def test_nobody_starts_or_breaks_off_the_undoing_by_hand() -> None:
    running = Play(P + throw() + user("z") + "\ns > box > t > z")
    for play, order, code in (
        (running, Instruction(kind="start_before", node_id="v"), "move_compensates"),
        (running, Instruction(kind="start_before", node_id="u"), "move_compensates"),
        (started(), Instruction(kind="cancel", node_id="u"), "move_compensating"),
        (started(), Instruction(kind="cancel", node_id="v"), "move_compensating"),
    ):
        execution = RepairExecution.restore(play.program, play._context(), play.execution.dump())
        with pytest.raises(PlanRefused) as refused:
            execution.modify([order])
        assert [one.code for one in refused.value.findings] == [code]


def test_what_is_completed_or_being_undone_goes_to_another_version_that_can_undo_it() -> None:
    end = throw() + user("z") + "\ns > box > c > t > z"
    old = Play(P + user("c") + end).do("a")
    for new, fits in ((P + user("c") + end, True), (START + sub("box", user("a")) + user("c") + end, False)):
        other = Play(new)
        programs, places = (old.program, other.program), (Places(old.program), Places(other.program))
        mapping = generate(*places)
        assert check(*places, mapping) == ()
        if not fits:
            with pytest.raises(PlanRefused) as refused:
                RepairExecution.migrate(programs, old._context(), old.execution.dump(), mapping, ())
            assert [one.code for one in refused.value.findings] == ["migrate_compensation"]
            continue
        other.execution = RepairExecution.migrate(programs, old._context(), old.execution.dump(), mapping, ())
        assert other.do("c").tasks == ["u"]
        other.execution = RepairExecution.migrate(programs[1:] * 2, old._context(), other.execution.dump(), mapping, ())
        assert other.do("u").tasks == ["z"]
