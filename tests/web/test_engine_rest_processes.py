"""Clients written for Camunda 7 start processes, look at instances and jobs, send messages."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from flask import Flask

import engine
from tests.support import purchase
from tests.support.application import database_of
from tests.support.engine_world import bpmn, chain, user_task
from tests.support.rest import Program, program, variables

PLAIN = bpmn(
    "plain", '<bpmn:startEvent id="begin" />' + user_task("work", 'camunda:candidateGroups="customer_support"')
    + chain("begin", "work")
)  # fmt: skip
Ask = Callable[[str], Program]
OPERATOR = "lin.wanqing"
"""The CCO may repair."""


@pytest.fixture
def ask(each_app: Flask) -> Ask:
    """A program of somebody in the demo company, where purchases are deployed; on both databases."""
    purchase.deploy(each_app)
    return lambda login: program(each_app, login)


def test_definitions_are_listed_and_their_file_is_there(ask: Ask) -> None:
    client = ask("li.na")
    (found,) = client.get("/engine-rest/process-definition", key="purchase", latestVersion="true").get_json()
    assert found["key"] == "purchase" and found["version"] == 1 and found["suspended"] is False
    assert client.get("/engine-rest/process-definition/count", key="purchase").get_json() == {"count": 1}
    assert client.get(f"/engine-rest/process-definition/{found['id']}").get_json() == found
    assert client.get("/engine-rest/process-definition/key/purchase").get_json() == found
    for path in (
        f"/engine-rest/process-definition/{found['id']}/xml",
        "/engine-rest/process-definition/key/purchase/xml",
    ):
        xml = client.get(path).get_json()
        assert xml["id"] == found["id"] and "<bpmn:definitions" in xml["bpmn20Xml"]
    assert client.get("/engine-rest/process-definition/key/nothing").status_code == 404
    assert client.get("/engine-rest/process-definition/nothing/xml").status_code == 404


def test_versions_are_found_by_their_tag(each_app: Flask, ask: Ask) -> None:
    for tag in ("1.2", "1.3"):
        file = PLAIN.replace(b"<bpmn:process ", f'<bpmn:process camunda:versionTag="{tag}" '.encode())
        command = engine.Deploy(name="tests", files={"plain.bpmn": file}, actor="tests")
        database_of(each_app).write(lambda session, command=command: engine.execute(session, command))
    client = ask("li.na")

    def found(**query: str) -> list[tuple[str, str | None]]:
        rows = client.get("/engine-rest/process-definition", **query).get_json()
        return [(row["key"], row["versionTag"]) for row in rows if row["key"] in ("plain", "purchase")]

    assert found(versionTag="1.2") == [("plain", "1.2")] and found(versionTag="1") == []
    assert found(versionTagLike="1.%", sortBy="versionTag", sortOrder="desc") == [("plain", "1.3"), ("plain", "1.2")]
    assert found(withoutVersionTag="true") == [("purchase", None)]
    assert client.get("/engine-rest/process-definition/key/plain").get_json()["versionTag"] == "1.3"


def test_a_process_is_started_by_key_and_by_id(ask: Ask) -> None:
    client = ask("li.na")
    body = {"businessKey": "P-9", "variables": variables(amount=3), "withVariablesInReturn": True}
    started = client.post("/engine-rest/process-definition/key/purchase/start", body)
    assert started.status_code == 200
    found = started.get_json()
    assert found["businessKey"] == "P-9" and found["ended"] is False and found["variables"]["amount"]["value"] == 3
    assert found["links"][0]["href"].endswith(f"/engine-rest/process-instance/{found['id']}")
    by_id = client.post(f"/engine-rest/process-definition/{found['definitionId']}/start", {})
    assert by_id.status_code == 200 and "variables" not in by_id.get_json()
    taken = client.post("/engine-rest/process-definition/key/purchase/start", {"businessKey": "P-9"})
    assert taken.status_code == 409


def test_instances_are_listed_read_and_cancelled(each_app: Flask, ask: Ask) -> None:
    instance = purchase.start(each_app, business_key="P-1", variables={"amount": 7, "deep": {"a": [1]}})
    client = ask("li.na")
    (found,) = client.get("/engine-rest/process-instance", businessKey="P-1", active="true").get_json()
    assert found["id"] == instance and found["definitionId"].startswith("purchase")
    assert client.get("/engine-rest/process-instance/count", processDefinitionKey="purchase").get_json() == {"count": 1}
    assert client.get("/engine-rest/process-instance", suspended="true").get_json() == []
    shown = client.get(f"/engine-rest/process-instance/{instance}/variables").get_json()
    assert shown["amount"] == {"type": "Integer", "value": 7, "valueInfo": {}}
    assert shown["deep"]["type"] == "Json" and json.loads(shown["deep"]["value"]) == {"a": [1]}
    assert client.delete(f"/engine-rest/process-instance/{instance}").status_code == 403
    assert ask("sun.zhipeng").delete(f"/engine-rest/process-instance/{instance}").status_code == 404
    assert ask(OPERATOR).delete(f"/engine-rest/process-instance/{instance}").status_code == 204
    assert client.get(f"/engine-rest/process-instance/{instance}").status_code == 404
    assert client.get("/engine-rest/task", processInstanceId=instance).get_json() == []


def test_a_timer_is_brought_forward_by_who_may_repair(each_app: Flask, ask: Ask) -> None:
    task = purchase.requested(each_app, "li.na")
    client, operator = ask("wu.xiaoyan"), ask(OPERATOR)
    jobs = client.get(
        "/engine-rest/job", processInstanceId=task.instance_id, timers="true", activityId="gone"
    ).get_json()
    (timer,) = jobs
    assert timer["dueDate"] == "2026-12-23T01:00:00.000+0000" and timer["retries"] > 0
    assert client.get(
        "/engine-rest/job", dueDates="gt_2026-12-20T00:00:00", processDefinitionKey="purchase"
    ).get_json() == [timer]
    assert client.get(
        "/engine-rest/job/count", dueDates="lt_2026-11-01T00:00:00", processDefinitionKey="purchase"
    ).get_json() == {"count": 0}
    assert client.get(f"/engine-rest/job/{timer['id']}").get_json() == timer
    assert client.post(f"/engine-rest/job/{timer['id']}/execute").status_code == 403
    assert ask("sun.zhipeng").post(f"/engine-rest/job/{timer['id']}/execute").status_code == 404
    assert operator.post(f"/engine-rest/job/{timer['id']}/execute").status_code == 204
    assert purchase.task(each_app, task.id).state == "cancelled"
    assert operator.post(f"/engine-rest/job/{timer['id']}/execute").status_code == 404
    late = client.post(f"/engine-rest/task/{task.id}/complete", {"variables": variables(outcome="approved")})
    assert late.status_code == 409


def test_a_message_reaches_the_instance_that_waits(each_app: Flask, ask: Ask) -> None:
    task = purchase.requested(each_app, "li.na", business_key="P-5")
    client = ask("wu.xiaoyan")
    body = {"messageName": "purchase_recalled", "businessKey": "P-5", "resultEnabled": True}
    nobody = client.post("/engine-rest/message", {**body, "messageName": "something_else"})
    assert nobody.status_code == 400
    assert nobody.get_json()["type"] == "MismatchingMessageCorrelationException"
    assert client.post("/engine-rest/message", {**body, "businessKey": "P-6"}).status_code == 404
    assert ask("sun.zhipeng").post("/engine-rest/message", body).status_code == 404
    (result,) = client.post("/engine-rest/message", body).get_json()
    assert result["resultType"] == "Execution" and result["execution"]["processInstanceId"] == task.instance_id
    assert purchase.task(each_app, task.id).state == "cancelled"


def test_a_message_may_name_the_instance(each_app: Flask, ask: Ask) -> None:
    task = purchase.requested(each_app, "li.na", business_key="P-7")
    answer = ask("wu.xiaoyan").post(
        "/engine-rest/message", {"messageName": "purchase_recalled", "processInstanceId": task.instance_id}
    )
    assert answer.status_code == 204
    assert purchase.task(each_app, task.id).state == "cancelled"


def test_the_administrator_sees_nothing_of_cases(each_app: Flask, ask: Ask) -> None:
    from app.accounts import queries
    from tests.support.application import database_of

    instance = purchase.start(each_app)
    task = purchase.task_of(each_app, instance)
    with database_of(each_app).read() as session:
        admin = ask(sorted(queries.administrators(session))[0])
    for path in ("task", "process-instance", "job", "process-definition"):
        assert admin.get(f"/engine-rest/{path}").get_json() == []
        assert admin.get(f"/engine-rest/{path}/count").get_json() == {"count": 0}
    assert admin.get(f"/engine-rest/task/{task.id}").status_code == 404
    assert admin.get(f"/engine-rest/process-instance/{instance}/variables").status_code == 404
    assert admin.post("/engine-rest/process-definition/key/purchase/start").status_code == 404
