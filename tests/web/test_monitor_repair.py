"""Repair of one instance and of all in a list: a reason, a true preview, a result for each; and who may not."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

import engine
from tests.support import errands
from tests.support.application import database_of, drain, signed_in

OPERATOR, SUPERVISOR = "kang.ning", "xu.wenqiang"
LIST = "process=errand"


@pytest.fixture
def operator(each_app: Flask) -> FlaskClient:
    each_app.config["WTF_CSRF_ENABLED"] = False
    errands.deploy(each_app)
    return signed_in(each_app, OPERATOR)


def look(client: FlaskClient, path: str, **given: Any) -> tuple[str, dict[str, Any]]:
    """The preview, and the form that confirms it."""
    answer = client.post(path, data={"step": "preview", **given})
    page = answer.get_data(as_text=True)
    assert answer.status_code == 200, page
    found = {name: re.search(rf'name="{name}" value="([^"]*)"', page) for name in ("key", "seen")}
    return page, {"step": "confirm", **{name: one.group(1) for name, one in found.items() if one}, **given}


def confirm(client: FlaskClient, path: str, **given: Any) -> TestResponse:
    _page, sent = look(client, path, **given)
    return client.post(path, data=sent)


def instance(app: Flask, instance_id: str) -> engine.InstanceRow:
    with database_of(app).read() as session:
        return engine.queries.instance(session, instance_id)


def test_one_instance_is_held_up_corrected_moved_and_ended(each_app: Flask, operator: FlaskClient) -> None:
    (one,) = errands.start(each_app, city="上海")
    path = f"/monitor/instances/{one}/repairs"
    assert operator.post(f"{path}/suspend", data={"step": "confirm", "reason": " "}).status_code == 422
    answer = operator.post(f"{path}/suspend", data={"step": "confirm", "reason": "asked by the customer"})
    assert answer.location == f"/monitor/instances/{one}" and instance(each_app, one).state == "suspended"
    page, _sent = look(
        operator, f"{path}/variables", reason="x", **{"name-0": "city", "kind-0": "text", "value-0": "北京"}
    )
    assert "It is suspended: resume it first." in page
    assert operator.post(f"{path}/resume", data={"step": "confirm", "reason": "done"}).status_code == 303

    given = {"name-0": "city", "kind-0": "text", "value-0": "北京", "name-1": "big", "kind-1": "yes", "value-1": ""}
    unseen = operator.post(f"{path}/variables", data={"step": "confirm", "reason": "typo", **given})
    assert unseen.status_code == 200 and instance(each_app, one).variables["city"] == "上海"  # look first
    assert confirm(operator, f"{path}/variables", reason="typo", **given).status_code == 303
    assert (instance(each_app, one).variables["city"], instance(each_app, one).variables["big"]) == ("北京", True)

    where = {"source": "check", "target": "remind", "reason": "checked by telephone"}
    page, sent = look(operator, f"{path}/move", **where)
    ends, begins = page.split('id="preview"')[1].split("Begins</h4>")
    assert "check" in ends and "fires 26 Nov 2026" in ends and "remind" in begins
    assert errands.tasks(each_app, one) == ["check"]  # looking changed nothing
    assert operator.post(f"{path}/move", data=sent).status_code == 303
    assert errands.tasks(each_app, one) == ["remind"]
    again = operator.post(f"{path}/move", data=sent)
    assert again.status_code == 422 and "remind" in errands.tasks(each_app, one)

    page, sent = look(operator, f"{path}/cancel", reason="no longer wanted")
    assert "Nothing would be left in the instance: it ends." in page
    assert operator.post(f"{path}/cancel", data=sent).status_code == 303
    assert instance(each_app, one).state == "cancelled"
    actions = ("SuspendInstance", "SetVariables", "ModifyInstance", "CancelInstance")
    reasons = [row.facts["reason"] for action in actions for row in errands.audited(each_app, action, OPERATOR)]
    assert reasons == ["asked by the customer", "typo", "checked by telephone", "no longer wanted"]


def test_what_is_typed_wrong_is_said_at_its_field_and_kept(each_app: Flask, operator: FlaskClient) -> None:
    (one,) = errands.start(each_app)
    path = f"/monitor/instances/{one}/repairs"
    wrong = {"name-9": "amount", "kind-9": "number", "value-9": "a dozen", "reason": "typo"}
    answer = operator.post(f"{path}/variables", data=wrong)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422 and "This is not a number" in page and "a dozen" in page
    for value in ("1e999", "[" * 2000, "NaN", str(2**60)):
        sent = {"name-9": "x", "kind-9": "json", "value-9": value, "reason": "typo"}
        assert operator.post(f"{path}/variables", data=sent).status_code == 422
    assert "Nothing was changed." in operator.post(f"{path}/variables", data={"reason": "x"}).get_data(as_text=True)
    nowhere = operator.post(f"{path}/move", data={"source": "check", "target": "check", "reason": "x"})
    assert nowhere.status_code == 422 and "Choose two different steps." in nowhere.get_data(as_text=True)
    unknown = look(operator, f"{path}/move", source="", target="<script>", reason="x")[0]
    assert "Its version has no such step." in unknown and "<script>" not in unknown.split('id="order"')[1]
    assert operator.get("/monitor/instances/nothing/repairs/suspend").status_code == 404


def test_all_in_a_list_are_moved_with_a_result_for_each(each_app: Flask, operator: FlaskClient) -> None:
    ids = errands.start(each_app, 4)
    ended = engine.CancelInstance(instance_id=ids[0], reason="over", actor=OPERATOR)
    database_of(each_app).write(lambda session: engine.execute(session, ended))
    path = f"/monitor/repairs/move?{LIST}"
    where = {"source": "check", "target": "remind", "reason": "the desk is closed"}
    page, sent = look(operator, path, **where)
    assert "It fits 3 of 4." in page and "It is over." in page and page.count("data-sample") == 3
    gone = engine.ModifyInstance(instance_id=ids[3], instructions=engine.move("check", "remind"), actor=OPERATOR)
    answer = operator.post(path, data=sent)
    database_of(each_app).write(lambda session: engine.execute(session, gone))  # somebody was faster with one
    assert operator.post(path, data=sent).location == answer.location  # a double click makes one batch
    drain(database_of(each_app))
    page = operator.get(answer.location).get_data(as_text=True)
    assert "2 of 3 done" in page and "ERR-000004" in page and "Try 1 failed again" in page
    assert [errands.tasks(each_app, one) for one in ids[1:]] == [["remind"]] * 3
    back = engine.ModifyInstance(instance_id=ids[3], instructions=engine.move("remind", "check"), actor=OPERATOR)
    database_of(each_app).write(lambda session: engine.execute(session, back))
    assert operator.post(f"{answer.location}/retry", data={}).status_code == 422
    assert operator.post(f"{answer.location}/retry", data={"reason": "put back"}).status_code == 303
    drain(database_of(each_app))
    page = operator.get(f"{answer.location}?items=done").get_data(as_text=True)
    assert "3 of 3 done" in page and "ERR-000004" in page
    assert errands.tasks(each_app, ids[3]) == ["remind"] and errands.incidents(each_app) == []
    listed = operator.get("/monitor/repairs").get_data(as_text=True)
    assert "Move to another step" in listed and "the desk is closed" in listed


def test_a_repair_is_held_up_and_ended_early(each_app: Flask, operator: FlaskClient) -> None:
    ids = errands.start(each_app, 2)
    answer = confirm(operator, f"/monitor/repairs/suspend?{LIST}", reason="audit")
    assert operator.post(f"{answer.location}/suspend", data={"reason": "wait"}).status_code == 303
    drain(database_of(each_app))
    assert "held up" in operator.get(answer.location).get_data(as_text=True)
    assert instance(each_app, ids[0]).state == "active"
    assert operator.post(f"{answer.location}/delete", data={"reason": "not needed"}).status_code == 303
    assert "ended early" in operator.get(answer.location).get_data(as_text=True)
    colleague = signed_in(each_app, SUPERVISOR)
    assert colleague.get(answer.location).status_code == 404
    assert "audit" not in colleague.get("/monitor/repairs").get_data(as_text=True)


def test_who_lacks_the_right_is_refused_and_that_is_in_the_audit(each_app: Flask, operator: FlaskClient) -> None:
    (one,) = errands.start(each_app)
    supervisor = signed_in(each_app, SUPERVISOR)
    path = f"/monitor/instances/{one}/repairs/suspend"
    for answer in (supervisor.get(path), supervisor.post(path, data={"step": "confirm", "reason": "I want to"})):
        page = answer.get_data(as_text=True)
        assert answer.status_code == 403 and "Repair process instances" in page and "administrator" in page
    rows = errands.audited(each_app, "RecordRefusal", SUPERVISOR)
    assert [(row.instance_id, row.subject) for row in rows] == [(one, f"GET {path}"), (one, f"POST {path}")]
    assert {row.facts["permission"] for row in rows} == {"instance.repair"}
    assert instance(each_app, one).state == "active"
    assert supervisor.post("/monitor/instances/nobody/repairs/cancel", data={"reason": "x"}).status_code == 403
    assert errands.audited(each_app, "RecordRefusal", SUPERVISOR)[-1].instance_id is None
    with database_of(each_app).read() as session:
        assert engine.queries.verify_chains(session).breaks == ()
    assert "/repairs/" not in supervisor.get("/monitor/incidents").get_data(as_text=True)
