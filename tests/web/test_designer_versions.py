"""Versions: deployed with a comment, compared, rolled back, suspended; running instances stay until they migrate."""

from __future__ import annotations

import json
import os
import re
from functools import partial

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

import engine
from engine.tables import audit_log, process_instance
from tests.conftest import SignIn
from tests.support.application import database_of, drain, signed_in
from tests.support.workshop import Designer, number_of

RUNNING = 50 * int(os.environ.get("KELIU_TEST_SCALE", "1"))
WANTED = {"key": "order_question", "name_zh": "订单咨询", "name_en": "Order question", "group": "finance"}
FORM = {
    "key": "order_question/first_step",
    "title": {"zh": "第一步", "en": "First step"},
    "fields": [{"name": "answer", "type": "text", "label": {"zh": "答复", "en": "Answer"}}],
}
FLOW = '<bpmn:sequenceFlow id="f_done" sourceRef="first_step" targetRef="{}" />'
SECOND = (
    '<bpmn:userTask id="second_step" name="第二步" camunda:formKey="order_question/first_step" '
    'camunda:candidateGroups="logistics" />'
    '<bpmn:sequenceFlow id="f_second" sourceRef="second_step" targetRef="done" />'
)


def first_version(designer: Designer) -> int:
    """A draft of a process of one step, deployed."""
    draft = number_of(designer.post("/drafts/blank", WANTED))
    step = 'name="第一步"'
    designer.change(draft, "order_question.bpmn", (step, f'{step} camunda:formKey="order_question/first_step"'))
    designer.save(draft, "order_question/first_step.json", json.dumps(FORM))
    assert designer.deploy(draft, "新流程").status_code == 302
    return draft


def second_version(designer: Designer, draft: int, *, renamed: bool = False) -> str:
    """One step more; ``renamed``: the first step has another id, too. Returns the page of the deployment."""
    designer.change(draft, "order_question.bpmn", (FLOW.format("done"), SECOND + FLOW.format("second_step")))
    designer.change(draft, "order_question.en.json", ('"done"', '"second_step": "Second step",\n    "done"'))
    if renamed:
        for name in ("order_question.bpmn", "order_question.en.json"):
            text = designer.get(f"/drafts/{draft}/files/{name}").text
            designer.save(draft, name, re.sub(r"(?<!question/)\bfirst_step\b", "begin", text))
    answer = designer.deploy(draft, "多一步")
    assert answer.status_code == 302, answer.text
    return designer.client.get(answer.location).text


def start(app: Flask, count: int, key: str = "order_question") -> list[str]:
    def work(session: Session) -> list[str]:
        orders = (engine.StartProcess(process_key=key, business_key=f"Q-{number}") for number in range(count))
        return [str(engine.execute(session, order).instance_id) for order in orders]

    return database_of(app).write(work)


def on_version(app: Flask, version: int) -> int:
    with database_of(app).read() as session:
        here = process_instance.c.definition_id.like(f"order_question:{version}:%")
        return session.scalar(select(func.count()).where(here)) or 0


def test_fifty_instances_migrate_after_a_rehearsal_and_the_version_is_rolled_back(each_app: Flask) -> None:
    officer = Designer(signed_in(each_app, "lin.wanqing"))
    draft = first_version(officer)
    start(each_app, RUNNING)
    page = second_version(officer, draft)
    assert "Migrate by themselves" in page and page.count(f">{RUNNING}</td>") == 2
    migration = "/processes/order_question/migrate"
    assert "Every step has its place in the new version." in officer.get(migration).text
    versions = {"source": "1", "target": "2", "which": "all"}
    rehearsed = officer.post(migration, {**versions, "action": "rehearse"})
    assert f"{RUNNING} of {RUNNING} instances would migrate" in rehearsed.text
    assert on_version(each_app, 1) == RUNNING
    assert officer.post(migration, {**versions, "action": "order"}).status_code == 422  # why?
    order = {**versions, "action": "order", "comment": "新步骤", "request_key": "once"}
    answers = [officer.post(migration, order) for _ in range(2)]
    assert {answer.location for answer in answers} == {answers[0].location}
    drain(database_of(each_app))
    assert (on_version(each_app, 1), on_version(each_app, 2)) == (0, RUNNING)
    assert f"{RUNNING}" in officer.client.get(answers[0].location).text
    versions_page = officer.get("/processes/order_question").text
    oldest = re.search(r"version=(order_question:1:\w+)", versions_page)
    assert oldest and "多一步" in versions_page
    back = f"/versions/{oldest[1]}/roll-back"
    assert officer.post(back).status_code == 422
    assert officer.post(back, {"comment": "第二步不需要"}).status_code == 302
    assert "rolled back to version 1" in officer.get("/processes/order_question").text
    assert "Both versions say the same" in officer.get("/processes/order_question/compare?old=1&new=3").text
    assert "Gone: step for people “Second step”" in officer.get("/processes/order_question/compare?old=2&new=3").text
    with database_of(each_app).read() as session:
        done = session.execute(
            select(audit_log.c.action, audit_log.c.subject).where(audit_log.c.actor == "lin.wanqing")
        )
        actions = [tuple(row) for row in done]
    assert ("Deploy", "第二步不需要") in actions
    assert [action for action, _ in actions].count("MigrateInstance") == RUNNING


