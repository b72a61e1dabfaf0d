"""An operator moves the tokens of a running instance, on SQLite and on PostgreSQL."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

import engine
from engine import Instruction, findings
from engine.testing import check_instance
from tests.support.engine_world import BACKENDS, World, fresh_url, world
from tests.support.workflows import document, user

TIMER = "<timerEventDefinition><timeDuration>PT2H</timeDuration></timerEventDefinition>"
STRAIGHT = document(
    '<startEvent id="begin"/><endEvent id="end"/>'
    + user("first")
    + user("second")
    + user("third")
    + f'<boundaryEvent id="late" attachedToRef="second">{TIMER}</boundaryEvent>'
    + user("hurry")
    + "\nbegin > first > second > third > end\nlate > hurry\n",
    "straight",
)
INSIDE = document(
    '<startEvent id="begin"/><endEvent id="end"/>'
    + user("before")
    + '<subProcess id="sub"><startEvent id="s_begin"/>'
    + user("a")
    + user("b")
    + "\ns_begin > a > b\n"
    + '<subProcess id="told" triggeredByEvent="true"><startEvent id="t_begin" isInterrupting="false">'
    + '<messageEventDefinition messageRef="hello_"/></startEvent>'
    + user("answer")
    + "\nt_begin > answer\n</subProcess></subProcess>"
    + user("after")
    + "\nbegin > before > sub > after > end\n",
    "inside",
)
BRANCHES = document(
    '<startEvent id="begin"/><endEvent id="end"/><parallelGateway id="fork"/><parallelGateway id="join"/>'
    + user("left")
    + user("right")
    + user("after")
    + "\nbegin > fork > left > join > after > end\nfork > right > join\n",
    "branches",
)


def several(sequential: str) -> bytes:
    loop = (
        f'<multiInstanceLoopCharacteristics isSequential="{sequential}" camunda:collection="people" '
        'camunda:elementVariable="person"/>'
    )
    return document(
        '<startEvent id="begin"/><endEvent id="end"/>'
        + user("ask", inner=loop)
        + user("after")
        + "\nbegin > ask > after > end\n",
        f"several_{sequential}",
    )


CALLING = document(
    '<startEvent id="begin"/><endEvent id="end"/><callActivity id="call" calledElement="straight"/>'
    + user("after")
    + "\nbegin > call > after > end\n",
    "calling",
)


@pytest.fixture(params=BACKENDS)
def keliu(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    url = fresh_url(request.param, tmp_path, lambda: request.getfixturevalue("postgres_server"))
    with world(url) as opened:
        opened.deploy(STRAIGHT, INSIDE, BRANCHES, several("false"), several("true"), CALLING)
        yield opened


def modify(keliu: World, instance_id: str, *orders: Instruction) -> engine.Result:
    command = engine.ModifyInstance(instance_id=instance_id, instructions=orders, reason="wrong turn", actor="kang")
    result = keliu.do(command)
    if result.state == "active":
        with keliu.database.read() as session:
            check_instance(session, instance_id)
    return result


def before(node: str, **more: object) -> Instruction:
    return Instruction(kind="start_before", node_id=node, **more)  # type: ignore[arg-type]  # variables of a test


def cancel(node: str) -> Instruction:
    return Instruction(kind="cancel", node_id=node)


def codes(refused: pytest.ExceptionInfo[engine.PlanRefused]) -> list[str]:
    """The codes of the findings; each has words in both languages."""
    assert all(findings.word(one, "zh") and findings.word(one, "en") for one in refused.value.findings)
    return [one.code for one in refused.value.findings]


def finish(keliu: World, instance_id: str, node: str) -> None:
    task = keliu.task(instance_id, node)
    keliu.do(engine.CompleteTask(task_id=task.id, actor="ann", groups=frozenset({"office"})))


def test_a_token_is_moved_and_the_boundary_event_is_armed_with_it(keliu: World) -> None:
    instance_id = str(keliu.start("straight").instance_id)
    orders = engine.move("first", "second", variables={"city": "上海"}, local_variables={"own": 1})
    result = modify(keliu, instance_id, *orders)
    assert [task.node_id for task in result.created] == ["second"]
    assert keliu.open(instance_id) == ["second"]
    assert dict(keliu.ask(engine.queries.instance, instance_id).variables) == {"city": "上海"}
    assert dict(keliu.task(instance_id, "second").local_variables) == {"own": 1}
    (timer,) = keliu.ask(engine.queries.jobs, instance_id=instance_id)
    assert timer.node_id == "late"
    modify(keliu, instance_id, *engine.move("second", "first"))
    assert keliu.ask(engine.queries.jobs, instance_id=instance_id) == ()
    kinds = keliu.kinds(instance_id)
    assert kinds.count("instance_modified") == 2 and kinds.count("task_cancelled") == 2
    audit = engine.tables.audit_log
    with keliu.database.read() as session:
        rows = session.execute(audit.select().where(audit.c.action == "ModifyInstance")).all()
    assert [(row.actor, row.facts["reason"]) for row in rows] == [("kang", "wrong turn")] * 2


def test_starting_after_a_node_and_along_a_flow(keliu: World) -> None:
    instance_id = str(keliu.start("straight").instance_id)
    modify(keliu, instance_id, Instruction(kind="start_after", node_id="second"))
    assert keliu.open(instance_id) == ["first", "third"]
    modify(keliu, instance_id, Instruction(kind="start_transition", flow_id="first_second_1"), cancel("third"))
    assert keliu.open(instance_id) == ["first", "second"]
    token = keliu.task(instance_id, "first").id
    modify(keliu, instance_id, Instruction(kind="cancel", task_id=token))
    assert keliu.open(instance_id) == ["second"]


def test_an_instance_with_nothing_left_is_cancelled(keliu: World) -> None:
    instance_id = str(keliu.start("straight").instance_id)
    result = modify(keliu, instance_id, cancel("first"))
    assert result.state == "cancelled"
    row = keliu.ask(engine.queries.instance, instance_id)
    assert (row.state, row.end_reason) == ("cancelled", "wrong turn")


def test_moving_to_the_end_completes_the_instance(keliu: World) -> None:
    instance_id = str(keliu.start("straight").instance_id)
    assert modify(keliu, instance_id, *engine.move("first", "end")).state == "completed"


def test_work_inside_a_sub_process_is_moved_in_and_out(keliu: World) -> None:
    instance_id = str(keliu.start("inside").instance_id)
    modify(keliu, instance_id, *engine.move("before", "b"))
    assert keliu.open(instance_id) == ["b"]
    keliu.do(engine.CorrelateMessage(name="hello", instance_id=instance_id))
    assert keliu.open(instance_id) == ["answer", "b"], "the event sub-process listens"
    modify(keliu, instance_id, *engine.move("b", "a"))
    assert keliu.open(instance_id) == ["a", "answer"], "the sub-process stayed the same"
    modify(keliu, instance_id, cancel("answer"), *engine.move("a", "after"))
    assert keliu.open(instance_id) == ["after"]
    finish(keliu, instance_id, "after")
    assert keliu.ask(engine.queries.instance, instance_id).state == "completed"


def test_a_parallel_branch_is_moved_into_the_join(keliu: World) -> None:
    instance_id = str(keliu.start("branches").instance_id)
    with pytest.raises(engine.PlanRefused) as refused:
        finish_and_cancel = (cancel("left"), *engine.move("right", "join"))
        modify(keliu, instance_id, *finish_and_cancel)
    assert codes(refused) == ["move_stuck"]
    modify(keliu, instance_id, *engine.move("left", "join"))
    assert keliu.open(instance_id) == ["right"]
    finish(keliu, instance_id, "right")
    assert keliu.open(instance_id) == ["after"]


def test_one_more_is_asked_and_one_is_left_out(keliu: World) -> None:
    instance_id = str(keliu.start("several_false", variables={"people": ["a", "b"]}).instance_id)
    modify(keliu, instance_id, before("ask", local_variables={"person": "c"}))
    found = keliu.ask(engine.queries.open_tasks, instance_id)
    tasks = sorted(found, key=lambda task: str(task.local_variables["person"]))
    assert [task.local_variables["person"] for task in tasks] == ["a", "b", "c"]
    assert [task.local_variables["loopCounter"] for task in tasks] == [0, 1, 2]
    modify(keliu, instance_id, Instruction(kind="cancel", task_id=tasks[0].id))
    for _ in range(2):
        assert keliu.open(instance_id)[0] == "ask"
        finish(keliu, instance_id, "ask")
    assert keliu.open(instance_id) == ["after"]
    modify(keliu, instance_id, *engine.move("after", "ask#multiInstanceBody"))
    assert keliu.open(instance_id) == ["ask", "ask"]
    modify(keliu, instance_id, *engine.move("ask", "after"))
    assert keliu.open(instance_id) == ["after"]


def test_what_can_not_be_done_is_refused_with_its_reason(keliu: World) -> None:
    straight = str(keliu.start("straight").instance_id)
    sequential = str(keliu.start("several_true", variables={"people": ["a", "b"]}).instance_id)
    wanted = {
        "move_no_node": (straight, before("nowhere")),
        "move_not_there": (straight, cancel("second")),
        "move_no_flow": (straight, Instruction(kind="start_transition", flow_id="nothing")),
        "move_after": (straight, Instruction(kind="start_after", node_id="end")),
        "move_no_token": (straight, Instruction(kind="cancel", task_id="gone")),
        "move_no_order": (straight, Instruction(kind="dance", node_id="first")),
        "move_sequential": (sequential, before("ask")),
    }
    for code, (instance_id, order) in wanted.items():
        with pytest.raises(engine.PlanRefused) as refused:
            modify(keliu, instance_id, order)
        assert codes(refused) == [code]
    assert keliu.open(straight) == ["first"]


def test_a_called_process_ends_with_the_token_that_called_it(keliu: World) -> None:
    instance_id = str(keliu.start("calling").instance_id)
    called = next(row for row in keliu.ask(engine.queries.instances) if row.parent_instance_id == instance_id)
    modify(keliu, instance_id, *engine.move("call", "after"))
    assert keliu.ask(engine.queries.instance, called.id).state == "cancelled"
    assert keliu.open(instance_id) == ["after"]


def test_who_comes_second_is_told(keliu: World) -> None:
    """A person completes the task in the moment in which an operator moves it."""
    instance_id = str(keliu.start("straight").instance_id)
    task_id = keliu.task(instance_id, "first").id
    told: list[str] = []
    both = threading.Barrier(2)

    def act(command: engine.Command) -> None:
        both.wait()
        try:
            keliu.do(command)
        except engine.EngineError as error:
            told.append(error.code)

    moved = engine.ModifyInstance(instance_id=instance_id, instructions=engine.move("first", "third"))
    done = engine.CompleteTask(task_id=task_id, actor="ann", groups=frozenset({"office"}))
    people = [threading.Thread(target=act, args=(command,)) for command in (moved, done)]
    for one in people:
        one.start()
    for one in people:
        one.join(30)
    assert (keliu.open(instance_id), told) in ((["third"], ["TaskCancelled"]), (["second"], ["PlanRefused"]))
    with keliu.database.read() as session:
        check_instance(session, instance_id)


def test_an_ended_instance_is_started_again(keliu: World) -> None:
    first = str(keliu.start("straight", business_key="K-1", variables={"a": 1}).instance_id)
    with pytest.raises(engine.InstanceNotEnded):
        keliu.do(engine.RestartInstance(instance_id=first))
    keliu.do(engine.SetVariables(instance_id=first, variables={"a": 2}))
    keliu.do(engine.CancelInstance(instance_id=first))
    again = keliu.do(
        engine.RestartInstance(instance_id=first, instructions=(before("third"),), reason="cancelled by mistake")
    )
    second = str(again.instance_id)
    assert (again.business_key, keliu.open(second)) == ("K-1", ["third"])
    assert dict(keliu.ask(engine.queries.instance, second).variables) == {"a": 2}
    (line,) = [row for row in keliu.ask(engine.queries.history, second) if row.kind == "instance_restarted"]
    assert line.changes == {"origin": first, "reason": "cancelled by mistake"}
    with pytest.raises(engine.BusinessKeyTaken):
        keliu.do(engine.RestartInstance(instance_id=first))
    fresh = keliu.do(engine.RestartInstance(instance_id=first, initial_variables=True, business_key="K-2", latest=True))
    assert dict(keliu.ask(engine.queries.instance, str(fresh.instance_id)).variables) == {"a": 1}
    assert keliu.open(str(fresh.instance_id)) == ["first"]
