"""Suspended instances sleep; variables and jobs are repaired, on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

import engine
from engine.testing import check_instance
from tests.support.engine_world import BACKENDS, World, bpmn, chain, fresh_url, service, timer, user_task, world

HOUR = timedelta(hours=1)
PROCESS = bpmn(
    "slow",
    '<bpmn:startEvent id="begin" />'
    + timer("pause", "PT1H")
    + user_task("call")
    + '<bpmn:intermediateCatchEvent id="answer"><bpmn:messageEventDefinition id="answer_d" messageRef="m_answer" />'
    + '</bpmn:intermediateCatchEvent><bpmn:endEvent id="done" />'
    + chain("begin", "pause", "call", "answer", "done"),
    messages=("answer",),
)
ASKING = bpmn(
    "asking",
    '<bpmn:startEvent id="begin" /><bpmn:intermediateThrowEvent id="ask">'
    '<bpmn:messageEventDefinition id="ask_d" messageRef="m_answer" /></bpmn:intermediateThrowEvent>'
    '<bpmn:endEvent id="done" />' + chain("begin", "ask", "done"),
    messages=("answer",),
)


@pytest.fixture(params=BACKENDS)
def keliu(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    url = fresh_url(request.param, tmp_path, lambda: request.getfixturevalue("postgres_server"))
    with world(url) as opened:
        opened.deploy(PROCESS)
        yield opened


def test_a_suspended_instance_sleeps_and_catches_up_when_it_is_resumed(keliu: World) -> None:
    instance_id = str(keliu.start("slow").instance_id)
    keliu.do(engine.SuspendInstance(instance_id=instance_id, actor="kang.ning"))
    keliu.clock.advance(5 * HOUR)
    assert keliu.run_due() == 0
    with pytest.raises(engine.InstanceNotActive):
        keliu.do(engine.SetVariables(instance_id=instance_id, variables={"a": 1}))
    keliu.do(engine.ResumeInstance(instance_id=instance_id, actor="kang.ning"))
    keliu.do(engine.ResumeInstance(instance_id=instance_id, actor="kang.ning"))
    assert keliu.run_due() == 1
    assert keliu.open(instance_id) == ["call"]
    with keliu.database.read() as session:
        check_instance(session, instance_id)
    kinds = [row.kind for row in keliu.ask(engine.queries.history, instance_id)]
    assert kinds.count("instance_suspended") == 1 and kinds.count("instance_resumed") == 1


def test_nobody_works_on_a_suspended_instance_but_it_may_be_cancelled(keliu: World) -> None:
    instance_id = str(keliu.start("slow").instance_id)
    keliu.clock.advance(HOUR)
    keliu.run_due()
    task = keliu.task(instance_id, "call")
    keliu.do(engine.SuspendInstance(instance_id=instance_id))
    with pytest.raises(engine.InstanceNotActive):
        keliu.do(engine.CompleteTask(task_id=task.id, actor="ann", groups=frozenset({"sales"})))
    assert keliu.do(engine.CancelInstance(instance_id=instance_id)).state == "cancelled"
    with pytest.raises(engine.InstanceNotActive):
        keliu.do(engine.ResumeInstance(instance_id=instance_id))


def test_a_message_for_a_sleeper_is_delivered_when_it_wakes(keliu: World) -> None:
    keliu.deploy(ASKING)
    instance_id = str(keliu.start("slow", business_key="K-1").instance_id)
    keliu.clock.advance(HOUR)
    keliu.run_due()
    keliu.do(engine.CompleteTask(task_id=keliu.task(instance_id, "call").id, actor="ann", groups=frozenset({"sales"})))
    keliu.do(engine.SuspendInstance(instance_id=instance_id))
    keliu.start("asking", business_key="K-1")
    keliu.run_due()
    assert keliu.ask(engine.queries.instance, instance_id).state == "suspended"
    keliu.do(engine.ResumeInstance(instance_id=instance_id))
    keliu.run_due()
    assert keliu.ask(engine.queries.instance, instance_id).state == "completed"


def test_variables_are_set_and_removed_in_the_instance_and_at_a_task(keliu: World) -> None:
    instance_id = str(keliu.start("slow", variables={"a": 1, "b": 2}).instance_id)
    keliu.clock.advance(HOUR)
    keliu.run_due()
    keliu.do(
        engine.SetVariables(instance_id=instance_id, variables={"c": 3}, removals=frozenset({"b", "x"}), actor="kang")
    )
    assert dict(keliu.ask(engine.queries.instance, instance_id).variables) == {"a": 1, "c": 3}
    task = keliu.task(instance_id, "call")
    keliu.do(engine.SetTaskVariables(task_id=task.id, variables={"a": 9, "own": 1}, local=True))
    keliu.do(engine.SetTaskVariables(task_id=task.id, variables={"own": 2, "c": 4}))
    assert dict(keliu.ask(engine.queries.task, task.id).local_variables) == {"a": 9, "own": 2}
    assert dict(keliu.ask(engine.queries.instance, instance_id).variables) == {"a": 1, "c": 4}
    keliu.do(engine.SetTaskVariables(task_id=task.id, variables={}, removals=frozenset({"a"})))
    assert dict(keliu.ask(engine.queries.task, task.id).local_variables) == {"own": 2}
    with keliu.database.read() as session:
        check_instance(session, instance_id)


def test_jobs_are_moved_and_get_retries(keliu: World) -> None:
    def broken(*_given: object) -> None:
        raise RuntimeError("no printer")

    keliu.handlers.register("print", broken)
    inner = '<bpmn:startEvent id="begin" />' + service("print", "print") + '<bpmn:endEvent id="done" />'
    keliu.deploy(bpmn("printing", inner + chain("begin", "print", "done")))
    instance_id = str(keliu.start("printing").instance_id)
    (job,) = keliu.ask(engine.queries.jobs, instance_id=instance_id)
    keliu.do(engine.SetRetries(job_id=job.id, retries=1, actor="kang"))
    keliu.do(engine.SetJobDue(job_id=job.id, actor="kang"))
    keliu.run_due()
    (incident,) = keliu.ask(engine.queries.incidents, instance_id=instance_id)
    with pytest.raises(engine.JobNotRunnable):
        keliu.do(engine.SetJobDue(job_id=job.id))
    keliu.do(engine.SetRetries(job_id=job.id, retries=3, actor="kang"))
    assert keliu.ask(engine.queries.incidents, instance_id=instance_id) == ()
    moved = engine.SetJobDue(job_id=job.id, due_at=keliu.clock.now() + HOUR, actor="kang")
    keliu.do(moved)
    assert keliu.run_due() == 0
    keliu.do(engine.SetRetries(job_id=job.id, retries=0, actor="kang"))
    (again,) = keliu.ask(engine.queries.incidents, instance_id=instance_id)
    assert again.id != incident.id
