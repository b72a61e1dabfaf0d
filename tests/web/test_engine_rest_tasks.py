"""Clients written for Camunda 7 work with tasks."""

from __future__ import annotations

import base64
from collections.abc import Callable

import pytest
from flask import Flask

from tests.support import purchase
from tests.support.rest import Program, program, variables

Ask = Callable[[str], Program]
CAMUNDA_TASK = {
    "id", "name", "assignee", "created", "due", "followUp", "lastUpdated", "delegationState", "description",
    "executionId", "owner", "parentTaskId", "priority", "processDefinitionId", "processInstanceId", "taskDefinitionKey",
    "caseExecutionId", "caseInstanceId", "caseDefinitionId", "suspended", "formKey", "camundaFormRef", "tenantId",
    "taskState",
}  # fmt: skip


@pytest.fixture
def ask(app: Flask) -> Ask:
    """A program of somebody in the demo company, where purchases are deployed."""
    purchase.deploy(app)
    return lambda login: program(app, login)


@pytest.fixture
def ask_each(each_app: Flask) -> Ask:
    """The same on both databases."""
    purchase.deploy(each_app)
    return lambda login: program(each_app, login)


def test_a_task_looks_as_camunda_writes_it(app: Flask, ask: Ask) -> None:
    instance = purchase.start(app, business_key="P-1")
    (task,) = ask("li.na").get("/engine-rest/task", processInstanceId=instance).get_json()
    assert set(task) == CAMUNDA_TASK
    assert task["taskDefinitionKey"] == "request" and task["formKey"] == "purchase/request"
    assert task["created"] == "2026-11-23T01:00:00.000+0000"
    assert task["due"].endswith("+0000") and task["assignee"] is None and task["priority"] == 60
    assert ask("li.na").get(f"/engine-rest/task/{task['id']}").get_json() == task


def test_complete_takes_the_fields_of_the_form(each_app: Flask, ask_each: Ask) -> None:
    instance = purchase.start(each_app)
    task, client = purchase.task_of(each_app, instance), ask_each("li.na")
    filled = variables(requester="li.na", subject="纸", amount=12.5, items=[{"what": "A4", "count": 2}])
    filled["wanted_on"] = {"value": "2026-12-01T00:00:00.000+0800", "type": "Date"}
    answer = client.post(f"/engine-rest/task/{task.id}/complete", {"variables": filled, "withVariablesInReturn": True})
    assert answer.status_code == 200, answer.get_json()
    left = answer.get_json()
    assert left["amount"]["value"] == 12.5 and left["amount"]["type"] == "Double"
    assert "subject" not in left, "only fields marked as variable become process variables"
    done = purchase.task(each_app, task.id)
    assert (done.state, done.ended_by, done.assignee) == ("completed", "li.na", "li.na")


def test_rows_may_come_as_json_text(app: Flask, ask: Ask) -> None:
    task = purchase.task_of(app, purchase.start(app))
    filled = variables(requester="li.na", subject="x") | {"items": {"value": '[{"what": "A4"}]', "type": "Json"}}
    answer = ask("li.na").post(f"/engine-rest/task/{task.id}/complete", {"variables": filled})
    assert answer.status_code == 204 and answer.data == b""


def test_refused_values_are_named(app: Flask, ask: Ask) -> None:
    task, client = purchase.task_of(app, purchase.start(app)), ask("li.na")
    path = f"/engine-rest/task/{task.id}/complete"
    missing = client.post(path, {"variables": variables(requester="li.na", amount=-1)})
    assert missing.status_code == 400
    body = missing.get_json()
    assert body["type"] == "InvalidRequestException" and isinstance(body["code"], int)
    assert set(body["errors"]) == {"subject", "amount"} and "subject" in body["message"]
    unknown = client.post(path, {"variables": variables(subjekt="x")})
    assert unknown.status_code == 400
    assert "'subjekt'" in unknown.get_json()["message"] and "subject" in unknown.get_json()["message"]
    assert purchase.task(app, task.id).state == "created"


