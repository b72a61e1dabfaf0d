"""Processes that begin by themselves, on both databases: by a signal, at a moment, again and again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

import engine
from engine.tables import process_instance as pi
from tests.support.engine_world import BACKENDS, World, bpmn, chain, flow, fresh_url, user_task, world

END = '<bpmn:endEvent id="done" />'


@pytest.fixture(params=BACKENDS)
def keliu(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    with world(fresh_url(request.param, tmp_path, lambda: request.getfixturevalue("postgres_server"))) as opened:
        yield opened


def timed(text: str, kind: str = "Duration", node: str = "begin") -> str:
    return (
        f'<bpmn:startEvent id="{node}"><bpmn:timerEventDefinition><bpmn:time{kind}>{text}</bpmn:time{kind}>'
        "</bpmn:timerEventDefinition></bpmn:startEvent>"
    )


def on_signal(name: str, node: str = "begin") -> str:
    return f'<bpmn:startEvent id="{node}"><bpmn:signalEventDefinition signalRef="s_{name}" /></bpmn:startEvent>'


def one(start: str, task: str = "work", key: str = "p", **named: tuple[str, ...]) -> bytes:
    return bpmn(key, start + user_task(task) + END + chain("begin", task, "done"), **named)


def instances(world: World, key: str = "p") -> list[engine.InstanceRow]:
    with world.database.read() as session:
        found = select(pi.c.id).where(pi.c.definition_key == key).order_by(pi.c.started_at, pi.c.id)
        return [engine.queries.instance(session, instance) for instance in session.scalars(found).all()]


def waiting(world: World) -> list[engine.JobRow]:
    return [job for job in world.ask(engine.queries.jobs) if job.kind is engine.JobKind.TIMER]


def test_once_after_a_while(keliu: World) -> None:
    keliu.deploy(one(timed("PT1H")))
    [job] = waiting(keliu)
    assert (job.instance_id, job.node_id, job.due_at) == (None, "begin", keliu.clock.now() + timedelta(hours=1))
    assert keliu.run_due() == 0
    keliu.clock.advance(timedelta(hours=2))
    keliu.run_due()
    [started] = instances(keliu)
    assert (started.business_key, started.started_by) == (None, "system")
    assert keliu.open(started.id) == ["work"]
    assert waiting(keliu) == []


def test_again_and_again(keliu: World) -> None:
    keliu.deploy(one(timed("R3/PT1H", "Cycle")))
    keliu.clock.advance(timedelta(hours=1))
    keliu.run_due()
    assert (len(instances(keliu)), len(waiting(keliu))) == (1, 1)
    keliu.clock.advance(timedelta(days=1))
    keliu.run_due()
    assert (len(instances(keliu)), waiting(keliu)) == (3, [])


def test_a_new_version_replaces_what_the_old_one_waited_for(keliu: World) -> None:
    keliu.deploy(one(timed("PT1H")))
    keliu.deploy(one(timed("PT1H"), key="other"))
    keliu.deploy(one(timed("=working_time(4)"), "new_work"))
    assert len(waiting(keliu)) == 2
    keliu.clock.advance(timedelta(days=1))
    keliu.run_due()
    assert [keliu.open(started.id) for started in instances(keliu)] == [["new_work"]]
    keliu.deploy(one('<bpmn:startEvent id="begin" />'))
    assert waiting(keliu) == []


def test_the_same_files_again_change_nothing(keliu: World) -> None:
    keliu.deploy(one(timed("PT1H")))
    [before] = waiting(keliu)
    keliu.clock.advance(timedelta(minutes=30))
    keliu.deploy(one(timed("PT1H")))
    assert [job.id for job in waiting(keliu)] == [before.id]


def test_a_start_that_fails_is_tried_again(keliu: World) -> None:
    gateway = '<bpmn:exclusiveGateway id="g" />'
    body = timed("PT1H") + gateway + user_task("a") + user_task("b")
    body += flow("begin", "g") + flow("g", "a", "${missing}") + flow("g", "b", "${!missing}")
    keliu.deploy(bpmn("p", body))
    keliu.clock.advance(timedelta(hours=1))
    keliu.run_due()
    assert instances(keliu) == []
    [job] = waiting(keliu)
    assert job.state is engine.JobState.RETRYABLE


def test_every_process_that_begins_with_a_signal(keliu: World) -> None:
    call = '<bpmn:intermediateThrowEvent id="call"><bpmn:extensionElements><camunda:inputOutput>'
    call += '<camunda:inputParameter name="lot">${lot}</camunda:inputParameter></camunda:inputOutput>'
    call += '</bpmn:extensionElements><bpmn:signalEventDefinition signalRef="s_recall" /></bpmn:intermediateThrowEvent>'
    thrower = bpmn(
        "thrower",
        '<bpmn:startEvent id="begin" />' + call + END + chain("begin", "call", "done"),
        signals=("recall",),
    )
    keliu.deploy(thrower, one(on_signal("recall"), signals=("recall",)))
    keliu.deploy(one(on_signal("recall"), "audit", "q", signals=("recall",)))
    keliu.deploy(one(on_signal("other"), "old", "r", signals=("other", "recall")))
    keliu.start("thrower", variables={"lot": 7})
    assert [(keliu.open(found.id), found.variables) for found in instances(keliu)] == [(["work"], {"lot": 7})]
    assert [keliu.open(found.id) for found in instances(keliu, "q")] == [["audit"]]
    assert instances(keliu, "r") == []
    keliu.deploy(one('<bpmn:startEvent id="begin" />', "audit", "q"))
    keliu.start("thrower", variables={"lot": 8})
    assert (len(instances(keliu)), len(instances(keliu, "q"))) == (2, 1)


def test_several_ways_to_begin(keliu: World) -> None:
    body = '<bpmn:startEvent id="begin" />' + on_signal("recall", "by_signal") + timed("P1D", node="by_timer")
    body += timed("P2D", node="by_other_timer")
    body += '<bpmn:startEvent id="by_message"><bpmn:messageEventDefinition messageRef="m_hello" /></bpmn:startEvent>'
    for task, origin in zip("abcde", ("begin", "by_signal", "by_timer", "by_other_timer", "by_message"), strict=True):
        body += user_task(task) + flow(origin, task)
    keliu.deploy(bpmn("p", body, messages=("hello",), signals=("recall",)))
    thrower = '<bpmn:startEvent id="begin" /><bpmn:endEvent id="e"><bpmn:signalEventDefinition signalRef="s_recall" />'
    keliu.deploy(bpmn("thrower", thrower + "</bpmn:endEvent>" + flow("begin", "e"), signals=("recall",)))
    keliu.start("p")
    keliu.do(engine.CorrelateMessage(name="hello", correlation_key="K"))
    keliu.start("thrower")
    keliu.clock.advance(timedelta(days=2))
    keliu.run_due()
    assert sorted(task for found in instances(keliu) for task in keliu.open(found.id)) == ["a", "b", "c", "d", "e"]
