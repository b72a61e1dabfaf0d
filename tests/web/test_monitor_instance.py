"""The page of one instance: where it stands, how it came there, and giving its task to somebody else."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

import engine
from tests.conftest import SignIn
from tests.support.application import database_of, drain
from tests.support.complaints import Cases
from tests.support.engine_world import bpmn, chain, timer, user_task
from tests.support.forms import submit

CCO, OPERATOR, SUPERVISOR = "lin.wanqing", "kang.ning", "zhao.jianguo"


@pytest.fixture
def cases(app: Flask, clock: engine.VirtualClock) -> Cases:
    """The complaints of the demo company."""
    return Cases(app, clock)


def address_of(app: Flask, number: str) -> str:
    """The page of a complaint's instance."""
    with database_of(app).read() as session:
        found = engine.queries.instance_by_key(session, "complaint", number)
    assert found is not None
    return f"/monitor/instances/{found.id}"


def test_a_supervisor_sees_where_a_case_stands_why_and_who_did_what(sign_in: SignIn, cases: Cases, app: Flask) -> None:
    number = cases.to_cause("centre_1", complaint_class="contract", sub_code="contract_terms", severity="serious")
    cases.pass_time(timedelta(hours=3))
    page = sign_in(SUPERVISOR).get(address_of(app, number)).text

    assert number in page
    for words in (
        "Find the cause",  # the task
        "12 working hours from",  # why it is due then
        "Task completed: Choose the responsible department",
        "Na Li",
        "responsible_department",
        "complaint_withdrawn",  # a message that is waited for
        "Decide whether the complaint is valid",
    ):
        assert words in page, words
    everything = sign_in(SUPERVISOR).get(f"{address_of(app, number)}?steps=all").text
    assert "Decided by table" in everything
    assert "Decided by table" not in page


def test_the_page_links_to_the_case_and_the_case_to_the_page(sign_in: SignIn, cases: Cases, app: Flask) -> None:
    number = cases.to_cause("centre_1", complaint_class="contract", sub_code="contract_terms")
    supervisor = sign_in(SUPERVISOR)
    assert f'href="/complaints/{number}"' in supervisor.get(address_of(app, number)).text
    assert address_of(app, number) in supervisor.get(f"/complaints/{number}").text
    assert address_of(app, number) not in sign_in("li.na").get(f"/complaints/{number}").text


def test_a_task_is_given_to_somebody_else_with_a_reason(sign_in: SignIn, cases: Cases, app: Flask) -> None:
    number = cases.to_cause("centre_1", complaint_class="contract", sub_code="contract_terms")
    task, supervisor = cases.task(number, "analyse_cause"), sign_in(SUPERVISOR)
    form = f"/monitor/tasks/{task.id}/assignee"
    choices = re.findall(r'<option value="([^"]+)"', supervisor.get(form).text)
    assert choices

    refused = submit(supervisor, form, {"assignee": "nobody", "reason": ""}, page=form)
    assert refused.status_code == 422
    assert "Say why" in refused.text
    given = submit(supervisor, form, {"assignee": choices[-1], "reason": "Zhao is ill"}, page=form)
    assert given.status_code == 303

    assert cases.task(number, "analyse_cause").assignee == choices[-1]
    page = supervisor.get(given.location).text
    assert page.count("Zhao is ill") >= 2, "in the timeline and in the audit"
    assert sign_in(OPERATOR).get(form).status_code == 403
    assert sign_in("wang.desheng").get(address_of(app, number)).status_code == 404


def test_what_waits_is_asked_again_only_when_it_changed(sign_in: SignIn, cases: Cases, app: Flask) -> None:
    number = cases.to_cause("centre_1", complaint_class="contract", sub_code="contract_terms")
    cco, current = sign_in(CCO), f"{address_of(app, number)}/current"
    first = cco.get(f"{current}?seen=1000")
    assert "has gone on since this page was opened" in first.text
    assert cco.get(f"{current}?seen=1000", headers={"If-None-Match": first.headers["ETag"]}).status_code == 304
    state = cco.get(f"{address_of(app, number)}/state.json").get_json()
    assert {"node": "analyse_cause", "state": "user_task"} in state["tokens"]
    assert any(badge["node"] == "record" for badge in state["badges"])


SECRET = "四十二万"
HOSTILE = "<script>alert(1)</script>"


def hiring() -> dict[str, bytes]:
    """A process with a confidential field, a timer of working time, a failing service and names like programs."""
    ask = user_task("ask", 'camunda:candidateGroups="cco" camunda:formKey="hiring/ask"')
    wait = timer("wait", "${working_time(9)}")
    call = '<bpmn:serviceTask id="tell" name="tell" camunda:type="external" camunda:topic="hiring.tell" />'
    fork = '<bpmn:parallelGateway id="fork" />'
    body = f'<bpmn:startEvent id="begin" />{fork}{ask}{wait}{call}<bpmn:endEvent id="done" /><bpmn:endEvent id="end" />'
    flows = chain("begin", "fork", "ask", "done") + chain("fork", "wait", "end") + chain("fork", "tell", "done")
    file = bpmn("hiring", body + flows).replace(b'name="ask"', b'name="&lt;script&gt;alert(1)&lt;/script&gt;"')
    field = {"name": "salary", "type": "text", "label": {"zh": "薪水", "en": "Salary"}, "variable": True}
    note = {"name": "note", "type": "text", "label": {"zh": "备注", "en": "Note"}, "variable": True}
    fields = [field | {"confidential": ["human_resources"]}, note]
    form = {"key": "hiring/ask", "title": {"zh": "录用", "en": "Hire"}, "fields": fields}
    return {"hiring.bpmn": file, "hiring/ask.json": json.dumps(form).encode()}


