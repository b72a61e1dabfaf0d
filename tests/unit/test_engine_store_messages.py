"""Messages and signals find whom they are for, early, late, and across instances."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

import engine
from engine.testing import check_instance
from tests.support.engine_world import BACKENDS, World, bpmn, chain, flow, fresh_url, user_task, world

SALES = frozenset({"sales"})


@pytest.fixture(params=BACKENDS)
def keliu(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    url = fresh_url(request.param, tmp_path, lambda: request.getfixturevalue("postgres_server"))
    with world(url) as opened:
        yield opened


def catch(node: str, name: str, kind: str = "message") -> str:
    definition = f'<bpmn:{kind}EventDefinition {kind}Ref="{kind[0]}_{name}" />'
    return f'<bpmn:intermediateCatchEvent id="{node}">{definition}</bpmn:intermediateCatchEvent>'


def throw(node: str, name: str, kind: str = "message") -> str:
    definition = f'<bpmn:{kind}EventDefinition {kind}Ref="{kind[0]}_{name}" />'
    return f'<bpmn:intermediateThrowEvent id="{node}">{definition}</bpmn:intermediateThrowEvent>'


BEGIN, DONE = '<bpmn:startEvent id="begin" />', '<bpmn:endEvent id="done" />'
WAITING = bpmn(
    "waiting",
    BEGIN + catch("answer", "answer") + user_task("read") + DONE + chain("begin", "answer", "read", "done"),
    messages=("answer",),
)
ASKING = bpmn(
    "asking",
    BEGIN
    + user_task("ask")
    + catch("answer", "answer")
    + user_task("read")
    + DONE
    + chain("begin", "ask", "answer", "read", "done"),
    messages=("answer",),
)


def check(keliu: World, instance_id: str | None) -> None:
    with keliu.database.read() as session:
        check_instance(session, str(instance_id))


def test_a_message_reaches_the_instance_with_its_key_and_no_other(keliu: World) -> None:
    keliu.deploy(WAITING)
    ids = {key: keliu.start("waiting", business_key=key).instance_id for key in ("K-1", "K-2", "K-3")}

    result = keliu.do(engine.CorrelateMessage(name="answer", correlation_key="K-2", variables={"text": "yes"}))

    assert result.instance_id == ids["K-2"]
    assert [keliu.open(ids[key]) for key in ("K-1", "K-2", "K-3")] == [[], ["read"], []]
    assert keliu.ask(engine.queries.instance, ids["K-2"]).variables == {"text": "yes"}
    assert "message_received" in keliu.kinds(ids["K-2"])
    check(keliu, ids["K-2"])


def test_a_message_is_received_once(keliu: World) -> None:
    keliu.deploy(WAITING)
    keliu.start("waiting", business_key="K-1")
    message = engine.CorrelateMessage(name="answer", correlation_key="K-1")
    keliu.do(message)

    with pytest.raises(engine.MessageNotExpected) as refused:
        keliu.do(message)

    assert refused.value.facts == {"name": "answer", "correlation_key": "K-1"}


def test_a_message_goes_to_the_instance_it_names(keliu: World) -> None:
    keliu.deploy(WAITING)
    first, second = (keliu.start("waiting").instance_id for _ in range(2))  # no business keys

    keliu.do(engine.CorrelateMessage(name="answer", instance_id=second))

    assert (keliu.open(first), keliu.open(second)) == ([], ["read"])
    with pytest.raises(engine.MessageNotExpected):
        keliu.do(engine.CorrelateMessage(name="answer", instance_id=second))


def test_an_early_message_waits_for_its_receiver(keliu: World) -> None:
    keliu.deploy(ASKING)
    instance_id = keliu.start("asking", business_key="K-1").instance_id

    kept = keliu.do(
        engine.CorrelateMessage(
            name="answer", correlation_key="K-1", variables={"text": "yes"}, buffer_for=timedelta(days=2)
        )
    )
    assert kept.buffered
    keliu.clock.advance(timedelta(days=1))
    keliu.run_due()
    ask = keliu.task(instance_id, "ask")
    result = keliu.do(engine.CompleteTask(task_id=ask.id, actor="li", groups=SALES))

    assert [task.node_id for task in result.created] == ["read"]  # in the same commit
    assert keliu.ask(engine.queries.instance, instance_id).variables == {"text": "yes"}
    assert keliu.ask(engine.queries.job, kept.job_id).state == "completed"
    check(keliu, instance_id)


def test_an_early_message_expires(keliu: World) -> None:
    keliu.deploy(ASKING)
    instance_id = keliu.start("asking", business_key="K-1").instance_id
    kept = keliu.do(engine.CorrelateMessage(name="answer", correlation_key="K-1", buffer_for=timedelta(hours=1)))

    keliu.clock.advance(timedelta(hours=2))
    keliu.run_due()
    keliu.do(engine.CompleteTask(task_id=keliu.task(instance_id, "ask").id, actor="li", groups=SALES))

    assert keliu.open(instance_id) == []
    job = keliu.ask(engine.queries.job, kept.job_id)
    assert (job.state, job.last_error) == ("cancelled", "expired")


def test_a_message_starts_a_process_by_its_latest_version(keliu: World) -> None:
    start = '<bpmn:startEvent id="begin"><bpmn:messageEventDefinition messageRef="m_order" /></bpmn:startEvent>'
    for name in ("old", "new"):
        keliu.deploy(
            bpmn("ordering", start + user_task(name) + DONE + chain("begin", name, "done"), messages=("order",))
        )

    result = keliu.do(
        engine.CorrelateMessage(name="order", business_key="O-1", title="Bolts", variables={"amount": 3}, actor="li")
    )

    instance = keliu.ask(engine.queries.instance, result.instance_id)
    assert (instance.business_key, instance.title, instance.started_by) == ("O-1", "Bolts", "li")
    assert [task.node_id for task in result.created] == ["new"]
    with pytest.raises(engine.BusinessKeyTaken):
        keliu.do(engine.CorrelateMessage(name="order", business_key="O-1"))


def test_a_thrown_message_reaches_another_instance_after_the_commit(keliu: World) -> None:
    keliu.deploy(
        WAITING,
        bpmn(
            "telling",
            BEGIN + user_task("say") + throw("tell", "answer") + DONE + chain("begin", "say", "tell", "done"),
            messages=("answer",),
        ),
    )
    receiver = keliu.start("waiting", business_key="K-1").instance_id
    sender = keliu.start("telling", business_key="K-1", process_key="telling").instance_id

    say = keliu.task(sender, "say")
    keliu.do(engine.CompleteTask(task_id=say.id, actor="li", groups=SALES))

    assert keliu.open(receiver) == ["read"]
    assert "message_thrown" in keliu.kinds(sender)


def test_a_message_thrown_too_early_is_kept_for_its_receiver(keliu: World) -> None:
    keliu.deploy(
        WAITING,
        bpmn("telling", BEGIN + throw("tell", "answer") + DONE + chain("begin", "tell", "done"), messages=("answer",)),
    )
    keliu.start("telling", business_key="K-1")

    result = keliu.start("waiting", business_key="K-1")

    assert [task.node_id for task in result.created] == ["read"]


def test_a_signal_reaches_everybody_who_waits(keliu: World) -> None:
    listening = bpmn(
        "listening",
        BEGIN + catch("hear", "recall", "signal") + user_task("check") + DONE + chain("begin", "hear", "check", "done"),
        signals=("recall",),
    )
    calling = bpmn(
        "calling",
        BEGIN + throw("call", "recall", "signal") + DONE + chain("begin", "call", "done"),
        signals=("recall",),
    )
    keliu.deploy(listening, calling)
    ids = [keliu.start("listening").instance_id for _ in range(3)]

    keliu.start("calling")

    assert [keliu.open(instance_id) for instance_id in ids] == [["check"]] * 3
    later = keliu.start("listening").instance_id
    assert keliu.open(later) == []


def test_a_non_interrupting_message_may_come_again(keliu: World) -> None:
    boundary = (
        '<bpmn:boundaryEvent id="more" attachedToRef="work" cancelActivity="false">'
        '<bpmn:messageEventDefinition messageRef="m_supplement" /></bpmn:boundaryEvent>'
        + user_task("read")
        + '<bpmn:endEvent id="read_done" />'
        + flow("more", "read")
        + flow("read", "read_done")
    )
    keliu.deploy(
        bpmn(
            "working",
            BEGIN + user_task("work") + boundary + DONE + chain("begin", "work", "done"),
            messages=("supplement",),
        )
    )
    instance_id = keliu.start("working", business_key="K-1").instance_id

    for _ in range(3):
        keliu.do(engine.CorrelateMessage(name="supplement", correlation_key="K-1"))

    assert keliu.open(instance_id) == ["read", "read", "read", "work"]
    check(keliu, instance_id)
