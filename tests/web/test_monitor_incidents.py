"""Incidents are grouped by cause; after the fix twenty of them vanish in one go."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

import engine
from tests.support import errands
from tests.support.application import database_of, drain, signed_in
from tests.support.engine_world import bpmn, chain, user_task

OPERATOR = "kang.ning"
MANY = 20


@pytest.fixture
def printer(each_app: Flask) -> errands.Printer:
    each_app.config["WTF_CSRF_ENABLED"] = False
    return errands.deploy(each_app)


@pytest.fixture
def operator(each_app: Flask) -> FlaskClient:
    return signed_in(each_app, OPERATOR)


def text_of(client: FlaskClient, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, (path, answer.status_code)
    return answer.get_data(as_text=True)


def the_cause(client: FlaskClient) -> str:
    (found,) = set[str](re.findall(r"/monitor/incidents/(c[0-9a-f]{30})", text_of(client, "/monitor/incidents")))
    return found


def confirm(client: FlaskClient, path: str, **given: Any) -> Any:
    """Fill the form, look at the preview, confirm; the answer to that and the form that was sent."""
    looked = client.post(path, data={"step": "preview", **given})
    page = looked.get_data(as_text=True)
    assert looked.status_code == 200, page
    hidden = {name: re.search(rf'name="{name}" value="([^"]*)"', page) for name in ("key", "seen")}
    sent = {"step": "confirm", **{name: found.group(1) for name, found in hidden.items() if found}, **given}
    return client.post(path, data=sent), sent, page


def test_twenty_incidents_of_one_cause_vanish_in_one_go(
    each_app: Flask, printer: errands.Printer, operator: FlaskClient
) -> None:
    printer.broken = True
    errands.start(each_app, MANY)
    assert len(errands.incidents(each_app)) == MANY
    page = text_of(operator, "/monitor/incidents")
    assert "paper jam in printer …, job …" in page and f">{MANY}<" in page
    cause = the_cause(operator)
    group = text_of(operator, f"/monitor/incidents/{cause}")
    assert group.count("data-list-row") == MANY and "ERR-000001" in group and "Traceback" not in group
    first = errands.incidents(each_app)[0]
    assert "RuntimeError" in text_of(operator, f"/monitor/incidents/{first.id}/detail")

    path = f"/monitor/incidents/{cause}/repairs/retry"
    _answer, _sent, page = confirm(operator, path, reason="looking")
    assert "It would fail again: paper jam" in page and "It worked for none" in page  # begun all the same
    drain(database_of(each_app))
    assert len(errands.incidents(each_app)) == MANY

    printer.broken = False
    answer, sent, page = confirm(operator, path, reason="paper taken out")
    assert "Tried now, it works." in page and f"confirm for {MANY}" in page
    assert not printer.printed or len(printer.printed) <= 10  # what was tried was taken back
    assert answer.status_code == 303
    again = operator.post(path, data=sent)  # a double click
    assert again.location == answer.location
    drain(database_of(each_app))
    assert errands.incidents(each_app) == []
    assert "Nothing is left of this cause" in text_of(operator, f"/monitor/incidents/{cause}")
    progress = text_of(operator, answer.location)
    assert f"{MANY} of {MANY} done" in progress and "ERR-000001" in progress and "paper taken out" in progress
    with database_of(each_app).read() as session:
        assert [one.reason for one in engine.queries.batches(session)] == ["paper taken out", "looking"]


def test_variables_are_corrected_for_one_and_for_all(
    each_app: Flask, printer: errands.Printer, operator: FlaskClient
) -> None:
    one, *others = errands.start(each_app, 4, paper=None)
    assert len(errands.incidents(each_app)) == 4
    mine = next(row for row in errands.incidents(each_app) if row.instance_id == one)
    path = f"/monitor/incidents/{mine.id}/repairs/edit"
    assert 'name="name-0" value="paper"' in text_of(operator, path)
    wrong = operator.post(path, data={"name-0": "paper", "kind-0": "json", "value-0": "{A4", "reason": ""})
    page = wrong.get_data(as_text=True)
    assert wrong.status_code == 422 and "Say why." in page and "This is not JSON" in page and "{A4" in page
    given = {"name-0": "paper", "kind-0": "json", "value-0": '{"size": "A4"}', "reason": "the customer said A4"}
    answer, _sent, page = confirm(operator, path, **given)
    assert "Tried now, it works." in page and "size" in page and "check" in page
    assert answer.status_code == 303
    drain(database_of(each_app))
    assert errands.tasks(each_app, one) == ["check"] and len(errands.incidents(each_app)) == 3

    group = f"/monitor/incidents/{mine.cause}/repairs/edit"
    given = {"name-0": "paper", "kind-0": "text", "value-0": "A3", "reason": "only A3 is left"}
    answer, _sent, page = confirm(operator, group, **given)
    assert "It fits 3 of 3." in page
    drain(database_of(each_app))
    assert [errands.tasks(each_app, other) for other in others] == [["check"]] * 3
    with database_of(each_app).read() as session:
        assert engine.queries.instance(session, others[0]).variables["paper"] == "A3"
    assert {row.facts["reason"] for row in errands.audited(each_app, "SetVariables", OPERATOR)} == {
        "the customer said A4",
        "only A3 is left",
    }


def test_a_step_that_can_not_be_done_is_skipped_for_one_and_for_all(
    each_app: Flask, printer: errands.Printer, operator: FlaskClient
) -> None:
    printer.broken = True
    one, *others = errands.start(each_app, 3)
    mine = next(row for row in errands.incidents(each_app) if row.instance_id == one)
    path = f"/monitor/incidents/{mine.id}/repairs/skip"
    for page in (f"/monitor/incidents/{mine.id}", f"/monitor/incidents/{mine.cause}"):
        assert "/repairs/skip" in text_of(operator, page)
    assert operator.post(path, data={"step": "confirm", "reason": ""}).status_code == 422
    unseen = operator.post(path, data={"step": "confirm", "reason": "printed by hand"})
    assert unseen.status_code == 200 and len(errands.incidents(each_app)) == 3  # look first
    answer, _sent, page = confirm(operator, path, reason="printed by hand")  # no values are needed
    assert "check" in page.split('id="preview"')[1] and "would fail" not in page
    assert answer.status_code == 303 and errands.tasks(each_app, one) == ["check"] and printer.printed == []
    told = text_of(operator, f"/monitor/instances/{one}")
    assert "Step skipped" in told and "printed by hand" in told

    given = {"name-0": "printed", "kind-0": "no", "value-0": "", "reason": "the printer is sold"}
    answer, _sent, page = confirm(operator, f"/monitor/incidents/{mine.cause}/repairs/skip", **given)
    assert "It fits 2 of 2." in page and "Skip this step" in text_of(operator, answer.location)
    drain(database_of(each_app))
    assert errands.incidents(each_app) == [] and printer.printed == []
    for other in others:
        assert errands.tasks(each_app, other) == ["check"]
        with database_of(each_app).read() as session:
            assert engine.queries.instance(session, other).variables["printed"] is False
    reasons = {row.facts["reason"] for row in errands.audited(each_app, "SkipStep", OPERATOR)}
    assert reasons == {"printed by hand", "the printer is sold"}


def test_an_incident_is_closed_with_a_note(each_app: Flask, printer: errands.Printer, operator: FlaskClient) -> None:
    printer.broken = True
    errands.start(each_app)
    (row,) = errands.incidents(each_app)
    path = f"/monitor/incidents/{row.id}/repairs/resolve"
    assert operator.post(path, data={"step": "confirm", "reason": ""}).status_code == 422
    assert operator.post(path, data={"step": "confirm", "reason": "printed by hand"}).status_code == 303
    with database_of(each_app).read() as session:
        closed = engine.queries.incident(session, row.id)
    assert (closed.state, closed.resolved_by, closed.annotation) == ("resolved", OPERATOR, "printed by hand")
    assert operator.post(path, data={"step": "confirm", "reason": "twice"}).status_code == 404
    assert "printed by hand" in text_of(operator, f"/monitor/incidents/{row.id}")


def test_what_failed_under_somebodys_hands_says_what_to_do_instead(each_app: Flask, operator: FlaskClient) -> None:
    each_app.config["WTF_CSRF_ENABLED"] = False
    condition = '<bpmn:conditionExpression xsi:type="bpmn:tFormalExpression">${size == 1}</bpmn:conditionExpression>'
    judged = f'<bpmn:sequenceFlow id="ends" sourceRef="judge" targetRef="done">{condition}</bpmn:sequenceFlow>'
    steps = f'<bpmn:startEvent id="begin" />{user_task("ask")}<bpmn:exclusiveGateway id="judge" />'
    body = f'{steps}<bpmn:endEvent id="done" />{chain("begin", "ask", "judge")}{judged}'
    database = database_of(each_app)

    def begin(session: Session) -> str:
        engine.execute(session, engine.Deploy(name="d", files={"doubt.bpmn": bpmn("doubt", body)}, actor="shi.lei"))
        order = engine.StartProcess(process_key="doubt", business_key="D-1", variables={"size": 2}, actor="li.na")
        return str(engine.execute(session, order).instance_id)

    instance_id = database.write(begin)
    with database.read() as session:
        (task,) = engine.queries.open_tasks(session, instance_id)
    complete = engine.CompleteTask(task_id=task.id, actor="li.na", override=True)
    with pytest.raises(engine.ExecutionFailed) as failed:
        database.write(lambda session: engine.execute(session, complete))
    number = database.write(lambda session: engine.record_incident(session, failed.value, complete))
    for path in (f"/monitor/incidents/{number}", f"/monitor/instances/{instance_id}"):
        page = text_of(operator, path)
        assert "no condition holds and there is no default path" in page
        assert "ExecutionFailed(" not in page.partition('class="trace')[0]
        assert "Na Li completed a task" in page and "Ask Na Li to complete the task again" in page
        assert f"/monitor/instances/{instance_id}/repairs/variables" in page
        assert f"/incidents/{number}/repairs/resolve" in page and f"/incidents/{number}/repairs/retry" not in page
    refused = operator.post(f"/monitor/incidents/{number}/repairs/skip", data={"step": "preview", "reason": "x"})
    assert "/repairs/skip" not in text_of(operator, f"/monitor/incidents/{number}")
    assert "It failed under somebody" in refused.get_data(as_text=True)
    chinese = signed_in(each_app, OPERATOR, language="zh")
    assert "请李娜重新办理该任务" in text_of(chinese, f"/monitor/incidents/{number}")


def test_messages_of_one_cause_differ_in_numbers_ids_and_names_only() -> None:
    same = ("order CMP-2026-000017 of '上海申远' is 3.5 days late", "order CMP-2026-1 of '北京机床' is 12 days late")
    assert {engine.cause_in_words(one) for one in same} == {"order … of '…' is … days late"}
    assert engine.cause_in_words("KeyError: 'amount'") != engine.cause_in_words("KeyError: 'number'")