@pytest.fixture
def hired(app: Flask) -> str:
    """An instance whose salary only human resources may know."""
    database = database_of(app)

    def begin(session: Any) -> str:
        engine.execute(session, engine.Deploy(name="hiring", files=hiring(), actor="designer"))
        values = {"salary": SECRET, "note": HOSTILE}
        result = engine.execute(session, engine.StartProcess(process_key="hiring", variables=values, actor=CCO))
        changed = {"salary": f"{SECRET}五", "note": "better"}
        command = engine.SetVariables(instance_id=str(result.instance_id), variables=changed, reason="typo", actor=CCO)
        engine.execute(session, command)
        return str(result.instance_id)

    instance_id = database.write(begin)
    drain(database)
    return instance_id


@pytest.mark.parametrize("login", [CCO, OPERATOR])
def test_confidential_values_are_nowhere_and_names_stay_text(sign_in: SignIn, hired: str, login: str) -> None:
    person = sign_in(login)
    pages = [person.get(f"/monitor/instances/{hired}{more}").text for more in ("", "?steps=all", "/current")]
    for page in pages:
        assert SECRET not in page
        assert "salary" not in page
        assert HOSTILE not in page
    assert "&lt;script&gt;alert(1)" in pages[0]
    assert "better" in pages[0]
    assert "Variables changed by hand" in pages[0]
    assert "typo" in pages[0]
    assert SECRET not in person.get("/monitor/instances").text


def test_a_confidential_variable_is_not_in_the_editor_and_cannot_be_typed_there(
    app: Flask, sign_in: SignIn, hired: str
) -> None:
    app.config["WTF_CSRF_ENABLED"] = False
    operator, path = sign_in(OPERATOR), f"/monitor/instances/{hired}/repairs/variables"
    page = operator.get(path).text
    assert 'value="note"' in page and "Confidential ones are not shown." in page
    assert "salary" not in page and SECRET not in page
    for guess in ({"kind-0": "text", "value-0": "1"}, {"kind-0": "text", "value-0": "", "remove-0": "1"}):
        given = {"name-0": "salary", "reason": "guessing", "step": "preview", **guess}
        refused = operator.post(path, data=given)
        assert refused.status_code == 422 and "This variable is confidential" in refused.text
        assert SECRET not in refused.text
    shown = operator.post(path, data={"name-0": "note", "kind-0": "text", "value-0": "good", "reason": "x"}).text
    assert "What will happen" in shown and "salary" not in shown and SECRET not in shown
    with database_of(app).read() as session:
        assert engine.queries.instance(session, hired).variables["salary"] == f"{SECRET}五"


def test_a_timer_says_when_it_fires_and_how_that_was_computed(sign_in: SignIn, hired: str) -> None:
    page = sign_in(CCO).get(f"/monitor/instances/{hired}").text
    assert "fires 23 Nov 2026, 18:00" in page
    assert "9 working hours from 23 Nov 2026, 09:00 on the calendar" in page
    chinese = sign_in(CCO, language="zh").get(f"/monitor/instances/{hired}").text
    assert "从 2026-11-23 09:00 起" in chinese
    assert "hiring.tell" in page, "the service task that nobody serves"


def test_an_instance_that_was_called_and_its_caller_lead_to_each_other(sign_in: SignIn, app: Flask) -> None:
    child = bpmn(
        "child", f'<bpmn:startEvent id="b" />{user_task("work")}<bpmn:endEvent id="e" />{chain("b", "work", "e")}'
    )
    called = '<bpmn:callActivity id="ask_child" name="ask_child" calledElement="child" />'
    parent = bpmn("parent", f'<bpmn:startEvent id="b" />{called}<bpmn:endEvent id="e" />{chain("b", "ask_child", "e")}')
    database = database_of(app)

    def begin(session: Any) -> str:
        files = {"child.bpmn": child, "parent.bpmn": parent}
        engine.execute(session, engine.Deploy(name="family", files=files, actor="designer"))
        return str(engine.execute(session, engine.StartProcess(process_key="parent", actor=CCO)).instance_id)

    parent_id = database.write(begin)
    drain(database)
    cco = sign_in(CCO)
    found = re.search(
        r'called <a href="(/monitor/instances/[0-9a-f-]+)"', cco.get(f"/monitor/instances/{parent_id}").text
    )
    assert found
    assert f'called by <a href="/monitor/instances/{parent_id}"' in cco.get(found[1]).text