def test_who_was_faster_is_a_409(each_app: Flask, ask_each: Ask) -> None:
    task = purchase.task_of(each_app, purchase.start(each_app))
    fast, slow = ask_each("li.na"), ask_each("wu.xiaoyan")
    assert fast.post(f"/engine-rest/task/{task.id}/claim", {"userId": "li.na"}).status_code == 204
    assert fast.post(f"/engine-rest/task/{task.id}/claim", {"userId": "li.na"}).status_code == 204
    late = slow.post(f"/engine-rest/task/{task.id}/claim", {"userId": "wu.xiaoyan"})
    assert late.status_code == 409 and "Na Li" in late.get_json()["message"]
    done = fast.post(f"/engine-rest/task/{task.id}/complete", {"variables": variables(**purchase.FILLED)})
    assert done.status_code == 204
    again = slow.post(f"/engine-rest/task/{task.id}/complete", {"variables": variables(**purchase.FILLED)})
    assert again.status_code == 409 and again.get_json()["code"] == 1
    assert fast.get(f"/engine-rest/task/{task.id}").status_code == 404, "Camunda shows open tasks only"


def test_claiming_is_for_oneself_unless_one_may_reassign(app: Flask, ask: Ask) -> None:
    task = purchase.task_of(app, purchase.start(app))
    path = f"/engine-rest/task/{task.id}/claim"
    assert ask("li.na").post(path, {"userId": "wu.xiaoyan"}).status_code == 403
    assert ask("sun.zhipeng").post(path, {"userId": "sun.zhipeng"}).status_code == 404
    assert ask("li.na").post(path, {}).status_code == 400
    assert ask("sun.lihua").post(path, {"userId": "wu.xiaoyan"}).status_code == 204
    assert purchase.task(app, task.id).assignee == "wu.xiaoyan"
    assert ask("li.na").post(f"/engine-rest/task/{task.id}/unclaim").status_code == 403
    assert ask("wu.xiaoyan").post(f"/engine-rest/task/{task.id}/unclaim").status_code == 204
    assert purchase.task(app, task.id).assignee is None


def test_only_a_candidate_completes_and_an_excluded_one_does_not(app: Flask, ask: Ask) -> None:
    task = purchase.requested(app, "li.na")
    path = f"/engine-rest/task/{task.id}/complete"
    body = {"variables": variables(outcome="approved")}
    assert ask("li.na").post(path, body).status_code == 404, "not hers to see: she asked for it herself"
    assert ask("sun.zhipeng").post(path, body).status_code == 404
    assert ask("wu.xiaoyan").post(path, body).status_code == 204
    assert purchase.task(app, task.id).ended_by == "wu.xiaoyan"


def test_a_confidential_field_is_unknown_to_who_may_not_see_it(app: Flask, ask: Ask) -> None:
    task = purchase.requested(app, "li.na")
    client = ask("wu.xiaoyan")
    refused = client.post(
        f"/engine-rest/task/{task.id}/complete", {"variables": variables(outcome="approved", salary="1")}
    )
    assert refused.status_code == 400 and "salary'" in refused.get_json()["message"]
    assert "salary" not in refused.get_json()["message"].split("This form takes")[1]
    assert "salary" not in client.get(f"/engine-rest/task/{task.id}/form-variables").get_json()
    form = client.get(f"/api/v1/tasks/{task.id}/form").get_json()
    assert [field["name"] for field in form["fields"]] == ["outcome", "remark"]


def test_a_task_without_form_takes_any_variable(app: Flask, ask: Ask) -> None:
    task = purchase.requested(app, "li.na")
    ask("wu.xiaoyan").post(f"/engine-rest/task/{task.id}/complete", {"variables": variables(outcome="approved")})
    packing = purchase.task_of(app, task.instance_id)
    answer = ask("li.na").post(f"/engine-rest/task/{packing.id}/complete", {"variables": variables(weight=3)})
    assert answer.status_code == 204
    assert ask("li.na").get(f"/engine-rest/process-instance/{task.instance_id}").status_code == 404


def test_lists_and_counts_show_what_the_caller_may_see(each_app: Flask, ask_each: Ask) -> None:
    for _ in range(3):
        purchase.start(each_app, "wu.xiaoyan")
    only = {"processDefinitionKey": "purchase"}
    assert ask_each("li.na").get("/engine-rest/task/count", **only).get_json() == {"count": 3}
    outsider = ask_each("sun.zhipeng")
    assert outsider.get("/engine-rest/task", **only).get_json() == []
    assert outsider.get("/engine-rest/task/count", **only).get_json() == {"count": 0}
    assert outsider.get("/engine-rest/process-instance", **only).get_json() == []
    assert outsider.get("/engine-rest/job", **only).get_json() == []