def test_rolling_back_passes_the_same_gate_as_deploying(app: Flask, sign_in: SignIn) -> None:
    designer = Designer(sign_in("shi.lei"))
    good = designer.files(first_version(designer))
    drawn = good["order_question.bpmn"].replace(b'"finance"', b'"treasurers"')
    for files in ({**good, "order_question.bpmn": drawn}, good):  # by a program, which passes no gate
        order = engine.Deploy(name="by a program", files=files, actor="robot")
        database_of(app).write(partial(engine.execute, command=order))
    second = re.search(r"version=(order_question:2:\w+)", designer.get("/processes/order_question").text)
    assert second
    back = f"/versions/{second[1]}/roll-back"
    unsaid = designer.post(back, {"comment": ""})
    assert unsaid.status_code == 422 and "Say in a few words" in unsaid.text
    assert "Roll back to version 2" in unsaid.text  # still the version that was looked at
    refused = designer.post(back, {"comment": "第三版不需要"})
    assert refused.status_code == 422 and "Version 2 cannot be rolled back to" in refused.text
    assert "There is no group “treasurers”." in refused.text and "Choose an existing group" in refused.text
    assert 'value="第三版不需要"' in refused.text and f"{second[1]}/draft" in refused.text
    assert "无法回滚到版本 2" in Designer(sign_in("shi.lei", language="zh")).post(back, {"comment": "x"}).text
    with database_of(app).read() as session:
        assert len(engine.queries.definitions(session, "order_question")) == 3


def test_who_deploys_but_may_not_migrate_learns_who_may(app: Flask, sign_in: SignIn) -> None:
    designer, officer = Designer(sign_in("shi.lei")), Designer(sign_in("lin.wanqing"))
    draft = first_version(designer)
    start(app, 3)
    page = second_version(designer, draft)
    assert "takes a right you do not have" in page and "Wanqing Lin" in page and "/migrate" not in page
    versions = designer.get("/processes/order_question").text
    assert "3 instances run on older versions" in versions and "Wanqing Lin" in versions and "/migrate" not in versions
    hers = officer.get("/processes/order_question").text
    assert "/designer/processes/order_question/migrate" in hers and "you do not have" not in hers


def test_a_step_that_is_called_otherwise_needs_a_mapping(app: Flask, sign_in: SignIn) -> None:
    officer = Designer(sign_in("lin.wanqing"))
    draft = first_version(officer)
    one, other, _third = start(app, 3)
    page = second_version(officer, draft, renamed=True)
    assert re.findall(r'numeric">(\d+)</td>', page) == ["3", "0", "3", "0"]
    migration = "/processes/order_question/migrate"
    versions = {"source": "1", "target": "2", "which": "ticked", "instance": [one, other], "comment": "改名"}
    refused = officer.post(migration, {**versions, "action": "rehearse"}).text
    assert "0 of 2 instances would migrate" in refused and "is not mapped" in refused
    wrong = officer.post(migration, {**versions, "action": "order", "to.first_step": "done"})
    assert wrong.status_code == 422 and "The mapping has errors" in wrong.text
    fitting = {**versions, "to.first_step": "begin"}
    assert "2 of 2 instances would migrate" in officer.post(migration, {**fitting, "action": "rehearse"}).text
    assert officer.post(migration, {**fitting, "action": "order"}).status_code == 302
    drain(database_of(app))
    assert (on_version(app, 1), on_version(app, 2)) == (1, 2)
    nobody = officer.post(migration, {**versions, "action": "order", "instance": ["unknown"]})
    assert nobody.status_code == 422 and "at least one instance" in nobody.text


def test_two_designers_do_not_deploy_over_each_other_unseen(sign_in: SignIn) -> None:
    designer, officer = Designer(sign_in("shi.lei")), Designer(sign_in("lin.wanqing"))
    mine, hers = designer.open("lead_followup"), officer.open("lead_followup")
    for who, draft, name in ((designer, mine, "Qualify it"), (officer, hers, "Check it")):
        names = json.loads(who.get(f"/drafts/{draft}/files/lead_followup.en.json").text)
        names["elements"]["qualify"] = name
        who.save(draft, "lead_followup.en.json", json.dumps(names))
    seen = re.findall(r'name="seen" value="([^"]+)"', designer.get(f"/drafts/{mine}/diff").text)
    assert officer.deploy(hers).status_code == 302
    late = designer.post(f"/drafts/{mine}/deploy", {"comment": "x", "seen": seen})
    assert late.status_code == 409 and "deployed version 2 at" in late.text
    assert "changed" in late.text or "called" in late.text
    assert designer.deploy(mine).status_code == 302
    again = designer.deploy(mine)
    assert again.status_code == 302 and again.location.endswith("/diff")


def test_a_suspended_version_is_not_started_and_employees_only_look(app: Flask, sign_in: SignIn) -> None:
    designer, employee = Designer(sign_in("shi.lei")), Designer(sign_in("li.na"))
    first_version(designer)
    page = employee.get("/processes/order_question").text
    assert "Version 1" in page and "Roll back" not in page and "Suspend" not in page
    definition = re.search(r"/designer/versions/(order_question:1:\w+)/diagram.bpmn", page)
    assert definition
    drawing = employee.get(f"/versions/{definition[1]}/diagram.bpmn")
    assert drawing.status_code == 200 and drawing.content_type.startswith("text/plain")
    assert employee.post(f"/versions/{definition[1]}/state", {"state": "suspended"}).status_code == 403
    assert employee.get("/processes/order_question/migrate").status_code == 403
    assert designer.get("/processes/order_question/migrate").status_code == 403
    designer.post(f"/versions/{definition[1]}/state", {"state": "suspended"})
    with pytest.raises(engine.EngineError):
        start(app, 1)
    designer.post(f"/versions/{definition[1]}/state", {"state": "active"})
    assert len(start(app, 1)) == 1
