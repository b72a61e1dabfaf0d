"""Service tasks for workers outside: locks, failures, errors, on SQLite and on PostgreSQL."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

import engine
from engine.testing import check_instance
from tests.support.engine_world import BACKENDS, World, bpmn, chain, flow, fresh_url, service, user_task, world

MINUTE = timedelta(minutes=1)
PAY = engine.Topic(name="pay", lock_for=MINUTE)
PROCESS = bpmn(
    "shop",
    '<bpmn:startEvent id="begin" />'
    + service("pay", "pay")
    + '<bpmn:boundaryEvent id="refused" attachedToRef="pay"><bpmn:errorEventDefinition id="refused_d" errorRef="e" />'
    + "</bpmn:boundaryEvent>"
    + user_task("ship")
    + user_task("call")
    + '<bpmn:endEvent id="done" />'
    + chain("begin", "pay", "ship", "done")
    + flow("refused", "call")
    + flow("call", "done"),
).replace(b"<bpmn:process ", b'<bpmn:error id="e" name="e" errorCode="no-money" /><bpmn:process ')
MAPPED = bpmn(
    "mapped",
    '<bpmn:startEvent id="begin" />'
    '<bpmn:serviceTask id="pay" camunda:type="external" camunda:topic="pay"><bpmn:extensionElements>'
    '<camunda:inputOutput><camunda:inputParameter name="price">=amount * 2</camunda:inputParameter>'
    '<camunda:outputParameter name="receipt">=number</camunda:outputParameter></camunda:inputOutput>'
    "</bpmn:extensionElements></bpmn:serviceTask>"
    + user_task("ship")
    + '<bpmn:endEvent id="done" />'
    + chain("begin", "pay", "ship", "done"),
)


@pytest.fixture(params=BACKENDS)
def keliu(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    url = fresh_url(request.param, tmp_path, lambda: request.getfixturevalue("postgres_server"))
    with world(url) as opened:
        opened.deploy(PROCESS)
        yield opened


def fetch(keliu: World, worker: str = "w1", **given: Any) -> tuple[engine.ExternalTask, ...]:
    return keliu.do(engine.FetchExternalTasks(worker=worker, **{"topics": (PAY,), **given})).fetched


def open_nodes(keliu: World, instance_id: str) -> list[str]:
    with keliu.database.read() as session:
        check_instance(session, instance_id)
    return [task.node_id for task in keliu.ask(engine.queries.open_tasks, instance_id)]


def started(keliu: World, **given: Any) -> str:
    return str(keliu.start("shop", **given).instance_id)


def test_a_task_without_a_handler_waits_for_its_worker_and_is_done_by_it(keliu: World) -> None:
    instance_id = started(keliu, business_key="S-1", variables={"amount": 7, "note": "x"})
    assert keliu.run_due() == 0, "no worker of this process touches it"
    assert keliu.ask(engine.queries.incidents) == ()
    (task,) = fetch(keliu, topics=(engine.Topic(name="pay", lock_for=MINUTE, variables=("amount", "nothing")),))
    assert (task.business_key, task.definition_key, dict(task.variables)) == ("S-1", "shop", {"amount": 7})
    assert (task.job.worker, task.job.state, task.job.attempts) == ("w1", "running", 0)
    assert fetch(keliu, "w2") == ()
    with pytest.raises(engine.NotLocked):
        keliu.do(engine.CompleteExternalTask(job_id=task.job.id, worker="w2"))
    keliu.do(engine.CompleteExternalTask(job_id=task.job.id, worker="w1", variables={"paid": True}))
    assert open_nodes(keliu, instance_id) == ["ship"]
    assert keliu.ask(engine.queries.instance, instance_id).variables["paid"] is True
    with pytest.raises(engine.JobNotFound):
        keliu.do(engine.CompleteExternalTask(job_id=task.job.id, worker="w1"))


def test_a_lock_that_ran_out_may_be_taken_and_costs_no_attempt(keliu: World) -> None:
    started(keliu)
    (task,) = fetch(keliu)
    keliu.clock.advance(MINUTE + timedelta(seconds=1))
    engine.jobs.rescue_lost(keliu.database)
    (again,) = fetch(keliu, "a/b/c/d")
    assert (again.job.id, again.job.attempts, again.job.last_error) == (task.job.id, 0, None)
    engine.jobs.rescue_lost(keliu.database, alone=True)
    with pytest.raises(engine.NotLocked):
        keliu.do(engine.CompleteExternalTask(job_id=task.job.id, worker="w1"))
    keliu.do(engine.CompleteExternalTask(job_id=task.job.id, worker="a/b/c/d"))


def test_a_worker_whose_lock_ran_out_may_finish_as_long_as_nobody_took_the_task(keliu: World) -> None:
    instance_id = started(keliu)
    (task,) = fetch(keliu)
    keliu.clock.advance(2 * MINUTE)
    with pytest.raises(engine.NotLocked):
        keliu.do(engine.ExtendLock(job_id=task.job.id, worker="w1", lock_for=MINUTE))
    keliu.do(engine.CompleteExternalTask(job_id=task.job.id, worker="w1"))
    assert open_nodes(keliu, instance_id) == ["ship"]


def test_locks_are_extended_and_given_back(keliu: World) -> None:
    started(keliu)
    (task,) = fetch(keliu)
    keliu.do(engine.ExtendLock(job_id=task.job.id, worker="w1", lock_for=5 * MINUTE))
    keliu.clock.advance(2 * MINUTE)
    assert fetch(keliu, "w2") == ()
    with pytest.raises(engine.NotLocked):
        keliu.do(engine.LockExternalTask(job_id=task.job.id, worker="w2", lock_for=MINUTE))
    keliu.do(engine.Unlock(job_id=task.job.id))
    keliu.do(engine.LockExternalTask(job_id=task.job.id, worker="w2", lock_for=MINUTE))
    assert fetch(keliu, "w1") == ()


def test_a_failure_is_tried_again_after_its_pause_and_becomes_an_incident_without_retries(keliu: World) -> None:
    instance_id = started(keliu)
    (task,) = fetch(keliu)
    failed = engine.FailExternalTask(
        job_id=task.job.id, worker="w1", message="no link", details="trace", retries=1, pause=MINUTE
    )
    keliu.do(failed)
    assert fetch(keliu) == ()
    keliu.clock.advance(MINUTE)
    (again,) = fetch(keliu)
    assert (again.job.last_error, again.job.payload["retries"]) == ("no link", 1)
    keliu.do(engine.FailExternalTask(job_id=task.job.id, worker="w1", message="no link at all", details="trace"))
    keliu.clock.advance(MINUTE)
    assert fetch(keliu) == ()
    (incident,) = keliu.ask(engine.queries.incidents, instance_id=instance_id)
    assert (incident.kind, incident.message, incident.detail, incident.node_id) == (
        "external_task",
        "no link at all",
        "trace",
        "pay",
    )
    keliu.do(engine.SetRetries(job_id=task.job.id, retries=2, actor="kang.ning"))
    assert keliu.ask(engine.queries.incidents, instance_id=instance_id) == ()
    (once_more,) = fetch(keliu)
    keliu.do(engine.CompleteExternalTask(job_id=once_more.job.id, worker="w1"))
    assert open_nodes(keliu, instance_id) == ["ship"]


def test_a_business_error_takes_its_boundary_event_and_an_unknown_one_is_an_incident(keliu: World) -> None:
    first, second = started(keliu), started(keliu)
    one, two = sorted(fetch(keliu), key=lambda task: task.job.id)
    error = engine.ThrowBpmnError(
        job_id=one.job.id, worker="w1", error_code="no-money", message="poor", variables={"left": 3}
    )
    keliu.do(error)
    assert open_nodes(keliu, first) == ["call"]
    assert keliu.ask(engine.queries.instance, first).variables["left"] == 3
    keliu.do(engine.ThrowBpmnError(job_id=two.job.id, worker="w1", error_code="other", message="odd"))
    (incident,) = keliu.ask(engine.queries.incidents, instance_id=second)
    assert "other" in incident.message
    assert open_nodes(keliu, second) == []


def test_input_and_output_parameters_and_local_variables(keliu: World) -> None:
    keliu.deploy(MAPPED)
    instance_id = str(keliu.start("mapped", variables={"amount": 4}).instance_id)
    (task,) = fetch(keliu, topics=(engine.Topic(name="pay", lock_for=MINUTE, local_variables=True),))
    assert dict(task.variables) == {"price": 8}
    done = engine.CompleteExternalTask(job_id=task.job.id, worker="w1", local_variables={"number": "R-1"})
    keliu.do(done)
    assert dict(keliu.ask(engine.queries.instance, instance_id).variables) == {"amount": 4, "receipt": "R-1"}


def test_topics_narrow_what_is_fetched(keliu: World) -> None:
    for number in range(3):
        started(keliu, business_key=f"S-{number}", variables={"number": number})

    def found(limit: int = 10, **given: Any) -> list[str | None]:
        topic = engine.Topic(name="pay", lock_for=MINUTE, **given)
        tasks = fetch(keliu, topics=(topic,), limit=limit)
        for task in tasks:
            keliu.do(engine.Unlock(job_id=task.job.id))
        return sorted(str(task.business_key) for task in tasks)

    assert found() == ["S-0", "S-1", "S-2"]
    assert len(found(limit=2)) == 2
    assert found(business_key="S-1") == ["S-1"]
    assert found(definition_keys=("other",)) == []
    assert found(definition_keys=("shop", "other")) == ["S-0", "S-1", "S-2"]
    assert found(instance_variables={"number": 2}) == ["S-2"]


def test_workers_that_ask_at_once_never_get_the_same_task(keliu: World) -> None:
    for _ in range(20):
        started(keliu)
    found: list[int] = []

    def work(worker: str) -> None:
        while tasks := fetch(keliu, worker, limit=3):
            found.extend(task.job.id for task in tasks)

    threads = [threading.Thread(target=work, args=(f"w{number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert len(found) == 20 and len(set(found)) == 20


def test_an_instance_that_cannot_be_read_stops_nobody_else(keliu: World) -> None:
    broken, fine = started(keliu), started(keliu)
    instance = engine.tables.process_instance
    keliu.database.write(
        lambda session: session.execute(update(instance).where(instance.c.id == broken).values(codec=99))
    )
    (task,) = fetch(keliu)
    assert task.job.instance_id == fine
    (incident,) = keliu.ask(engine.queries.incidents, instance_id=broken)
    assert incident.node_id == "pay"


def test_a_cancelled_instance_takes_its_task_away(keliu: World) -> None:
    instance_id = started(keliu)
    (task,) = fetch(keliu)
    keliu.do(engine.CancelInstance(instance_id=instance_id))
    for command in (
        engine.CompleteExternalTask(job_id=task.job.id, worker="w1"),
        engine.Unlock(job_id=task.job.id),
        engine.SetRetries(job_id=task.job.id, retries=1),
    ):
        with pytest.raises(engine.JobNotFound):
            keliu.do(command)


def test_topics_with_a_handler_are_not_given_out(keliu: World) -> None:
    keliu.handlers.register("served", lambda _session, _call: {})
    body = '<bpmn:startEvent id="begin" />' + service("s", "served") + '<bpmn:endEvent id="done" />'
    keliu.deploy(bpmn("here", body + chain("begin", "s", "done")))
    keliu.start("here")
    assert fetch(keliu, topics=(engine.Topic(name="served", lock_for=MINUTE),)) == ()
