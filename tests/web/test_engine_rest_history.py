"""Programs deploy, look back, and ask who people are."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

import engine
from tests.support import purchase
from tests.support.application import database_of
from tests.support.engine_world import TWO_TASKS, bpmn
from tests.support.rest import Program, program

Ask = Callable[[str], Program]
DESIGNER, OPERATOR = "shi.lei", "kang.ning"
CREATE = "/engine-rest/deployment/create"


@pytest.fixture
def ask(each_app: Flask) -> Ask:
    purchase.deploy(each_app)
    return lambda login: program(each_app, login)


def deploy(client: Program, files: dict[str, bytes], **fields: Any) -> TestResponse:
    """As a modeller sends it: every file is a field of its own name."""
    data = {name: (BytesIO(content), name) for name, content in files.items()} | fields
    return client.client.post(CREATE, data=data, headers=client.headers)


def test_a_modeller_deploys_and_downloads(ask: Ask) -> None:
    client = ask(DESIGNER)
    fields = {"deployment-name": "mine", "deployment-source": "Camunda Modeler", "enable-duplicate-filtering": "true"}
    answer = deploy(client, {"two.bpmn": TWO_TASKS}, **fields)
    assert answer.status_code == 200, answer.get_json()
    found = answer.get_json()
    (definition,) = found["deployedProcessDefinitions"].values()
    assert (found["name"], definition["key"], definition["version"]) == ("mine", "two_tasks", 1)
    assert definition["deploymentId"] == found["id"]
    again = deploy(client, {"two.bpmn": TWO_TASKS}, **fields).get_json()
    assert again["id"] == found["id"] and again["deployedProcessDefinitions"] is None
    base = f"/engine-rest/deployment/{found['id']}"
    assert client.get(base).get_json()["name"] == "mine"
    assert client.get("/engine-rest/deployment", name="mine").get_json() == [client.get(base).get_json()]
    assert client.get("/engine-rest/deployment/count", nameLike="mi%").get_json() == {"count": 1}
    (resource,) = client.get(f"{base}/resources").get_json()
    assert client.get(f"{base}/resources/{resource['id']}").get_json()["name"] == "two.bpmn"
    assert client.get(f"{base}/resources/{resource['id']}/data").data == TWO_TASKS
    assert client.get(f"{base}/resources/nothing/data").status_code == 404


def test_a_faulty_file_is_refused_with_what_and_where(ask: Ask) -> None:
    client = ask(DESIGNER)
    faulty = bpmn("faulty", '<bpmn:startEvent id="begin" /><bpmn:userTask id="lonely" />')
    answer = deploy(client, {"faulty.bpmn": faulty.replace(b"<bpmn:startEvent", b"<bpmn:nothing", 1)})
    found = answer.get_json()
    assert answer.status_code == 400 and found["type"] == "ParseException"
    assert found["details"]["faulty.bpmn"]["errors"][0]["message"] in found["message"]
    assert client.get("/engine-rest/process-definition/count", key="faulty").get_json() == {"count": 0}
    assert deploy(client, {}).status_code == 400
    assert deploy(client, {"a.bpmn": TWO_TASKS}, **{"tenant-id": "x"}).status_code == 400
    assert deploy(ask("li.na"), {"a.bpmn": TWO_TASKS}).status_code == 403


def test_the_past_of_a_case(each_app: Flask, ask: Ask) -> None:
    task = purchase.requested(each_app, business_key="P-1")
    client, other = ask("li.na"), ask("qi.jiahui")
    past = "/engine-rest/history"
    (running,) = client.get(f"{past}/process-instance", processInstanceBusinessKey="P-1").get_json()
    assert (running["state"], running["startUserId"], running["endTime"]) == ("ACTIVE", "li.na", None)
    ended = engine.CancelInstance(instance_id=task.instance_id, reason="sold out", actor=OPERATOR)
    database_of(each_app).write(lambda session: engine.execute(session, ended))
    found = client.get(f"{past}/process-instance/{task.instance_id}").get_json()
    assert (found["state"], found["deleteReason"]) == ("EXTERNALLY_TERMINATED", "sold out")
    hers = {"finished": "true", "startedBy": "li.na", "processInstanceBusinessKey": "P-1"}
    assert client.get(f"{past}/process-instance/count", **hers).get_json() == {"count": 1}
    tasks = (
        ask("sun.lihua")
        .get(f"{past}/task", processInstanceId=task.instance_id, sortBy="startTime", sortOrder="asc")
        .get_json()
    )
    assert {one["taskDefinitionKey"]: one["deleteReason"] for one in tasks} == {
        "request": "completed",
        "approve": "deleted",
    }
    activities = client.get(f"{past}/activity-instance", processInstanceId=task.instance_id).get_json()
    kinds = {one["activityId"]: (one["activityType"], one["canceled"]) for one in activities}
    assert kinds["request"] == ("userTask", False) and kinds["approve"] == ("userTask", True)
    assert client.get(f"{past}/activity-instance/count", activityId="request").get_json() == {"count": 1}
    for name in ("process-instance", "task", "activity-instance"):
        assert other.get(f"{past}/{name}", processInstanceId=task.instance_id).get_json() == []
    assert other.get(f"{past}/process-instance/{task.instance_id}").status_code == 404


def test_confidential_variables_are_kept_from_others(each_app: Flask, ask: Ask) -> None:
    task = purchase.requested(each_app)
    secret = engine.SetVariables(instance_id=task.instance_id, variables={"salary": "a lot"}, actor=OPERATOR)
    database_of(each_app).write(lambda session: engine.execute(session, secret))
    client, past = ask("li.na"), "/engine-rest/history/variable-instance"
    names = [one["name"] for one in client.get(past, processInstanceId=task.instance_id).get_json()]
    assert names == ["amount", "requester"]
    assert client.get(f"{past}/count", processInstanceId=task.instance_id, variableName="amount").get_json() == {
        "count": 1
    }
    assert client.get(past).status_code == 400
    assert "salary" not in client.get(f"/engine-rest/process-instance/{task.instance_id}/variables").get_json()
    assert "salary" not in ask("sun.lihua").get(f"/engine-rest/task/{task.id}/variables").get_json()
    assert "amount" in ask("sun.lihua").get(f"/engine-rest/task/{task.id}/variables").get_json()


def test_people_and_groups(ask: Ask) -> None:
    client, supervisor = ask("li.na"), ask("lin.wanqing")
    assert [one["id"] for one in client.get("/engine-rest/user").get_json()] == ["li.na"]
    assert supervisor.get("/engine-rest/user/count").get_json()["count"] > 20
    assert client.get("/engine-rest/user/lin.wanqing/profile").status_code == 404
    assert supervisor.get("/engine-rest/user/li.na/profile").get_json()["id"] == "li.na"
    found = client.get("/engine-rest/identity/groups", userId="li.na").get_json()
    assert "customer_support" in {group["id"] for group in found["groups"]}
    assert [user["id"] for user in found["groupUsers"]] == ["li.na"]
    assert client.get("/engine-rest/group", member="lin.wanqing").get_json() == []
    assert supervisor.get("/engine-rest/group/count", id="finance").get_json() == {"count": 1}
    given = {"username": "li.na", "password": "wrong"}
    assert client.post("/engine-rest/identity/verify", given).get_json() == {
        "authenticatedUser": "li.na",
        "authenticated": False,
        "groups": None,
        "tenants": None,
    }
    right = client.post("/engine-rest/identity/verify", given | {"password": "keliu-demo"}).get_json()
    assert right["authenticated"] is True


def test_a_form_that_nobody_could_open_is_not_deployed(ask: Ask) -> None:
    answer = deploy(ask(DESIGNER), {"two.bpmn": TWO_TASKS, "two_tasks/first.json": b'{"key": 1, "fields": "none"}'})
    assert (answer.status_code, answer.get_json()["type"]) == (400, "ParseException")
    assert answer.get_json()["details"]["two_tasks/first.json"]["errors"]
