"""Clients that other people wrote for Camunda 7, unmodified, carry a process through our server: the npm package
camunda-external-task-client-js, and from PyPI camunda-external-task-client-python3 and pycamunda."""

from __future__ import annotations

import itertools
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import pycamunda.deployment
import pycamunda.externaltask
import pycamunda.incident
import pycamunda.processdef
import pycamunda.processinst
import pycamunda.task
import pytest
from flask import Flask

import engine
from tests.support import application
from tests.support.application import database_of
from tests.support.engine_world import bpmn, chain, flow, service, user_task
from tests.support.external_clients import javascript_worker
from tests.support.server import serving

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # its classes are written for an older pydantic
    from camunda.client.engine_client import EngineClient
    from camunda.external_task.external_task import ExternalTask, TaskResult
    from camunda.external_task.external_task_worker import ExternalTaskWorker, NoExternalTaskFound

PASSWORD = "keliu-demo"
DESIGNER, OPERATOR, CLERK = ("shi.lei", PASSWORD), ("kang.ning", PASSWORD), ("li.na", PASSWORD)
TOPIC = "order.charge"
GROUP = 'camunda:candidateGroups="customer_support"'
PROCESS = bpmn(
    "order",
    '<bpmn:startEvent id="begin" />'
    + service("charge", TOPIC)
    + '<bpmn:boundaryEvent id="refused" attachedToRef="charge"><bpmn:errorEventDefinition id="refused_d" errorRef="e"/>'
    + "</bpmn:boundaryEvent>"
    + user_task("check", GROUP)
    + user_task("ask", GROUP)
    + '<bpmn:endEvent id="done" />'
    + chain("begin", "charge", "check", "done")
    + flow("refused", "ask")
    + flow("ask", "done"),
).replace(b"<bpmn:process ", b'<bpmn:error id="e" name="e" errorCode="negative" /><bpmn:process ')


@pytest.fixture
def served(
    databases: application.Databases, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Flask, str]]:
    """The demo company behind a socket, in real time, with the process deployed by pycamunda."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with application.running_app(databases, "sqlite", engine.SystemClock()) as app, serving(app) as address:
        url = f"{address}/engine-rest"
        file = tmp_path / "order.bpmn"
        file.write_bytes(PROCESS)
        create = pycamunda.deployment.Create(url, name="orders", source="desktop", enable_duplicate_filtering=True)
        create.auth = DESIGNER
        with file.open("rb") as opened:
            create.add_resource(opened)
            (definition,) = create().deployed_process_definitions.values()
        assert definition.key == "order"
        yield app, url


def basic(login: tuple[str, str]) -> dict[str, dict[str, str]]:
    return {"auth_basic": {"username": login[0], "password": login[1]}}


def started(url: str, *amounts: int) -> list[str]:
    """Instances by the Python client, one for each amount."""
    client = EngineClient(url, basic(CLERK))
    return [
        client.start_process("order", {"amount": amount}, business_key=f"O-{number}")["id"]
        for number, amount in enumerate(amounts)
    ]


def where(app: Flask, instance_id: str) -> list[str]:
    with database_of(app).read() as session:
        return [task.node_id for task in engine.queries.open_tasks(session, instance_id)]


def eventually(condition: Callable[[], bool]) -> None:
    for _ in range(150):
        if condition():
            return
        time.sleep(0.1)
    assert condition()


def test_the_worker_in_javascript(served: tuple[Flask, str]) -> None:
    app, url = served
    with javascript_worker(url, *OPERATOR, TOPIC) as worker:
        ids = started(url, 21, -1, 5000)
        expected = [["check"], ["ask"], ["check"]]
        eventually(lambda: [where(app, one) for one in ids] == expected)
        assert worker.stdout is not None
        lines = list(itertools.islice(iter(worker.stdout.readline, ""), 4))
    assert sorted(line.strip() for line in lines) == ["done O-0", "done O-2", "error O-1", "failed O-2"]
    with database_of(app).read() as session:
        variables = engine.queries.instance(session, ids[0]).variables
        assert dict(variables) == {"amount": 21, "paid": 42, "details": {"items": [1, "二"]}}


def test_the_worker_in_python(served: tuple[Flask, str]) -> None:
    app, url = served

    def charge(task: ExternalTask) -> TaskResult:
        amount = task.get_variable("amount")
        if amount < 0:
            return task.bpmn_error("negative", "less than nothing", {"reason": "negative"})
        if amount > 1000:
            return task.failure("too much", "line 1\nline 2", max_retries=0, retry_timeout=0)
        return task.complete({"paid": amount * 2, "details": [1, "二"]}, {"scratch": True})

    ids = started(url, 21, -1, 5000)
    config = basic(OPERATOR) | {"maxTasks": 5, "lockDuration": 20_000, "asyncResponseTimeout": 300}
    worker = ExternalTaskWorker("python", url, config)
    worker.fetch_and_execute(TOPIC, charge)
    with pytest.raises(NoExternalTaskFound):
        worker.fetch_and_execute([TOPIC, "other"], charge)
    assert [where(app, one) for one in ids] == [["check"], ["ask"], []]
    with database_of(app).read() as session:
        assert engine.queries.instance(session, ids[0]).variables["details"] == [1, "二"]
        (incident,) = engine.queries.incidents(session, instance_id=ids[2])
        assert incident.message == "too much"


def test_pycamunda_fetches_completes_and_repairs(served: tuple[Flask, str]) -> None:
    app, url = served
    start = pycamunda.processdef.StartInstance(url, key="order", business_key="O-9")
    start.auth = CLERK
    start.add_variable("amount", 3)
    instance = start()
    fetch = pycamunda.externaltask.FetchAndLock(url, "pycamunda", max_tasks=2)
    fetch.add_topic(TOPIC, lock_duration=20_000, variables=["amount"])
    fetch.auth = OPERATOR
    (task,) = fetch()
    assert (task.process_instance_id, task.variables["amount"].value) == (instance.id_, 3)
    found = pycamunda.externaltask.GetList(url, topic_name=TOPIC, request_error_details=False)
    found.auth = OPERATOR
    assert [one.id_ for one in found()] == [task.id_]

    failure = pycamunda.externaltask.HandleFailure(
        url, task.id_, "pycamunda", error_message="no", error_details="why", retries=0, retry_timeout=0
    )
    retries = pycamunda.externaltask.SetRetries(url, task.id_, retries=2)
    incidents = pycamunda.incident.GetList(url, process_instance_id=instance.id_)
    complete = pycamunda.externaltask.Complete(url, task.id_, "pycamunda")
    complete.add_variable("paid", 6, type_="Integer")
    suspend, resume = (
        kind(url, instance.id_) for kind in (pycamunda.processinst.Suspend, pycamunda.processinst.Activate)
    )
    for request in (failure, retries, incidents, complete, suspend, resume):
        request.auth = OPERATOR
    failure()
    assert [incident.incident_message for incident in incidents()] == ["no"]
    retries()
    suspend()
    assert fetch() == ()
    resume()
    assert [one.id_ for one in fetch()] == [task.id_]
    complete()
    assert where(app, instance.id_) == ["check"]

    tasks = pycamunda.task.GetList(url, process_instance_id=instance.id_)
    tasks.auth = CLERK
    (check,) = tasks()
    done = pycamunda.task.Complete(url, check.id_)
    done.auth = CLERK
    done()
    with database_of(app).read() as session:
        ended = engine.queries.instance(session, instance.id_)
    assert (ended.state, ended.variables["paid"]) == ("completed", 6)
