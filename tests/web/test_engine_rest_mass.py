"""Programs of operators move tokens, migrate, restart and repair by the hundred, in Camunda's words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

import engine
from tests.support import purchase
from tests.support.application import database_of
from tests.support.engine_world import bpmn, chain, service
from tests.support.rest import Program, program, variables

Ask = Callable[[str], Program]
OPERATOR = "kang.ning"
PATH = "/engine-rest"


@pytest.fixture
def ask(each_app: Flask) -> Ask:
    purchase.deploy(each_app)
    return lambda login: program(each_app, login)


def deploy_outside(app: Flask) -> None:
    """One service task that only a program outside can do."""
    body = '<bpmn:startEvent id="begin" />' + service("outside", "outside.work") + '<bpmn:endEvent id="done" />'
    deployment = engine.Deploy(name="tests", files={"o.bpmn": bpmn("errand", body + chain("begin", "outside", "done"))})
    database_of(app).write(lambda session: engine.execute(session, deployment))
    start = engine.StartProcess(process_key="errand", actor="li.na")
    database_of(app).write(lambda session: engine.execute(session, start))


def work(app: Flask) -> None:
    """What the workers do."""
    engine.jobs.run_until_quiet(database_of(app), "worker-1")


def before(node: str, **more: Any) -> dict[str, Any]:
    return {"type": "startBeforeActivity", "activityId": node, **more}


def cancel(node: str) -> dict[str, Any]:
    return {"type": "cancel", "activityId": node, "cancelCurrentActiveActivityInstances": True}


def of(database: Any, instance_id: str) -> list[str]:
    with database.read() as session:
        return sorted(task.node_id for task in engine.queries.open_tasks(session, instance_id))


def test_tokens_of_an_instance_are_moved(each_app: Flask, ask: Ask) -> None:
    instance_id, database = purchase.start(each_app), database_of(each_app)
    client, path = ask(OPERATOR), f"{PATH}/process-instance/{instance_id}/modification"
    given = {"instructions": [cancel("request"), before("approve", variables=variables(amount=7))]}
    assert ask("li.na").post(path, given).status_code == 403
    assert client.post(path, {}).status_code == 400
    assert client.post(path, {"instructions": [{"type": "dance"}]}).status_code == 400
    assert client.post(path, given).status_code == 204
    assert of(database, instance_id) == ["approve"]
    assert client.get(f"{PATH}/process-instance/{instance_id}/variables/amount").get_json()["value"] == 7
    refused = client.post(path, given)
    assert refused.status_code == 400
    assert refused.get_json()["findings"][0]["activityId"] == "request"
    later = client.post(f"{path}-async", {"instructions": [before("pack"), cancel("approve")], "annotation": "why"})
    assert later.get_json()["type"] == "instance-modification" and later.get_json()["totalJobs"] == 1
    work(each_app)
    assert of(database, instance_id) == ["pack"]


def test_a_plan_is_generated_validated_and_carried_out(each_app: Flask, ask: Ask) -> None:
    client, database = ask(OPERATOR), database_of(each_app)
    ids = [purchase.start(each_app) for _ in "123"]
    (old,) = client.get(f"{PATH}/process-definition", key="purchase").get_json()
    newer = purchase.BPMN.replace('"pack"', '"pack_up"').encode()
    deployment = engine.Deploy(name="tests", files={**purchase.FILES, "purchase.bpmn": newer})
    database.write(lambda session: engine.execute(session, deployment))
    new = client.get(f"{PATH}/process-definition/key/purchase").get_json()
    both = {"sourceProcessDefinitionId": old["id"], "targetProcessDefinitionId": new["id"]}
    assert ask("li.na").post(f"{PATH}/migration/generate", both).status_code == 403
    plan = client.post(f"{PATH}/migration/generate", {**both, "updateEventTriggers": True}).get_json()
    lines = {line["sourceActivityIds"][0]: line for line in plan["instructions"]}
    assert {"request", "approve", "gone", "recalled"} <= lines.keys() and "pack" not in lines
    assert lines["gone"]["updateEventTrigger"] is True and lines["request"]["updateEventTrigger"] is False
    empty: dict[str, Any] = {"instructionReports": [], "variableReports": {}}
    assert client.post(f"{PATH}/migration/validate", plan).get_json() == empty
    wrong = {"sourceActivityIds": ["pack"], "targetActivityIds": ["gone"], "updateEventTrigger": False}
    plan["instructions"].append(wrong)
    report = client.post(f"{PATH}/migration/validate", plan).get_json()
    (found,) = report["instructionReports"]
    assert found["instruction"] == wrong and "same kind" in found["failures"][0]
    execution = {"migrationPlan": plan, "processInstanceIds": ids[:1]}
    assert client.post(f"{PATH}/migration/execute", execution).status_code == 400
    plan["instructions"][-1]["targetActivityIds"] = ["pack_up"]
    assert client.post(f"{PATH}/migration/execute", execution).status_code == 204
    rest = {"migrationPlan": plan, "processInstanceQuery": {"processDefinitionId": old["id"]}}
    batch = client.post(f"{PATH}/migration/executeAsync", rest).get_json()
    assert (batch["type"], batch["totalJobs"], batch["createUserId"]) == ("instance-migration", 2, OPERATOR)
    work(each_app)
    for one in ids:
        assert client.get(f"{PATH}/process-instance/{one}").get_json()["definitionId"] == new["id"]
        assert of(database, one) == ["request"]


def test_batches_are_listed_suspended_and_deleted(each_app: Flask, ask: Ask) -> None:
    client = ask(OPERATOR)
    ids = [purchase.start(each_app) for _ in "12"]
    given = {"processInstanceIds": ids, "instructions": [cancel("approve"), before("pack")]}
    batch = client.post(f"{PATH}/modification/executeAsync", given).get_json()
    path = f"{PATH}/batch/{batch['id']}"
    assert ask("li.na").get(path).status_code == 404
    assert client.get(path).get_json() == batch
    assert client.put(f"{path}/suspended", {"suspended": True}).status_code == 204
    work(each_app)
    assert client.get(f"{PATH}/batch", suspended=True).get_json()[0]["suspended"] is True
    assert client.put(f"{path}/suspended", {"suspended": False}).status_code == 204
    work(each_app)
    (row,) = client.get(f"{PATH}/batch/statistics", type="instance-modification").get_json()
    assert (row["remainingJobs"], row["completedJobs"], row["failedJobs"]) == (2, 0, 2)
    assert client.get(f"{PATH}/batch/statistics/count").get_json() == {"count": 1}
    assert client.get(f"{PATH}/incident/count").get_json() == {"count": 2}
    assert client.delete(path).status_code == 204
    assert client.get(path).status_code == 404
    assert client.get(f"{PATH}/batch/count").get_json() == {"count": 0}
    assert client.get(f"{PATH}/incident/count").get_json() == {"count": 0}
    (past,) = client.get(f"{PATH}/history/batch", completed=True, sortBy="startTime", sortOrder="asc").get_json()
    assert past["id"] == batch["id"] and past["endTime"] and "suspended" not in past
    assert client.get(f"{PATH}/history/batch/{batch['id']}").get_json() == past
    assert client.get(f"{PATH}/history/batch/count").get_json() == {"count": 1}
    assert client.get(f"{PATH}/batch/x").status_code == 404


def test_cancelled_by_mistake_and_started_again(each_app: Flask, ask: Ask) -> None:
    client, database = ask(OPERATOR), database_of(each_app)
    ids = [purchase.start(each_app, variables={"amount": 9}) for _ in "12"]
    (definition,) = client.get(f"{PATH}/process-definition", key="purchase").get_json()
    batch = client.post(f"{PATH}/process-instance/delete", {"processInstanceIds": ids, "deleteReason": "oops"})
    assert batch.get_json()["type"] == "instance-deletion"
    work(each_app)
    assert client.get(f"{PATH}/process-instance/{ids[0]}").status_code == 404
    path = f"{PATH}/process-definition/{definition['id']}/restart"
    given = {"processInstanceIds": ids[:1], "instructions": [before("approve")]}
    assert client.post(path, given).status_code == 204
    found = {"historicProcessInstanceQuery": {"finished": True}, "instructions": [before("approve")]}
    assert client.post(f"{path}-async", {**found, "initialVariables": True}).get_json()["totalJobs"] == 2
    work(each_app)
    again = client.get(f"{PATH}/process-instance", processDefinitionKey="purchase").get_json()
    assert [of(database, row["id"]) for row in again] == [["approve"]] * 3
    assert client.post(f"{path}", {"processInstanceIds": ["gone"], "instructions": [before("x")]}).status_code == 404


def test_many_are_suspended_given_variables_messages_and_retries(each_app: Flask, ask: Ask) -> None:
    client, database = ask(OPERATOR), database_of(each_app)
    ids = [purchase.requested(each_app).instance_id for _ in "12"]
    all_of = {"processInstanceIds": ids}
    path = f"{PATH}/process-instance"
    assert client.put(f"{path}/suspended", {**all_of, "suspended": True}).status_code == 204
    assert client.post(f"{path}/suspended-async", {**all_of, "suspended": False}).status_code == 200
    work(each_app)
    assert client.get(f"{path}/{ids[0]}").get_json()["suspended"] is False
    given = {**all_of, "variables": variables(city="上海")}
    assert client.post(f"{path}/variables-async", given).get_json()["type"] == "set-variables"
    work(each_app)
    assert client.get(f"{path}/{ids[1]}/variables/city").get_json()["value"] == "上海"
    jobs = [row["id"] for row in client.get(f"{PATH}/job", activityId="gone").get_json()]
    assert client.put(f"{PATH}/job/{jobs[0]}/retries", {"retries": 0}).status_code == 204
    assert client.post(f"{path}/job-retries", {"processInstances": ids, "retries": 3}).get_json()["totalJobs"] == 1
    assert client.post(f"{PATH}/job/retries", {"jobIds": jobs, "retries": 5}).get_json()["type"] == "set-job-retries"
    work(each_app)
    assert client.get(f"{PATH}/job/{jobs[1]}").get_json()["retries"] == 5
    path_of_external = f"{PATH}/external-task/retries-async"
    assert client.post(path_of_external, {"retries": 2}).status_code == 400
    deploy_outside(each_app)
    found = {"retries": 2, "externalTaskQuery": {"topicName": "outside.work"}}
    assert client.post(path_of_external, found).get_json()["type"] == "set-external-task-retries"
    work(each_app)
    (external,) = client.get(f"{PATH}/external-task", topicName="outside.work").get_json()
    assert external["retries"] == 2
    message = {**all_of, "messageName": "purchase_recalled"}
    assert client.post(f"{path}/message-async", message).get_json()["type"] == "correlate-message"
    work(each_app)
    assert [of(database, one) for one in ids] == [[], []]
    assert ask("li.na").post(f"{path}/delete", all_of).status_code == 403