def test_filters_and_sorting(each_app: Flask, ask_each: Ask) -> None:
    first = purchase.task_of(each_app, purchase.start(each_app, business_key="P-1"))
    second = purchase.requested(each_app, "wu.xiaoyan", business_key="P-2")
    client = ask_each("li.na")

    def found(**query: object) -> list[str]:
        answer = client.get("/engine-rest/task", **{"processDefinitionKey": "purchase", **query})
        assert answer.status_code == 200, answer.get_json()
        return [task["id"] for task in answer.get_json()]

    assert found(taskDefinitionKey="request") == [first.id]
    assert found(taskDefinitionKeyIn="request,approve", sortBy="taskDefinitionKey", sortOrder="asc") == [
        second.id,
        first.id,
    ]
    assert found(processInstanceBusinessKey="P-2") == [second.id]
    assert found(candidateGroup="finance") == [second.id]
    assert found(candidateGroups="finance,customer_support", sortBy="priority", sortOrder="desc") == [
        first.id,
        second.id,
    ]
    assert set(found(candidateUser="wu.xiaoyan")) == {first.id, second.id}
    assert found(nameLike="%填写%") == [first.id]
    assert found(dueAfter="2026-11-23T00:00:00.000+0000", taskDefinitionKey="request") == [first.id]
    assert found(dueBefore="2026-11-23T00:00:00.000+0000") == []
    assert found(createdAfter="2027-01-01T00:00:00.000+0000") == []
    assert set(found(unassigned="true", active="true", processDefinitionKey="purchase")) == {first.id, second.id}
    assert found(assignee="li.na") == []
    assert len(found(maxResults=1)) == 1 and len(found(firstResult=1)) == 1
    body = {"processDefinitionKey": "purchase", "sorting": [{"sortBy": "created", "sortOrder": "desc"}]}
    assert len(client.post("/engine-rest/task", body).get_json()) == 2
    assert client.post("/engine-rest/task/count", {"taskDefinitionKey": "request"}).get_json() == {"count": 1}
    client.post(f"/engine-rest/task/{first.id}/claim", {"userId": "li.na"})
    assert found(candidateGroup="customer_support", taskDefinitionKey="request") == []
    assert found(candidateGroup="customer_support", taskDefinitionKey="request", includeAssignedTasks="true") == [
        first.id
    ]
    assert found(assignee="li.na") == [first.id] and found(involvedUser="li.na") == [first.id]


def test_filters_nobody_knows_are_refused(ask: Ask) -> None:
    client = ask("li.na")
    for query in (
        {"nonsense": "1"}, {"sortBy": "created"}, {"sortBy": "x", "sortOrder": "asc"}, {"maxResults": "-1"},
        {"maxResults": "many"}, {"dueBefore": "gestern"}, {"unassigned": "perhaps"}, {"priority": "high"},
    ):  # fmt: skip
        answer = client.get("/engine-rest/task", **query)
        assert answer.status_code == 400, query
        assert set(answer.get_json()) == {"type", "message", "code"}


def test_form_variables_hold_what_the_form_starts_with(app: Flask, ask: Ask) -> None:
    task = purchase.requested(app, "li.na")
    client = ask("wu.xiaoyan")
    found = client.get(f"/engine-rest/task/{task.id}/form-variables").get_json()
    assert found["requester"] == {"type": "String", "value": "li.na", "valueInfo": {}}
    assert found["outcome"]["type"] == "Null" and found["amount"]["value"] == 120
    assert client.get(f"/engine-rest/task/{task.id}/form").get_json()["key"] == "purchase/approve"


def test_basic_credentials_and_tokens_are_accepted_and_cookies_are_not(app: Flask, ask: Ask) -> None:
    client = app.test_client()
    assert client.get("/engine-rest/task").status_code == 401
    assert client.get("/engine-rest/task").get_json()["type"] == "AuthenticationException"
    wrong = base64.b64encode(b"li.na:wrong").decode()
    assert client.get("/engine-rest/task", headers={"Authorization": f"Basic {wrong}"}).status_code == 401
    assert ask("li.na").get("/engine-rest/task").status_code == 200
    from tests.support.application import signed_in

    assert signed_in(app, "li.na").get("/engine-rest/task").status_code == 401
    assert client.get("/engine-rest/version").get_json()["version"].startswith("7.")
    assert client.get("/engine-rest/engine").get_json() == [{"name": "default"}]
