"""What the runtime promises whoever saves it: small states, shared programs, limits, and a known executor."""

from __future__ import annotations

import re
import threading
from datetime import timedelta
from pathlib import Path

import pytest

import engine
from engine.errors import DeploymentRefused, ExecutionFailed, LimitExceeded, StateUnreadable
from engine.limits import Limits
from engine.spiff import CODEC, Execution, Programs, load_program, selfcheck
from tests.support.soon import ends_soon
from tests.support.workflows import MONDAY, Play, document, user

LOOP = (
    '<startEvent id="s"/><exclusiveGateway id="m"/><exclusiveGateway id="x" default="again"/><endEvent id="e"/>'
    + user("a")
    + user("b")
    + '<sequenceFlow id="again" sourceRef="x" targetRef="m"/>\ns > m > a > b > x\nx > e if enough'
)


def test_an_old_instance_costs_what_a_new_one_costs() -> None:
    play = Play(LOOP, {"enough": False})
    young = len(play.execution.dump())
    for _ in range(300):
        play.do("a").do("b")
    assert len(play.execution.dump()) == young
    assert young < 300
    assert play.do("a").do("b", enough=True).done


def test_a_state_names_its_codec_and_another_is_refused() -> None:
    play = Play(LOOP, {"enough": True})
    blob = play.execution.dump()
    assert blob[0] == CODEC
    for broken in (b"", bytes([CODEC + 1]) + blob[1:], blob[:40], bytes([CODEC]) + b"{}", bytes([CODEC]) + b"[]"):
        with pytest.raises(StateUnreadable):
            Execution.restore(play.program, play._context(), broken)


def test_a_state_of_another_process_is_refused() -> None:
    play = Play(LOOP, {"enough": True})
    other = load_program("p", "other", document('<startEvent id="s"/>' + user("z") + "\ns > z"), {})
    with pytest.raises(StateUnreadable):
        Execution.restore(other, play._context(), play.execution.dump())


def test_variables_keep_their_order_and_kind() -> None:
    values = {"z": 1, "a": [1.5, None, True, "投诉"], "m": {"y": {"x": []}}, "big": 2**62, "text": "<script>"}
    play = Play(LOOP, {"enough": True, **values})
    play.resume()
    assert list(play.variables.items()) == [("enough", True), *values.items()]


def test_one_program_serves_many_instances_at_once() -> None:
    event = '<startEvent id="es"><messageEventDefinition messageRef="hello_"/></startEvent>'
    sub = f'<subProcess id="ev" triggeredByEvent="true">{event}{user("h")}\nes > h\n</subProcess>'
    body = '<startEvent id="s"/>' + user("a", inner="") + sub + "\ns > a"
    play = Play(body)
    failures: list[object] = []

    def run(number: int) -> None:
        execution = Execution.start(play.program, play._context(), {"n": number})
        for _ in range(20):
            execution = Execution.restore(play.program, play._context(), execution.dump())
        if number % 2:
            row = execution.waiting().subscriptions[0]
            execution.deliver(row.task_id, "hello", {})
        expected = "h" if number % 2 else "a"
        found = [task.node_id for task in execution.waiting().tasks]
        if found != [expected] or execution.variables() != {"n": number}:
            failures.append((number, found))

    threads = [threading.Thread(target=run, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert Play(body).tasks == ["a"], "an event of another instance changed nothing"


def test_programs_are_prepared_once_and_the_oldest_forgotten() -> None:
    programs, loads = Programs(capacity=2), []

    def load(key: str) -> object:
        def prepare() -> object:
            loads.append(key)
            return load_program("p", key, document(LOOP), {})

        return programs.get(key, prepare)  # type: ignore[arg-type]  # a Program

    assert load("1") is load("1")
    load("2"), load("1"), load("3"), load("1"), load("2")
    assert loads == ["1", "2", "3", "2"]


def test_a_program_that_is_not_in_the_file_is_refused() -> None:
    with pytest.raises(DeploymentRefused):
        load_program("unknown", "d", document(LOOP), {})
    with pytest.raises(DeploymentRefused):
        load_program("p", "d", b"<broken", {})


def test_a_state_may_not_grow_without_bound() -> None:
    play = Play(LOOP, {"enough": False}, mode="memory", limits=Limits(blob_bytes=2_000))
    play.do("a", text="x" * 3_000)
    with pytest.raises(LimitExceeded) as raised:
        play.execution.dump()
    assert raised.value.facts["limit"] == "blob_bytes"


def test_tokens_may_not_multiply_without_bound() -> None:
    body = '<startEvent id="s"/><exclusiveGateway id="m"/><parallelGateway id="f"/>\ns > m > f > m\nf > m'
    with pytest.raises(LimitExceeded):
        Play(body, limits=Limits(tasks=500))


def test_a_command_may_not_run_for_ever() -> None:
    body = '<startEvent id="s"/><exclusiveGateway id="m"/><scriptTask id="k"><script>n += 1</script></scriptTask>'
    with ends_soon(), pytest.raises(LimitExceeded) as raised:
        Play(body + "\ns > m > k > m", {"n": 0}, limits=Limits(steps=10**9, seconds=0.2))
    assert raised.value.facts["limit"] == "seconds"


def test_what_a_calendar_raises_names_the_node() -> None:
    event = "<timerEventDefinition><timeDuration>=working_time(n)</timeDuration></timerEventDefinition>"
    body = f'<startEvent id="s"/><intermediateCatchEvent id="t">{event}</intermediateCatchEvent>\ns > t'
    for value in ("soon", 10**9, None):
        with pytest.raises((ExecutionFailed, engine.ExpressionFailed)) as raised:
            Play(body, {"n": value})
        assert raised.value.facts["node_id"] == "t"


def test_years_pass_in_an_instant() -> None:
    event = "<timerEventDefinition><timeDuration>P1Y</timeDuration></timerEventDefinition>"
    body = '<startEvent id="s"/><exclusiveGateway id="m"/>' + user("a")
    body += f'<intermediateCatchEvent id="t">{event}</intermediateCatchEvent>\ns > m > t > a > m'
    play = Play(body)
    for _ in range(10):
        play.ring("t").do("a")
    assert play.now.year == MONDAY.year + 10
    assert play.waiting.timers[0].due_at - play.now > timedelta(days=364)


def test_the_executor_is_the_one_we_know() -> None:
    selfcheck.check()


def test_only_one_package_knows_the_executor() -> None:
    root = Path(engine.__file__).parent
    others = [path for path in root.rglob("*.py") if "spiff" not in path.relative_to(root).parts]
    imports = re.compile(r"^\s*(?:import|from) SpiffWorkflow", re.MULTILINE)
    assert not [path for path in others if imports.search(path.read_text())]
