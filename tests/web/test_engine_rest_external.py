"""Programs outside fetch service tasks, do them, fail, and wait for the next."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

import engine
from tests.support.application import database_of
from tests.support.engine_world import bpmn, chain, service, user_task
from tests.support.rest import Program, program, variables

Ask = Callable[[str], Program]
OPERATOR = "kang.ning"
PROCESS = bpmn(
    "billing",
    '<bpmn:startEvent id="begin" />'
    + service("charge", "billing.charge")
    + user_task("check", 'camunda:candidateGroups="customer_support"')
    + '<bpmn:endEvent id="done" />'
    + chain("begin", "charge", "check", "done"),
).replace(b"<bpmn:process ", b'<bpmn:process camunda:versionTag="1.2" ')
FETCH = "/engine-rest/external-task/fetchAndLock"


@pytest.fixture
def ask(each_app: Flask) -> Ask:
    deployment = engine.Deploy(name="tests", files={"billing.bpmn": PROCESS})
    database_of(each_app).write(lambda session: engine.execute(session, deployment))
    return lambda login: program(each_app, login)


def start(app: Flask, key: str, **given: Any) -> str:
    command = engine.StartProcess(process_key="billing", business_key=key, variables=given, actor="li.na")
    return str(database_of(app).write(lambda session: engine.execute(session, command)).instance_id)


def fetch(client: Program, worker: str = "w1", **given: Any) -> list[dict[str, Any]]:
    topics = [{"topicName": "billing.charge", "lockDuration": 60_000, **given.pop("topic", {})}]
    answer = client.post(FETCH, {"workerId": worker, "maxTasks": 5, "topics": topics, **given})
    assert answer.status_code == 200, answer.get_json()
    found: list[dict[str, Any]] = answer.get_json()
    return found


def test_a_worker_fetches_completes_and_the_case_moves_on(each_app: Flask, ask: Ask) -> None:
    instance_id = start(each_app, "B-1", amount=12, note="hello")
    client = ask(OPERATOR)
    assert fetch(client, topic={"processDefinitionVersionTag": "1.1"}) == []
    (task,) = fetch(client, topic={"variables": ["amount"], "processDefinitionVersionTag": "1.2"})
    assert task["variables"] == {"amount": {"type": "Integer", "value": 12, "valueInfo": {}}}
    assert (task["workerId"], task["retries"], task["businessKey"]) == ("w1", None, "B-1")
    assert (task["activityId"], task["processInstanceId"]) == ("charge", instance_id)
    assert task["processDefinitionVersionTag"] == "1.2"
    path = f"/engine-rest/external-task/{task['id']}"
    assert client.get(path).get_json()["lockExpirationTime"] == task["lockExpirationTime"]
    assert client.get(path).get_json()["processDefinitionVersionTag"] == "1.2"
    refused = client.post(f"{path}/complete", {"workerId": "w2"})
    assert refused.status_code == 400 and "locked by worker 'w1'" in refused.get_json()["message"]
    assert client.post(f"{path}/extendLock", {"workerId": "w1", "newDuration": 120_000}).status_code == 204
    done = client.post(f"{path}/complete", {"workerId": "w1", "variables": variables(paid=True)})
    assert done.status_code == 204
    assert client.post(f"{path}/complete", {"workerId": "w1"}).status_code == 404
    with database_of(each_app).read() as session:
        assert [open.node_id for open in engine.queries.open_tasks(session, instance_id)] == ["check"]
        assert engine.queries.instance(session, instance_id).variables["paid"] is True


def test_tasks_are_listed_counted_and_filtered(each_app: Flask, ask: Ask) -> None:
    for number in range(3):
        start(each_app, f"B-{number}")
    client = ask(OPERATOR)
    (locked,) = fetch(client, maxTasks=1)
    base = "/engine-rest/external-task"
    assert client.get(f"{base}/count").get_json() == {"count": 3}
    assert [one["id"] for one in client.get(base, locked="true").get_json()] == [locked["id"]]
    assert client.post(f"{base}/count", {"notLocked": True}).get_json() == {"count": 2}
    assert len(client.post(base, {"topicName": "billing.charge", "sorting": []}).get_json()) == 3
    assert client.get(base, topicName="other").get_json() == []
    assert client.get(f"{base}/topic-names").get_json() == ["billing.charge"]
    assert client.get(base, nonsense="1").status_code == 400
    assert client.get(f"{base}/0").status_code == 404
    assert client.post(f"{base}/{locked['id']}/unlock").status_code == 204
    assert client.get(f"{base}/count", notLocked="true").get_json() == {"count": 3}
    assert client.get("/engine-rest/job", activityId="charge").get_json() == []


def test_failures_run_out_of_retries(each_app: Flask, ask: Ask) -> None:
    instance_id = start(each_app, "B-1")
    client = ask(OPERATOR)
    (task,) = fetch(client)
    path = f"/engine-rest/external-task/{task['id']}"
    failed = {"workerId": "w1", "errorMessage": "no link", "errorDetails": "line 1", "retries": 0}
    assert client.post(f"{path}/failure", failed).status_code == 204
    found = client.get(path).get_json()
    assert (found["retries"], found["errorMessage"], found["workerId"]) == (0, "no link", None)
    assert client.get(f"{path}/errorDetails").text == "line 1"
    assert fetch(client) == []
    with database_of(each_app).read() as session:
        assert len(engine.queries.incidents(session, instance_id=instance_id)) == 1
    assert client.put(f"{path}/retries", {"retries": 3}).status_code == 204
    (again,) = fetch(client)
    assert again["retries"] == 3
    error = {"workerId": "w1", "errorCode": "nobody-catches", "errorMessage": "?"}
    assert client.post(f"{path}/bpmnError", error).status_code == 204
    assert client.get(path).get_json()["retries"] == 0


def test_only_holders_of_the_permission_see_external_tasks(each_app: Flask, ask: Ask) -> None:
    start(each_app, "B-1")
    (task,) = fetch(ask(OPERATOR))
    for login in ("li.na", "lin.wanqing", "fang.chen"):
        client = ask(login)
        assert client.post(FETCH, {"workerId": "w", "topics": []}).status_code == 403
        assert client.get(f"/engine-rest/external-task/{task['id']}").status_code == 403


def test_bad_requests_are_told_apart(ask: Ask) -> None:
    client = ask(OPERATOR)
    good = {"topicName": "billing.charge", "lockDuration": 1000}
    for body in (
        {},
        {"workerId": "w"},
        {"workerId": "w", "topics": [{}]},
        {"workerId": "w", "topics": [{"topicName": "x"}]},
        {"workerId": "w", "topics": [good | {"lockDuration": -1}]},
        {"workerId": "w", "topics": [good | {"tenantIdIn": ["a"]}]},
        {"workerId": "w", "topics": [good], "maxTasks": 0},
        {"workerId": "w", "topics": [good], "sorting": [{"sortBy": "x"}]},
        {"workerId": "w", "topics": [good], "asyncResponseTimeout": "soon"},
    ):
        assert client.post(FETCH, body).status_code == 400, body


def test_a_worker_waits_for_the_first_task_without_holding_the_database(app: Flask) -> None:
    deployment = engine.Deploy(name="tests", files={"billing.bpmn": PROCESS})
    database_of(app).write(lambda session: engine.execute(session, deployment))
    client, other, third = (program(app, OPERATOR) for _ in range(3))
    found: list[Any] = []
    waiting = threading.Thread(target=lambda: found.extend(fetch(client, asyncResponseTimeout=10_000)))
    second = threading.Thread(target=lambda: fetch(third, worker="w3", asyncResponseTimeout=2_000))
    waiting.start()
    second.start()
    time.sleep(0.3)
    began = time.monotonic()
    assert fetch(other, worker="w2", asyncResponseTimeout=10_000) == [], "all places to wait are taken"
    assert time.monotonic() - began < 5
    second.join(timeout=5)
    start(app, "B-1")
    waiting.join(timeout=5)
    assert [task["businessKey"] for task in found] == ["B-1"]
