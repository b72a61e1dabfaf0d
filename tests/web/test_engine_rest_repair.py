"""Programs of operators suspend, set variables, move jobs, resolve incidents and give signals."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

import engine
from tests.support import purchase
from tests.support.application import database_of
from tests.support.engine_world import bpmn, chain, service
from tests.support.rest import Program, program, variables

Ask = Callable[[str], Program]
OPERATOR = "kang.ning"
SIGNALLED = bpmn(
    "signalled",
    '<bpmn:startEvent id="begin" /><bpmn:intermediateCatchEvent id="bell">'
    '<bpmn:signalEventDefinition id="bell_d" signalRef="s_noon" /></bpmn:intermediateCatchEvent>'
    + service("outside", "outside.work")
    + '<bpmn:endEvent id="done" />'
    + chain("begin", "bell", "outside", "done"),
    signals=("noon",),
)


@pytest.fixture
def ask(each_app: Flask) -> Ask:
    purchase.deploy(each_app)
    return lambda login: program(each_app, login)


def test_an_instance_is_suspended_and_goes_on(each_app: Flask, ask: Ask) -> None:
    task = purchase.requested(each_app)
    client, worker = ask(OPERATOR), ask("sun.lihua")
    path = f"/engine-rest/process-instance/{task.instance_id}"
    assert worker.put(f"{path}/suspended", {"suspended": True}).status_code == 403
    assert client.put(f"{path}/suspended", {"suspended": "yes"}).status_code == 400
    assert client.put(f"{path}/suspended", {"suspended": True}).status_code == 204
    assert client.get(path).get_json()["suspended"] is True
    (job, *_) = client.get("/engine-rest/job", processInstanceId=task.instance_id).get_json()
    assert job["suspended"] is True
    refused = worker.post(f"/engine-rest/task/{task.id}/claim", {"userId": "sun.lihua"})
    assert refused.status_code == 409
    assert client.put(f"{path}/suspended", {"suspended": False}).status_code == 204
    assert client.get(path).get_json()["suspended"] is False


def test_variables_of_an_instance_are_set_changed_and_removed(each_app: Flask, ask: Ask) -> None:
    instance_id = purchase.start(each_app, variables={"amount": 7})
    client = ask(OPERATOR)
    path = f"/engine-rest/process-instance/{instance_id}/variables"
    assert ask("li.na").put(f"{path}/amount", {"value": 8}).status_code == 403
    assert client.put(f"{path}/amount", {"value": "many", "type": "Integer"}).status_code == 400
    assert client.put(f"{path}/amount", {"value": 8, "type": "Integer"}).status_code == 204
    changes = {"modifications": variables(city="上海", flag=True), "deletions": ["amount"]}
    assert client.post(path, changes).status_code == 204
    assert client.delete(f"{path}/flag").status_code == 204
    assert client.get(path).get_json() == {"city": {"type": "String", "value": "上海", "valueInfo": {}}}


def test_variables_of_a_task(each_app: Flask, ask: Ask) -> None:
    task = purchase.requested(each_app)
    client, worker = ask(OPERATOR), ask("sun.lihua")
    path = f"/engine-rest/task/{task.id}"
    assert worker.get(f"{path}/variables/amount").get_json()["value"] == 120
    assert worker.get(f"{path}/variables/nothing").status_code == 404
    assert worker.put(f"{path}/variables/amount", {"value": 1}).status_code == 403
    assert worker.get(f"{path}/localVariables").get_json() == {}
    assert client.put(f"{path}/localVariables/own", {"value": 1}).status_code == 404, "operators see no tasks"
    links = worker.get(f"{path}/identity-links").get_json()
    assert {"userId": None, "groupId": "finance", "type": "candidate"} in links


def test_jobs_move_and_incidents_close(each_app: Flask, ask: Ask) -> None:
    task = purchase.requested(each_app)
    client = ask(OPERATOR)
    (job,) = client.get("/engine-rest/job", activityId="gone", processInstanceId=task.instance_id).get_json()
    path = f"/engine-rest/job/{job['id']}"
    assert ask("li.na").put(f"{path}/retries", {"retries": 1}).status_code == 403
    assert client.put(f"{path}/duedate", {"duedate": "2027-01-01T00:00:00.000+0000"}).status_code == 204
    assert client.get(path).get_json()["dueDate"] == "2027-01-01T00:00:00.000+0000"
    assert client.put(f"{path}/duedate", {"duedate": "soon"}).status_code == 400
    assert client.put(f"{path}/retries", {"retries": 0}).status_code == 204
    (incident,) = client.get("/engine-rest/incident", processInstanceId=task.instance_id).get_json()
    assert (incident["activityId"], incident["configuration"]) == ("gone", job["id"])
    assert client.get("/engine-rest/incident/count").get_json() == {"count": 1}
    assert ask("li.na").delete(f"/engine-rest/incident/{incident['id']}").status_code == 403
    assert client.delete(f"/engine-rest/incident/{incident['id']}").status_code == 204
    assert client.get(f"/engine-rest/incident/{incident['id']}").status_code == 404
    (past,) = client.get("/engine-rest/history/incident").get_json()
    assert past["resolved"] is True and past["id"] == incident["id"]
    assert ask("fang.chen").get("/engine-rest/history/incident/count").get_json() == {"count": 0}


def test_a_signal_reaches_who_waits_for_it(each_app: Flask, ask: Ask) -> None:
    deployment = engine.Deploy(name="tests", files={"signalled.bpmn": SIGNALLED})
    database_of(each_app).write(lambda session: engine.execute(session, deployment))
    client = ask(OPERATOR)
    start = engine.StartProcess(process_key="signalled", actor="li.na")
    ids = [str(database_of(each_app).write(lambda session: engine.execute(session, start)).instance_id) for _ in "12"]
    assert ask("li.na").post("/engine-rest/signal", {"name": "noon"}).status_code == 403
    assert client.post("/engine-rest/signal", {"name": "noon", "executionId": ids[0]}).status_code == 204
    count = {"topicName": "outside.work"}
    assert client.post("/engine-rest/external-task/count", count).get_json() == {"count": 1}
    assert client.post("/engine-rest/signal", {"name": "noon", "variables": variables(at=12)}).status_code == 204
    assert client.post("/engine-rest/external-task/count", count).get_json() == {"count": 2}
