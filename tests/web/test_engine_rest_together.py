"""Programs written for Camunda 7 work together on tasks: delegate, comment, attach, ask by variables, keep filters."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

import engine
from tests.support import purchase
from tests.support.application import database_of
from tests.support.engine_world import bpmn, chain, flow, user_task
from tests.support.rest import Program, program, variables

Ask = Callable[[str], Program]
ROOT = "/engine-rest"
OPERATOR, DESIGNER, LEAD = "kang.ning", "shi.lei", "sun.lihua"
TASK = f"{ROOT}/task"
MOMENT = "2026-11-30T08:00:00.000+0000"
RISKY = bpmn(
    "risky",
    '<bpmn:startEvent id="begin" /><bpmn:subProcess id="inner"><bpmn:startEvent id="in" />'
    + user_task("try", 'camunda:candidateGroups="customer_support"')
    + '<bpmn:endEvent id="out" />'
    + chain("in", "try", "out")
    + '<bpmn:boundaryEvent id="refused" attachedToRef="try"><bpmn:errorEventDefinition id="refused_d" errorRef="e"/>'
    '</bpmn:boundaryEvent><bpmn:endEvent id="sorry" />'
    + flow("refused", "sorry")
    + '</bpmn:subProcess><bpmn:boundaryEvent id="told" attachedToRef="inner" cancelActivity="false">'
    '<bpmn:escalationEventDefinition id="told_d" escalationRef="s"/></bpmn:boundaryEvent>'
    + user_task("watch", 'camunda:candidateGroups="customer_support"')
    + '<bpmn:endEvent id="done" /><bpmn:endEvent id="watched" />'
    + chain("begin", "inner", "done")
    + flow("told", "watch")
    + flow("watch", "watched"),
)


@pytest.fixture
def ask(app: Flask) -> Ask:
    purchase.deploy(app)
    return lambda login: program(app, login)


@pytest.fixture
def ask_each(each_app: Flask) -> Ask:
    purchase.deploy(each_app)
    return lambda login: program(each_app, login)


def ids(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.get_json()
    return [one["id"] for one in answer.get_json()]


def test_a_task_is_delegated_and_comes_back(each_app: Flask, ask_each: Ask) -> None:
    task = purchase.task_of(each_app, purchase.start(each_app))
    path, owner, helper = f"{TASK}/{task.id}", ask_each("li.na"), ask_each("wu.xiaoyan")
    assert helper.post(f"{path}/delegate", {"userId": "li.na"}).status_code == 403, "not hers to give away"
    assert owner.post(f"{path}/claim", {"userId": "li.na"}).status_code == 204
    assert owner.post(f"{path}/delegate", {"userId": "sun.zhipeng"}).status_code == 400, "he may not do it"
    assert ask_each("sun.zhipeng").post(f"{path}/delegate", {"userId": "li.na"}).status_code == 404
    assert owner.post(f"{path}/delegate", {"userId": "wu.xiaoyan"}).status_code == 204
    found = helper.get(path).get_json()
    assert (found["assignee"], found["owner"], found["delegationState"]) == ("wu.xiaoyan", "li.na", "PENDING")
    assert ids(helper.get(TASK, owner="li.na", delegationState="PENDING")) == [task.id]
    links = helper.get(f"{path}/identity-links").get_json()
    assert {"userId": "li.na", "groupId": None, "type": "owner"} in links
    refused = helper.post(f"{path}/complete", {"variables": variables(**purchase.FILLED)})
    assert refused.status_code == 403, "it is given back, not completed"
    assert owner.post(f"{path}/resolve").status_code == 403
    assert helper.post(f"{path}/resolve", {"variables": variables(a=1)}).status_code == 400
    assert helper.post(f"{path}/resolve").status_code == 204
    found = owner.get(path).get_json()
    assert (found["assignee"], found["delegationState"]) == ("li.na", "RESOLVED")
    assert owner.post(f"{path}/complete", {"variables": variables(**purchase.FILLED)}).status_code == 204
    (past,) = owner.get(f"{ROOT}/history/task", taskOwner="li.na").get_json()
    assert past["id"] == task.id and past["owner"] == "li.na"


def test_a_supervisor_changes_what_is_said_about_a_task(app: Flask, ask: Ask) -> None:
    task, lead = purchase.task_of(app, purchase.start(app)), ask(LEAD)
    path = f"{TASK}/{task.id}"
    read = lead.get(path).get_json()
    assert ask("li.na").put(path, read).status_code == 403
    assert lead.put(path, {**read, "due": None}).status_code == 400, "the service level needs a date"
    assert lead.put(path, {**read, "nonsense": 1}).status_code == 400
    changed = {**read, "description": "two offers", "priority": 90, "due": MOMENT, "followUp": MOMENT}
    assert lead.put(path, {**changed, "assignee": "wu.xiaoyan"}).status_code == 204
    found = lead.get(path).get_json()
    for name in ("description", "priority", "due", "followUp"):
        assert found[name] == changed[name]
    assert found["assignee"] == "wu.xiaoyan"
    assert ids(lead.get(TASK, descriptionLike="%offer%", minPriority=90, followUpDate=MOMENT)) == [task.id]
    jobs = ask(OPERATOR).get(f"{ROOT}/job", processInstanceId=task.instance_id).get_json()
    assert MOMENT in [job["dueDate"] for job in jobs], "the deadline moved with the due date"


def test_comments_belong_to_their_authors(app: Flask, ask: Ask) -> None:
    task = purchase.task_of(app, purchase.start(app))
    path, author, other = f"{TASK}/{task.id}/comment", ask("li.na"), ask("wu.xiaoyan")
    assert author.post(f"{path}/create", {}).status_code == 400
    assert ask("sun.zhipeng").post(f"{path}/create", {"message": "I see it"}).status_code == 404
    made = author.post(f"{path}/create", {"message": "急"}).get_json()
    assert made["userId"] == "li.na" and made["taskId"] == task.id
    assert made["links"][0]["href"].endswith(f"{path}/{made['id']}")
    assert other.get(path).get_json() == [made]
    assert other.get(f"{path}/{made['id']}").get_json() == made
    assert ask("sun.zhipeng").get(f"{path}/{made['id']}").status_code == 404
    assert other.put(path, {"id": made["id"], "message": "no"}).status_code == 403
    assert other.delete(f"{path}/{made['id']}").status_code == 403
    assert author.put(path, {"id": made["id"], "message": "不急"}).status_code == 204
    (said,) = author.get(f"{ROOT}/process-instance/{task.instance_id}/comment").get_json()
    assert said["message"] == "不急"
    (listed,) = author.get(TASK, taskId=task.id, withCommentAttachmentInfo="true").get_json()
    assert (listed["comment"], listed["attachment"]) == (True, False)
    assert author.delete(f"{path}/{made['id']}").status_code == 204
    assert author.get(path).get_json() == []
    second = purchase.task_of(app, purchase.start(app))
    elsewhere = author.post(f"{TASK}/{second.id}/comment/create", {"message": "x"}).get_json()
    assert author.get(f"{path}/{elsewhere['id']}").status_code == 404, "a comment of another task"


def test_attachments_follow_the_rules_of_uploads(app: Flask, ask: Ask) -> None:
    task = purchase.task_of(app, purchase.start(app))
    path, author = f"{TASK}/{task.id}/attachment", ask("li.na")
    assert author.send(f"{path}/create", {"attachment-name": "nothing"}).status_code == 400
    program_file = (io.BytesIO(b"MZ\x90\x00"), "setup.exe")
    refused = author.send(f"{path}/create", {"content": program_file})
    assert refused.status_code == 400 and "file" in refused.get_json()["errors"]
    page = {"attachment-name": "offer", "attachment-type": "link", "url": "http://offer.example/1"}
    link = author.send(f"{path}/create", page).get_json()
    assert (link["name"], link["type"], link["url"]) == ("offer", "link", page["url"])
    note = (io.BytesIO("报价".encode()), "报价.txt")
    file = author.send(f"{path}/create", {"attachment-description": "the offer", "content": note}).get_json()
    assert (file["name"], file["description"], file["url"]) == ("报价.txt", "the offer", None)
    other = ask("wu.xiaoyan")
    assert other.get(f"{path}/{file['id']}/data").data == "报价".encode()
    assert other.get(f"{path}/{link['id']}/data").status_code == 404
    assert ask("sun.zhipeng").get(f"{path}/{file['id']}/data").status_code == 404
    assert sorted(ids(other.get(path))) == sorted([link["id"], file["id"]])
    assert other.delete(f"{path}/{file['id']}").status_code == 403
    assert author.delete(f"{path}/{file['id']}").status_code == 204
    assert ids(other.get(path)) == [link["id"]]


def test_a_task_is_offered_to_others(each_app: Flask, ask_each: Ask) -> None:
    task = purchase.requested(each_app, "li.na")
    path, lead, invited = f"{TASK}/{task.id}", ask_each("lin.wanqing"), ask_each("sun.zhipeng")
    candidate = {"type": "candidate", "userId": "sun.zhipeng"}
    assert ask_each("wu.xiaoyan").post(f"{path}/identity-links", candidate).status_code == 403
    assert lead.post(f"{path}/identity-links", {"type": "candidate", "userId": "nobody"}).status_code == 400
    assert lead.post(f"{path}/identity-links", {"type": "candidate"}).status_code == 400
    assert invited.get(path).status_code == 404
    for _ in "12":
        assert lead.post(f"{path}/identity-links", candidate).status_code == 204
    assert ids(invited.get(TASK, candidateUser="sun.zhipeng", processInstanceId=task.instance_id)) == [task.id]
    assert lead.post(f"{path}/identity-links/delete", candidate).status_code == 204
    assert invited.get(path).status_code == 404
    assert lead.post(f"{path}/identity-links", candidate).status_code == 204
    done = invited.post(f"{path}/complete", {"variables": variables(outcome="approved")})
    assert done.status_code == 204, "the state knows the new candidate too"


def test_errors_and_escalations_are_reported_where_they_happen(app: Flask, ask: Ask) -> None:
    risky = RISKY.replace(
        b"<bpmn:process ",
        b'<bpmn:error id="e" name="e" errorCode="negative" /><bpmn:escalation id="s" escalationCode="tell" />'
        b"<bpmn:process ",
    )
    deploy = engine.Deploy(name="tests", files={"risky.bpmn": risky})
    database_of(app).write(lambda session: engine.execute(session, deploy))
    client = ask("li.na")
    started = client.post(f"{ROOT}/process-definition/key/risky/start").get_json()["id"]
    (task,) = client.get(TASK, processInstanceId=started).get_json()
    path = f"{TASK}/{task['id']}"
    tree = client.get(f"{ROOT}/process-instance/{started}/activity-instances").get_json()
    (inner,) = tree["childActivityInstances"]
    assert (inner["activityId"], inner["activityType"]) == ("inner", "subProcess")
    assert [one["activityId"] for one in inner["childActivityInstances"]] == ["try"]
    assert ask("sun.zhipeng").post(f"{path}/bpmnError", {"errorCode": "negative"}).status_code == 404
    assert client.post(f"{path}/bpmnEscalation", {"escalationCode": "other"}).status_code == 400
    assert client.post(f"{path}/bpmnEscalation", {"escalationCode": "tell"}).status_code == 204
    waiting = client.get(TASK, processInstanceId=started, sortBy="taskDefinitionKey", sortOrder="asc").get_json()
    assert [one["taskDefinitionKey"] for one in waiting] == ["try", "watch"]
    assert client.post(f"{path}/bpmnError", {"errorCode": "unheard"}).status_code == 400
    with_values = {"errorCode": "negative", "variables": variables(amount=1)}
    assert client.post(f"{path}/bpmnError", with_values).status_code == 403
    assert client.post(f"{path}/bpmnError", {"errorCode": "negative"}).status_code == 204
    assert client.get(path).status_code == 404


def test_filters_are_kept_for_their_owner(each_app: Flask, ask_each: Ask) -> None:
    first = purchase.task_of(each_app, purchase.start(each_app, business_key="P-1"))
    purchase.start(each_app, business_key="P-2")
    client = ask_each("li.na")
    wanted: dict[str, Any] = {
        "resourceType": "Task",
        "name": "mine",
        "query": {"processDefinitionKey": "purchase", "sorting": [{"sortBy": "created", "sortOrder": "asc"}]},
        "properties": {"color": "#fff"},
    }
    wrong = {**wanted, "query": {"nonsense": 1}}
    assert client.post(f"{ROOT}/filter/create", wrong).status_code == 400
    assert client.post(f"{ROOT}/filter/create", {**wanted, "owner": "sun.lihua"}).status_code == 400
    made = client.post(f"{ROOT}/filter/create", wanted).get_json()
    assert made == {**wanted, "id": made["id"], "owner": "li.na"}
    path = f"{ROOT}/filter/{made['id']}"
    assert len(ids(client.get(f"{path}/list"))) == 2
    assert len(ids(client.get(f"{path}/list", maxResults=1))) == 1
    assert ids(client.post(f"{path}/list", {"processInstanceBusinessKey": "P-1"})) == [first.id]
    assert client.post(f"{path}/count", {"processInstanceBusinessKey": "P-1"}).get_json() == {"count": 1}
    assert client.get(f"{path}/count").get_json() == {"count": 2}
    assert client.get(f"{path}/singleResult").status_code == 400
    one = client.post(f"{path}/singleResult", {"processInstanceBusinessKey": "P-1"})
    assert one.get_json()["id"] == first.id
    assert client.post(f"{path}/singleResult", {"processInstanceBusinessKey": "P-9"}).status_code == 204
    assert client.get(path, itemCount="true").get_json()["itemCount"] == 2
    assert ids(client.get(f"{ROOT}/filter", nameLike="mi%", sortBy="name", sortOrder="asc")) == [made["id"]]
    for stranger in ("sun.lihua", "fang.chen"):
        assert ask_each(stranger).get(f"{path}/list").status_code == 404
        assert ask_each(stranger).delete(path).status_code == 404
        assert ask_each(stranger).get(f"{ROOT}/filter/count").get_json() == {"count": 0}
    assert client.put(path, {**wanted, "name": "all"}).status_code == 204
    assert client.get(path).get_json()["name"] == "all"
    assert client.delete(path).status_code == 204 and client.get(path).status_code == 404


def test_variables_are_asked_for_and_secrets_are_not_guessed(each_app: Flask, ask_each: Ask) -> None:
    given = {"amount": 120.5, "city": "上海", "urgent": True, "none": None, "salary": "9000"}
    instance = purchase.start(each_app, variables=given)
    purchase.start(each_app, variables={"amount": "120.5", "city": "北京", "urgent": 1})
    client = ask_each("li.na")

    def found(name: str, how: str, value: object, who: Program = client) -> bool:
        asked, key = [{"name": name, "operator": how, "value": value}], {"processDefinitionKey": "purchase"}
        tasks = who.post(TASK, {"processVariables": asked, **key}).get_json()
        instances = who.post(f"{ROOT}/process-instance", {"variables": asked, **key}).get_json()
        if who is client:
            assert [one["processInstanceId"] for one in tasks] == [one["id"] for one in instances]
        return [one["id"] for one in instances] == [instance]

    for name, how, value in (
        ("amount", "eq", 120.5), ("amount", "gt", 120), ("amount", "lteq", 121), ("city", "like", "上%"),
        ("city", "neq", "北京"), ("urgent", "eq", True), ("none", "eq", None), ("city", "notLike", "北%"),
    ):  # fmt: skip
        assert found(name, how, value), (name, how, value)
    for name, how, value in (
        ("amount", "gt", 121), ("urgent", "eq", False), ("missing", "neq", 1), ("none", "neq", None),
    ):  # fmt: skip
        assert not found(name, how, value), (name, how, value)
    address = client.get(f"{ROOT}/process-instance", variables="city_eq_上海")
    assert ids(address) == [instance]
    assert client.get(f"{ROOT}/process-instance", variables="city_is_上海").status_code == 400
    for how, value in (("eq", "9000"), ("like", "9%"), ("neq", "1")):
        assert not found("salary", how, value), "a form keeps it from her"
    assert found("salary", "eq", "9000", ask_each(OPERATOR)) is False
    either = {"orQueries": [{"processInstanceId": instance, "name": "nothing"}, {"assigned": True, "unassigned": True}]}
    assert [one["processInstanceId"] for one in client.post(TASK, either).get_json()] == [instance]
    assert client.post(TASK, {"orQueries": [{"orQueries": []}]}).status_code == 400


def test_where_an_instance_is_and_what_it_knows(app: Flask, ask: Ask) -> None:
    task = purchase.requested(app, "li.na")
    client, instance = ask("wu.xiaoyan"), task.instance_id
    tree = client.get(f"{ROOT}/process-instance/{instance}/activity-instances").get_json()
    assert [(one["id"], one["activityId"]) for one in tree["childActivityInstances"]] == [(task.id, "approve")]
    assert ids(client.get(f"{ROOT}/execution", activityId="approve", processInstanceId=instance)) == [instance]
    assert client.get(f"{ROOT}/execution/{instance}").get_json()["processInstanceId"] == instance
    (event,) = client.get(f"{ROOT}/event-subscription", processInstanceId=instance).get_json()
    assert (event["eventType"], event["eventName"], event["activityId"]) == ("message", "purchase_recalled", "recalled")
    listed = client.get(f"{ROOT}/variable-instance", processInstanceIdIn=instance, variableNameLike="am%").get_json()
    assert [(one["name"], one["value"]) for one in listed] == [("amount", 120)]
    assert client.get(f"{ROOT}/variable-instance/{listed[0]['id']}").get_json() == listed[0]
    assert client.get(f"{ROOT}/variable-instance").status_code == 400
    past = client.post(f"{ROOT}/history/variable-instance", {"processInstanceId": instance, "variableName": "amount"})
    assert client.get(f"{ROOT}/history/variable-instance/{past.get_json()[0]['id']}").status_code == 200
    stranger = ask("sun.zhipeng")
    for path in (
        f"process-instance/{instance}/activity-instances", f"process-instance/{instance}/comment",
        f"execution/{instance}", f"execution/{instance}/localVariables", f"variable-instance/{instance}:amount",
        f"execution/{instance}/messageSubscriptions/purchase_recalled", f"history/variable-instance/{instance}:amount",
        f"task/{task.id}/comment", f"task/{task.id}/attachment", f"task/{task.id}/rendered-form",
    ):  # fmt: skip
        assert stranger.get(f"{ROOT}/{path}").status_code == 404, path
    assert stranger.get(f"{ROOT}/variable-instance", processInstanceIdIn=instance).get_json() == []
    waiting = stranger.get(f"{ROOT}/event-subscription/count", processInstanceId=instance)
    assert waiting.get_json() == {"count": 0}
    trigger = f"{ROOT}/execution/{instance}/messageSubscriptions/purchase_recalled/trigger"
    assert stranger.post(trigger).status_code == 404
    assert client.post(trigger, {"variables": variables(why="late")}).status_code == 204
    assert client.get(f"{TASK}/{task.id}").status_code == 404


def test_forms_are_read_by_programs_that_draw_them(app: Flask, ask: Ask) -> None:
    task, client = purchase.task_of(app, purchase.start(app)), ask("li.na")
    form = client.get(f"{TASK}/{task.id}/deployed-form").get_json()
    assert form == client.get(f"/api/v1/tasks/{task.id}/form").get_json()
    drawn = client.get(f"{TASK}/{task.id}/rendered-form")
    assert drawn.content_type.startswith("application/xhtml+xml")
    assert 'cam-variable-name="amount"' in drawn.text and "Purchase" not in drawn.text
    definition = f"{ROOT}/process-definition/key/purchase"
    assert client.get(f"{definition}/startForm").get_json()["key"] is None
    assert client.get(f"{definition}/form-variables").get_json() == {}
    assert client.get(f"{definition}/deployed-start-form").status_code == 400
    assert client.get(f"{definition}/diagram").status_code == 204
    submitted = client.post(f"{definition}/submit-form", {"variables": variables(amount=3), "businessKey": "P-7"})
    assert submitted.get_json()["businessKey"] == "P-7"


def test_versions_are_counted_and_put_to_sleep(app: Flask, ask: Ask) -> None:
    purchase.start(app)
    task = purchase.requested(app, "li.na")
    client, operator = ask("wu.xiaoyan"), ask(OPERATOR)
    path = f"{ROOT}/process-definition/key/purchase"
    counted = {one["id"]: one["instances"] for one in client.get(f"{path}/statistics").get_json()}
    assert counted["request"] == 1 and counted["approve"] == 1
    assert ask("ren.fang").get(f"{path}/statistics").get_json() == [], "nobody counts what they do not see"
    everything = client.get(f"{ROOT}/process-definition/statistics", failedJobs="true", incidents="true").get_json()
    (mine,) = (one for one in everything if one["definition"]["key"] == "purchase")
    assert (mine["instances"], mine["failedJobs"], mine["incidents"]) == (2, 0, [])
    sleep = {"suspended": True, "includeProcessInstances": True}
    assert client.put(f"{path}/suspended", sleep).status_code == 403
    assert operator.put(f"{path}/suspended", {**sleep, "executionDate": MOMENT}).status_code == 400
    assert operator.put(f"{path}/suspended", sleep).status_code == 204
    assert client.get(f"{TASK}/{task.id}").get_json()["suspended"] is True
    assert client.post(f"{path}/start").status_code == 404, "no active version"
    named = {"processDefinitionKey": "purchase", "suspended": False, "includeProcessInstances": True}
    assert operator.put(f"{ROOT}/process-definition/suspended", named).status_code == 204
    assert client.get(f"{TASK}/{task.id}").get_json()["suspended"] is False
    assert client.post(f"{path}/start").status_code == 200


def test_a_message_reaches_everybody_who_waits(app: Flask, ask: Ask) -> None:
    tasks = [purchase.requested(app, "li.na", business_key=key) for key in ("P-1", "P-2", "P-3")]
    client = ask("wu.xiaoyan")
    body = {"messageName": "purchase_recalled", "all": True, "resultEnabled": True}
    (one,) = client.post(f"{ROOT}/message", {**body, "businessKey": "P-1", "variablesInResultEnabled": True}).get_json()
    assert one["execution"]["processInstanceId"] == tasks[0].instance_id and one["variables"]["amount"]["value"] == 120
    assert ask("sun.zhipeng").post(f"{ROOT}/message", body).status_code == 400, "nobody he sees waits"
    reached = client.post(f"{ROOT}/message", body).get_json()
    assert {found["execution"]["id"] for found in reached} == {task.instance_id for task in tasks[1:]}
    assert client.post(f"{ROOT}/message", body).status_code == 400


def test_incidents_take_notes_and_jobs_a_rank(app: Flask, ask: Ask) -> None:
    task, client = purchase.requested(app), ask(OPERATOR)
    (job,) = client.get(f"{ROOT}/job", activityId="gone", processInstanceId=task.instance_id).get_json()
    path = f"{ROOT}/job/{job['id']}"
    assert client.put(f"{path}/priority", {"priority": 7}).status_code == 204
    assert client.get(path).get_json()["priority"] == 7
    assert ask("li.na").put(f"{path}/priority", {"priority": 8}).status_code == 403
    assert client.put(f"{path}/retries", {"retries": 0}).status_code == 204
    assert "No retries left" in client.get(f"{path}/stacktrace").text
    (incident,) = client.get(f"{ROOT}/incident", incidentType="failedJob").get_json()
    note = f"{ROOT}/incident/{incident['id']}/annotation"
    assert client.put(note, {"annotation": "printer"}).status_code == 204
    assert client.get(f"{ROOT}/incident/{incident['id']}").get_json()["annotation"] == "printer"
    assert ask("li.na").delete(note).status_code == 403
    assert client.delete(note).status_code == 204
    assert client.get(f"{ROOT}/incident/{incident['id']}").get_json()["annotation"] is None


def test_a_desktop_modeller_deploys(app: Flask, ask: Ask) -> None:
    """The request Camunda Modeler sends: it asks for the version, then posts the diagram and the attached files."""
    client = app.test_client(use_cookies=False)
    assert client.get(f"{ROOT}/version").get_json()["version"].startswith("7.")
    form = {
        "deployment-name": "risky",
        "deployment-source": "Camunda Modeler",
        "enable-duplicate-filtering": "true",
        "deploy-changed-only": "true",
    }

    def files() -> dict[str, Any]:
        plain = purchase.BPMN.replace('id="purchase"', 'id="ordered"')
        return {"ordered.bpmn": (io.BytesIO(plain.encode()), "ordered.bpmn"), "a.txt": (io.BytesIO(b"a"), "a.txt")}

    path = f"{ROOT}/deployment/create"
    assert client.post(path, data={**form, **files()}).status_code == 401
    designer = ask(DESIGNER)
    made = designer.send(path, {**form, **files()}).get_json()
    assert made["source"] == "Camunda Modeler"
    (definition,) = made["deployedProcessDefinitions"].values()
    assert definition["key"] == "ordered"
    again = designer.send(path, {**form, **files()}).get_json()
    assert again["id"] == made["id"] and again["deployedProcessDefinitions"] is None
    assert ids(designer.get(f"{ROOT}/deployment", source="Camunda Modeler")) == [made["id"]]
    assert made["id"] not in ids(designer.get(f"{ROOT}/deployment", withoutSource="true"))
    assert made["id"] in designer.get(f"{ROOT}/deployment/registered").get_json()
    redeployed = designer.post(f"{ROOT}/deployment/{made['id']}/redeploy", {"source": "script"}).get_json()
    assert redeployed["id"] == made["id"], "nothing has changed since"
    unknown = {"resourceNames": ["b.bpmn"]}
    assert designer.post(f"{ROOT}/deployment/{made['id']}/redeploy", unknown).status_code == 404
    assert ask("li.na").post(f"{ROOT}/deployment/{made['id']}/redeploy").status_code == 403


SAMPLES = ("true", "1", MOMENT, "a_eq_b", "PENDING", "open", f"gt_{MOMENT}")


def test_every_filter_asks_both_databases(each_app: Flask, ask_each: Ask) -> None:
    from app.engine_rest.listing import OFFERED

    purchase.requested(each_app, "li.na")
    for path, listing in OFFERED.items():
        who = ask_each(DESIGNER if path == "/deployment" else OPERATOR if "external" in path else "li.na")
        given = dict.fromkeys(listing.words.filters, 0)
        while (
            answer := who.get(f"{ROOT}{path}", **{name: SAMPLES[i] for name, i in given.items()})
        ).status_code == 400:
            given[answer.get_json()["message"].split("'")[1]] += 1
        assert answer.status_code == 200, (path, answer.get_json())
