"""Messages, timers, signals, errors, escalations, boundary events and event sub-processes, saved after every step."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from engine.errors import ExecutionFailed, MessageNotExpected, TaskNotFound
from tests.support.workflows import MODES, MONDAY, Play, document, user

pytestmark = pytest.mark.parametrize("mode", MODES)

START, END = '<startEvent id="s"/>\n', '<endEvent id="e"/>\n'


def message(reference: str = "hello_") -> str:
    return f'<messageEventDefinition messageRef="{reference}"/>'


def timer(text: str, kind: str = "Duration") -> str:
    return f"<timerEventDefinition><time{kind}>{text}</time{kind}></timerEventDefinition>"


def catch(identifier: str, event: str) -> str:
    return f'<intermediateCatchEvent id="{identifier}">{event}</intermediateCatchEvent>'


def boundary(identifier: str, host: str, event: str, interrupting: bool = True) -> str:
    flag = "true" if interrupting else "false"
    return f'<boundaryEvent id="{identifier}" attachedToRef="{host}" cancelActivity="{flag}">{event}</boundaryEvent>'


def on_event(identifier: str, event: str, task: str, interrupting: bool = True) -> str:
    flag = "true" if interrupting else "false"
    start = f'<startEvent id="{identifier}_start" isInterrupting="{flag}">{event}</startEvent>'
    return (
        f'<subProcess id="{identifier}" triggeredByEvent="true">{start}{user(task)}'
        f"\n{identifier}_start > {task}\n</subProcess>"
    )


ERROR, ERROR_ANY = '<errorEventDefinition errorRef="bad_"/>', "<errorEventDefinition/>"
WORSE = '<errorEventDefinition errorRef="worse_"/>'
ESCALATION = '<escalationEventDefinition escalationRef="up_"/>'
SIGNAL = '<signalEventDefinition signalRef="alarm_"/>'
SERVICE = '<serviceTask id="{0}" camunda:type="external" camunda:topic="t.{0}"/>'


def test_a_message_is_waited_for_with_the_business_key(mode: str) -> None:
    play = Play(START + catch("c", message()) + user("a") + "\ns > c > a", mode=mode)
    row = play.waiting.subscriptions[0]
    assert (row.kind, row.name, row.correlation_key, row.node_id) == ("message", "hello", "KEY-1", "c")
    assert play.send("hello", x=1).tasks == ["a"]
    assert play.variables == {"x": 1}


def test_a_message_with_a_key_of_its_own(mode: str) -> None:
    play = Play(START + catch("c", message("keyed_")) + "\ns > c", {"order": 99}, mode=mode)
    assert play.waiting.subscriptions[0].correlation_key == "99"


def test_another_message_is_refused(mode: str) -> None:
    play = Play(START + catch("c", message()) + "\ns > c", mode=mode)
    with pytest.raises(MessageNotExpected):
        play.execution.deliver(play.waiting.subscriptions[0].task_id, "other", {})


def test_a_receive_task_waits_for_its_message(mode: str) -> None:
    body = START + '<receiveTask id="r" messageRef="hello_"/>' + boundary("b", "r", timer("PT1H")) + user("late")
    body += "\ns > r\nb > late"
    assert Play(body, mode=mode).send("hello").done
    play = Play(body, mode=mode).ring("b")
    assert play.tasks == ["late"]
    assert not play.waiting.subscriptions


def test_started_by_message(mode: str) -> None:
    body = START + f'<startEvent id="m">{message()}</startEvent>' + user("a") + user("b") + "\ns > a\nm > b"
    assert Play(body, mode=mode).tasks == ["a"]
    assert Play(body, mode=mode, message="hello").tasks == ["b"]
    with pytest.raises(MessageNotExpected):
        Play(body, mode=mode, message="nobody")


def test_thrown_messages_are_handed_out(mode: str) -> None:
    inputs = '<extensionElements><camunda:inputOutput><camunda:inputParameter name="n">=x + 1</camunda:inputParameter>'
    inputs += "</camunda:inputOutput></extensionElements>"
    body = START + f'<intermediateThrowEvent id="t">{inputs}{message("keyed_")}</intermediateThrowEvent>'
    body += f'<sendTask id="st" messageRef="stop_"/><endEvent id="e">{message()}</endEvent>\ns > t > st > e'
    thrown = Play(body, {"x": 1, "order": "O-7"}, mode=mode).execution.thrown
    assert [(row.kind, row.name, row.correlation_key, dict(row.variables)) for row in thrown] == [
        ("message", "keyed", "O-7", {"n": 2}),
        ("message", "stop", "KEY-1", {}),
        ("message", "hello", "KEY-1", {}),
    ]


def test_the_first_event_wins_at_an_event_gateway(mode: str) -> None:
    body = START + '<eventBasedGateway id="g"/>' + catch("m", message()) + catch("t1", timer("PT1H"))
    body += catch("t2", timer("P10D")) + user("by_message") + user("by_hour") + user("by_days")
    body += "\ns > g > m > by_message\ng > t1 > by_hour\ng > t2 > by_days"
    play = Play(body, mode=mode)
    due = {row.node_id: row.due_at - MONDAY for row in play.waiting.timers}
    assert due == {"t1": timedelta(hours=1), "t2": timedelta(days=10)}
    assert Play(body, mode=mode).send("hello", x=1).tasks == ["by_message"]
    assert Play(body, mode=mode).ring("t1").tasks == ["by_hour"]
    play.ring("t2")
    assert play.tasks == ["by_days"]
    assert not play.waiting.timers
    assert not play.waiting.subscriptions


@pytest.mark.parametrize(
    ("kind", "text", "due"),
    [
        ("Duration", "PT8H", "2026-03-02T17:00+08:00"),
        ("Duration", "P1M", "2026-04-02T09:00+08:00"),
        ("Duration", "=working_time(12)", "2026-03-03T12:00+08:00"),
        ("Duration", "${working_days(5)}", "2026-03-09T09:00+08:00"),
        ("Duration", "=working_time(levels.judge)", "2026-03-02T11:00+08:00"),
        ("Date", "2026-05-01T09:00:00", "2026-05-01T09:00+08:00"),
        ("Date", "2026-05-01T09:00:00Z", "2026-05-01T17:00+08:00"),
        ("Date", "${when}", "2026-07-01T00:00+08:00"),
        ("Date", "=now() + days(2)", "2026-03-04T09:00+08:00"),
        ("Date", '=now() + duration("P1M")', "2026-04-02T09:00+08:00"),
        ("Duration", '=duration("P1DT1H")', "2026-03-03T10:00+08:00"),
        ("Duration", '"PT2H"', "2026-03-02T11:00+08:00"),
        ("Cycle", "R3/PT10M", "2026-03-02T09:10+08:00"),
    ],
)
def test_when_a_timer_is_due(mode: str, kind: str, text: str, due: str) -> None:
    play = Play(
        START + catch("t", timer(text, kind)) + "\ns > t", {"levels": {"judge": 2}, "when": "2026-07-01"}, mode=mode
    )
    row = play.waiting.timers[0]
    assert row.due_at == datetime.fromisoformat(due)
    literal = {'=duration("P1DT1H")': "P1DT1H", '"PT2H"': "PT2H"}  # a constant is kept without what is around it
    assert row.explanation["expression"] == literal.get(text, text)
    assert play.ring("t").done


def test_a_timer_that_makes_no_sense_names_its_node(mode: str) -> None:
    with pytest.raises(ExecutionFailed) as raised:
        Play(START + catch("t", timer("=x")) + "\ns > t", {"x": "soon"}, mode=mode)
    assert raised.value.facts["node_id"] == "t"


def test_an_interrupting_boundary_event_ends_the_task(mode: str) -> None:
    body = START + END + user("a") + boundary("b", "a", timer("PT1H")) + user("late") + "\ns > a > e\nb > late > e"
    play = Play(body, mode=mode).ring("b")
    assert play.tasks == ["late"]
    assert play.cancelled("a") == 1
    assert Play(body, mode=mode).do("a").done


def test_two_boundary_timers_and_the_task_is_done_in_time(mode: str) -> None:
    body = START + END + user("a") + boundary("b1", "a", timer("PT1H"), False) + boundary("b2", "a", timer("PT2H"))
    body += user("warn") + "\ns > a > e\nb1 > warn"
    play = Play(body, mode=mode)
    assert len(play.waiting.timers) == 2
    play.ring("b1").do("a")
    assert play.tasks == ["warn"]
    assert not play.waiting.timers
    assert play.do("warn").done


def test_a_non_interrupting_message_boundary_catches_again_and_again(mode: str) -> None:
    body = START + END + user("a") + boundary("b", "a", message(), False) + user("note") + "\ns > a > e\nb > note"
    play = Play(body, mode=mode)
    for number in range(4):
        play.send("hello", number=number)
    assert play.tasks == ["a", "note", "note", "note", "note"]
    play.do("a")
    assert not play.waiting.subscriptions
    for _ in range(4):
        play.do("note")
    assert play.done


def test_non_interrupting_message_boundary_in_a_loop(mode: str) -> None:
    body = START + END + user("a") + boundary("b", "a", message(), False) + user("note")
    body += '<exclusiveGateway id="x"/><exclusiveGateway id="m"/>'
    body += "\ns > m > a > x\nx > m if again\nx > e if not again\nb > note"
    play = Play(body, mode=mode).send("hello").do("a", again=True).send("hello").send("hello").do("a", again=False)
    assert play.tasks == ["note", "note", "note"]


def test_a_cycle_fires_as_often_as_it_says(mode: str) -> None:
    body = START + user("a") + boundary("b", "a", timer("R3/PT1H", "Cycle"), False) + user("warn") + "\ns > a\nb > warn"
    play = Play(body, mode=mode)
    keys = set()
    for number in range(3):
        row = play.waiting.timers[0]
        assert row.due_at == MONDAY + timedelta(hours=number + 1)
        keys.add(row.key)
        play.ring("b")
    assert len(keys) == 3
    assert not play.waiting.timers
    assert play.tasks == ["a", "warn", "warn", "warn"]


def test_months_of_a_cycle_are_counted_from_its_start(mode: str) -> None:
    body = (
        START
        + user("a")
        + boundary("b", "a", timer("R/2026-01-31T09:00/P1M", "Cycle"), False)
        + user("w")
        + "\ns > a\nb > w"
    )
    play = Play(body, mode=mode)
    days = []
    for _ in range(4):
        days.append(play.waiting.timers[0].due_at.strftime("%m-%d"))
        play.ring("b")
    assert days == ["01-31", "02-28", "03-31", "04-30"]


def test_an_old_key_does_not_fire_twice(mode: str) -> None:
    body = START + user("a") + boundary("b", "a", timer("R3/PT1H", "Cycle"), False) + user("w") + "\ns > a\nb > w"
    play = Play(body, mode=mode)
    row = play.waiting.timers[0]
    play.ring("b")
    with pytest.raises(TaskNotFound):
        play.execution.fire_timer(row.task_id, row.key)


def test_a_year_of_missed_cycles_is_bounded(mode: str) -> None:
    body = START + user("a") + boundary("b", "a", timer("R/PT1M", "Cycle"), False) + "\ns > a"
    play = Play(body, mode=mode)
    play.now = MONDAY + timedelta(days=365)
    play.ring("b")
    late = (play.now - play.waiting.timers[0].due_at) / timedelta(minutes=1)
    assert 900 <= late <= 1001


def test_errors_take_the_boundary_event_of_their_code(mode: str) -> None:
    body = (
        START
        + SERVICE.format("v")
        + boundary("b1", "v", ERROR_ANY)
        + boundary("b2", "v", ERROR)
        + user("any")
        + user("bad")
    )
    body += "\ns > v\nb1 > any\nb2 > bad"
    assert Play(body, mode=mode).fail("v", "BAD").tasks == ["bad"]
    assert Play(body, mode=mode).fail("v", "OTHER").tasks == ["any"]
    assert Play(body, mode=mode).serve("v", x=1).done


def test_an_error_nobody_catches_is_an_incident(mode: str) -> None:
    body = START + SERVICE.format("v") + boundary("b", "v", WORSE) + "\ns > v"
    with pytest.raises(ExecutionFailed) as raised:
        Play(body, mode=mode).fail("v", "BAD")
    assert raised.value.facts["node_id"] == "v"


def test_an_error_end_event_ends_its_scope_at_once(mode: str) -> None:
    inner = '<startEvent id="i"/><parallelGateway id="f"/>' + user("a") + user("b") + SERVICE.format("v")
    inner += f'<endEvent id="x">{ERROR}</endEvent>\ni > f > a > x\nf > b > v\n'
    body = START + END + f'<subProcess id="sub">{inner}</subProcess>' + boundary("eb", "sub", ERROR) + user("repair")
    body += "\ns > sub > e\neb > repair > e"
    play = Play(body, mode=mode).do("a")
    assert play.tasks == ["repair"]
    assert play.passed("v") == 0
    assert play.cancelled("b") == 1
    assert play.cancelled("sub") == 1
    assert play.do("repair").done


def test_errors_climb_through_scopes(mode: str) -> None:
    inner = f'<startEvent id="i2"/>{SERVICE.format("v")}\ni2 > v\n'
    middle = f'<startEvent id="i1"/><subProcess id="in">{inner}</subProcess>{boundary("wrong", "in", WORSE)}\ni1 > in\n'
    body = START + f'<subProcess id="out">{middle}</subProcess>' + boundary("right", "out", ERROR) + user("r")
    assert Play(body + "\ns > out\nright > r", mode=mode).fail("v", "BAD").tasks == ["r"]


def test_escalation_goes_on_beside_the_work(mode: str) -> None:
    throw = f'<intermediateThrowEvent id="t">{ESCALATION}</intermediateThrowEvent>'
    inner = f'<startEvent id="i"/>{user("a")}{throw}{user("b")}'
    body = (
        START + f'<subProcess id="sub">{inner}\ni > a > t > b\n</subProcess>' + boundary("eb", "sub", ESCALATION, False)
    )
    body += user("boss") + "\ns > sub\neb > boss"
    play = Play(body, mode=mode).do("a")
    assert play.tasks == ["b", "boss"]
    assert play.do("b").do("boss").done


def test_an_interrupting_escalation_stops_the_thrower(mode: str) -> None:
    throw = f'<intermediateThrowEvent id="t">{ESCALATION}</intermediateThrowEvent>'
    inner = f'<startEvent id="i"/>{user("a")}{throw}{user("b")}'
    body = START + f'<subProcess id="sub">{inner}\ni > a > t > b\n</subProcess>' + boundary("eb", "sub", ESCALATION)
    assert Play(body + user("boss") + "\ns > sub\neb > boss", mode=mode).do("a").tasks == ["boss"]


def test_signals_reach_everybody_in_the_instance_and_are_handed_out(mode: str) -> None:
    body = (
        START + '<parallelGateway id="f"/>' + user("a") + f'<endEvent id="t">{SIGNAL}</endEvent>' + catch("c", SIGNAL)
    )
    body += (
        user("b") + boundary("sb", "b", SIGNAL) + user("x") + user("y") + "\ns > f > a > t\nf > c > x\nf > b\nsb > y"
    )
    play = Play(body, mode=mode).do("a")
    assert play.tasks == ["x", "y"]
    assert [(row.kind, row.name) for row in play.execution.thrown] == [("signal", "alarm")]


@pytest.mark.parametrize("inside", [False, True])
def test_an_interrupting_event_sub_process(mode: str, inside: bool) -> None:
    content = f'<startEvent id="i"/>{user("a")}{on_event("ev", message(), "handle")}\ni > a\n'
    body = START + f'<subProcess id="sub">{content}</subProcess>{user("after")}\ns > sub > after' if inside else content
    play = Play(body, mode=mode).send("hello", reason="r")
    assert play.tasks == ["handle"]
    assert not play.waiting.subscriptions
    assert play.cancelled("a") == 1
    play.do("handle")
    assert play.tasks == (["after"] if inside else [])
    assert play.variables["reason"] == "r"
    assert play.done is not inside


@pytest.mark.parametrize("inside", [False, True])
def test_a_non_interrupting_event_sub_process_runs_beside_and_again(mode: str, inside: bool) -> None:
    content = f'<startEvent id="i"/>{user("a")}{user("b")}{on_event("ev", message(), "handle", False)}\ni > a > b\n'
    body = START + f'<subProcess id="sub">{content}</subProcess>{user("after")}\ns > sub > after' if inside else content
    play = Play(body, mode=mode).do("a", x="current").send("hello")
    assert play.variables["x"] == "current"
    play.send("hello")
    assert play.tasks == ["b", "handle", "handle"]
    play.do("b").do("handle")
    assert play.tasks == ["handle"], "the scope waits for its event sub-processes"
    assert [row.name for row in play.waiting.subscriptions] == ["hello"]
    play.do("handle")
    assert play.tasks == (["after"] if inside else [])
    assert play.done is not inside
    assert not play.waiting.subscriptions


def test_nothing_of_an_event_sub_process_shows_before_its_event(mode: str) -> None:
    play = Play(f'<startEvent id="i"/>{user("a")}{on_event("ev", message(), "handle", False)}\ni > a\n', mode=mode)
    assert play.trace == ["completed i", "entered a"]
    assert play.do("a").done


def test_an_event_sub_process_on_a_timer_does_not_keep_the_process_open(mode: str) -> None:
    body = f'<startEvent id="i"/>{user("a")}{on_event("ev", timer("P30D"), "handle")}\ni > a\n'
    assert Play(body, mode=mode).do("a").done
    assert Play(body, mode=mode).ring("ev_start").tasks == ["handle"]


@pytest.mark.parametrize(("event", "throw"), [(ERROR, ERROR), (ERROR_ANY, ERROR), (ESCALATION, ESCALATION)])
def test_event_sub_processes_on_errors_and_escalations_wait_for_them(mode: str, event: str, throw: str) -> None:
    body = f'<startEvent id="i"/>{user("a")}<endEvent id="x">{throw}</endEvent>'
    body += on_event("ev", event, "handle") + "\ni > a > x\n"
    play = Play(body, mode=mode)
    assert play.tasks == ["a"]
    assert play.do("a").tasks == ["handle"]
    assert play.do("handle").done


def test_an_error_inside_its_own_handler_goes_further_up(mode: str) -> None:
    handler = f'<startEvent id="hs">{ERROR}</startEvent>{user("h")}<endEvent id="hx">{ERROR}</endEvent>\nhs > h > hx\n'
    inner = f'<startEvent id="i"/>{user("a")}<endEvent id="x">{ERROR}</endEvent>\ni > a > x\n'
    inner += f'<subProcess id="ev" triggeredByEvent="true">{handler}</subProcess>'
    body = START + f'<subProcess id="sub">{inner}</subProcess>' + boundary("b", "sub", ERROR) + user("last")
    play = Play(body + "\ns > sub\nb > last", mode=mode).do("a")
    assert play.tasks == ["h"]
    assert play.do("h").tasks == ["last"]


def test_two_event_sub_processes_of_different_kinds(mode: str) -> None:
    body = f'<startEvent id="i"/>{user("a")}\ni > a\n' + on_event("note", message(), "noted", False)
    body += on_event("halt", message("stop_"), "halted")
    play = Play(body, mode=mode).send("hello").send("hello").send("stop")
    assert play.tasks == ["halted"]
    assert play.cancelled("noted") == 2
    assert play.do("halted").done


def test_an_event_sub_process_on_a_cycle_runs_as_often_as_it_says(mode: str) -> None:
    cycle = timer("R2/PT1H", "Cycle")
    play = Play(f'<startEvent id="i"/>{user("a")}{on_event("ev", cycle, "remind", False)}\ni > a\n', mode=mode)
    play.ring("ev_start").ring("ev_start")
    assert play.tasks == ["a", "remind", "remind"]
    assert not play.waiting.timers
    assert play.now == MONDAY + timedelta(hours=2)


def test_a_service_interrupted_in_time_is_not_finished_later(mode: str) -> None:
    body = START + SERVICE.format("v") + boundary("b", "v", timer("PT1H")) + user("late") + "\ns > v\nb > late"
    play = Play(body, mode=mode)
    task = play.waiting.services[0].task_id
    play.ring("b")
    with pytest.raises(TaskNotFound):
        play.resume().finish_service(task, {})


def test_an_escalation_may_rise_many_times(mode: str) -> None:
    inner = f'<startEvent id="i"/><exclusiveGateway id="m"/>{user("a")}<intermediateThrowEvent id="t">{ESCALATION}'
    inner += "</intermediateThrowEvent>\ni > m > a > t > m\n"
    body = (
        START + f'<subProcess id="sub">{inner}</subProcess>' + boundary("eb", "sub", ESCALATION, False) + user("boss")
    )
    play = Play(body + "\ns > sub\neb > boss", mode=mode)
    play.do("a").do("a").do("a")
    assert play.tasks == ["a", "boss", "boss", "boss"]


def test_a_signal_starts_event_sub_processes(mode: str) -> None:
    body = f'<startEvent id="i"/>{user("a")}{user("b")}<endEvent id="t">{SIGNAL}</endEvent>'
    body += on_event("ev", SIGNAL, "heard", False)
    play = Play(body + '<parallelGateway id="f"/>\ni > f > a > t\nf > b', mode=mode).do("a")
    assert play.tasks == ["b", "heard"]


def test_errors_without_code_are_told_apart_where_there_are_several(mode: str) -> None:
    inner = f'<startEvent id="i"/>{user("a")}<endEvent id="x"><errorEventDefinition errorRef="late_"/></endEvent>'
    body = START + f'<subProcess id="sub">{inner}\ni > a > x\n</subProcess>' + user("y") + user("z")
    body += boundary("b1", "sub", '<errorEventDefinition errorRef="lost_"/>')
    body += boundary("b2", "sub", '<errorEventDefinition errorRef="late_"/>') + "\ns > sub\nb1 > y\nb2 > z"
    errors = b'<error id="lost_" name="Lost"/><error id="late_" name="Late"/><process '
    source = document(body).replace(b"<process ", errors)
    assert Play(source, mode=mode).do("a").tasks == ["z"]
