"""What human resources decided stays with them: no address, table, file or log line tells it to anybody else."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
import structlog
from flask import Flask
from sqlalchemy import inspect, text

import engine
from app.errors import FieldErrors, NotAllowedHere
from tests.architecture.test_access_matrix import routes
from tests.support.application import database_of, signed_in
from tests.support.complaints import PENALTY, Cases
from tests.support.rest import program

SECRETS = ("绝密的处罚依据", "申诉理由只有人力资源知道", "维持原判的说明")
KEEPERS = {"complaint_penalty", "complaint_appeal", "complaint_step"}
"""Tables that hold decisions; what is confidential lies in a column of its own in the last."""
OUTSIDERS = ("li.na", "jia.wentao", "zou.kaiwen", "kang.ning", "fang.chen")
"""Call centre, who approved, who worked on the case, who repairs and who administers."""


@pytest.fixture
def cases(app: Flask, clock: engine.VirtualClock) -> Cases:
    return Cases(app, clock)


@pytest.fixture
def heard(app: Flask, cases: Cases) -> tuple[str, dict[str, Any]]:
    """A complaint with a penalty and an appeal that is being heard, and what addresses ask for."""
    number = cases.to_implementation()
    penalty = cases.task(number, "decide_penalty")
    cases.do(number, "decide_penalty", "lu.siyuan", **{**PENALTY, "basis": SECRETS[0]})
    cases.send(number, "penalty_appealed", "xiong.wei", SECRETS[1])
    appeal = cases.task(number, "hear_appeal")
    lead = program(app, "ren.fang")
    draft = {"values": {"outcome": "upheld", "explanation": SECRETS[2]}}
    assert lead.put(f"/api/v1/tasks/{appeal.id}/draft", draft).status_code == 200
    known = {"number": number, "instance_id": penalty.instance_id, "business_key": number}
    return number, known | {"tasks": [penalty.id, appeal.id], "definition_id": penalty.definition_id}


def addresses(app: Flask, known: dict[str, Any]) -> list[str]:
    """Every address about the case or one of its two confidential tasks, and every list."""
    found = []
    with app.test_request_context():
        for rule, method in routes(app):
            if method != "GET" or rule.rule.startswith("/static"):
                continue
            for task in known["tasks"]:
                values = {**known, "task_id": task, "key": "complaint", "kind": "user", "name": "outcome"}
                if rule.rule.startswith("/calendars"):
                    values["number"] = 1  # of a recomputation, not of a complaint
                if rule.arguments <= values.keys():
                    found.append(app.url_for(rule.endpoint, **{name: values[name] for name in rule.arguments}))
    lists = [f"/complaints?export={kind}" for kind in ("csv", "xlsx")] + ["/complaints?q=绝密", "/inbox?box=done"]
    return sorted({*found, *lists})


def told(body: bytes) -> str:
    """The text of an answer; JSON with its escapes undone."""
    shown = body.decode("utf-8", "replace")
    try:
        return json.dumps(json.loads(shown), ensure_ascii=False)
    except ValueError:
        return shown


def test_no_address_tells_it(app: Flask, heard: tuple[str, dict[str, Any]]) -> None:
    asked = addresses(app, heard[1])
    assert len(asked) > 40
    for login in OUTSIDERS:
        page, rest = signed_in(app, login), program(app, login)
        for address in asked:
            programs = address.startswith(("/api/", "/engine-rest"))
            answer = rest.client.get(address, headers=rest.headers) if programs else page.get(address)
            assert answer.status_code < 500, (login, address)
            shown = told(answer.data)
            assert not [secret for secret in SECRETS if secret in shown], (login, address)


def test_a_form_shows_others_no_field_of_it(app: Flask, heard: tuple[str, dict[str, Any]]) -> None:
    for task in heard[1]["tasks"]:
        for login in ("he.jing", "jia.wentao", "zou.kaiwen"):
            answer = program(app, login).get(f"/api/v1/tasks/{task}/form")
            assert answer.status_code == 404 or answer.get_json()["fields"] == []
            variables = program(app, login).get(f"/engine-rest/task/{task}/form-variables").get_json()
            assert {"basis", "employee", "penalty_kind", "appeal", "explanation"}.isdisjoint(variables)
    names = {field["name"] for field in program(app, "ren.fang").get(f"/api/v1/tasks/{task}/form").get_json()["fields"]}
    assert "appeal" in names


def test_only_the_tables_of_decisions_hold_it(app: Flask, heard: tuple[str, dict[str, Any]]) -> None:
    database = database_of(app)
    with database.read() as session:
        for table in inspect(session.get_bind()).get_table_names():
            if table in KEEPERS | {"form_draft"}:
                continue
            for row in session.execute(text(f'SELECT * FROM "{table}"')):
                kept = " ".join(told(cell) if isinstance(cell, bytes) else str(cell) for cell in row)
                assert not [secret for secret in SECRETS if secret in kept], table
        open_part = session.execute(text('SELECT outcome, "values" FROM complaint_step')).all()
        assert not [row for row in open_part if SECRETS[0] in str(row) or "penalty" in str(row)]
        instance = engine.queries.instance(session, heard[1]["instance_id"])
        assert instance.variables.get("outcome") in (None, "approved")


def test_no_log_line_quotes_what_was_written(app: Flask, cases: Cases, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with structlog.testing.capture_logs() as lines:
        number = cases.register(verbatim="一字不差的原话")
        task = cases.task(number, "judge")
        client = program(app, "sun.lihua")
        client.post(f"/api/v1/tasks/{task.id}/complete", {"values": {"outcome": "不存在的结果"}})
        client.get(f"/api/v1/complaints/{number}")
        app.test_client().post("/login", data={"login": "li.na", "password": "一个秘密口令"})
    written = f"{lines} {caplog.text}"
    assert "task" in written or "answered" in written
    for secret in ("一字不差的原话", "一个秘密口令", client.headers["Authorization"].removeprefix("Bearer ")):
        assert secret not in written


def test_errors_of_the_database_quote_no_values(each_app: Flask) -> None:
    database = database_of(each_app)
    with pytest.raises(Exception) as failed, database.read() as session:
        session.execute(text("SELECT :words FROM nowhere"), {"words": SECRETS[0]})
    assert SECRETS[0] not in str(failed.value)


def test_an_appeal_is_for_who_was_penalised_and_takes_no_files(app: Flask, cases: Cases) -> None:
    number = cases.to_implementation()
    cases.do(number, "decide_penalty", "lu.siyuan", **PENALTY)
    for login in ("zou.kaiwen", "jia.wentao", "li.na"):
        with pytest.raises(NotAllowedHere):
            cases.send(number, "penalty_appealed", login, "替他申诉")
    employee = program(app, "xiong.wei")
    for values, status in (({"text": "不服", "files": [1]}, 422), ({"text": "不服"}, 204)):
        given = {"name": "penalty_appealed", "values": values}
        assert employee.post(f"/api/v1/complaints/{number}/messages", given).status_code == status


def test_a_message_has_a_length_and_speaks_for_the_customer_by_who_serves_customers(cases: Cases) -> None:
    number = cases.to_cause()
    with pytest.raises(FieldErrors):
        cases.send(number, "complaint_supplement", "li.na", "x" * 5_001)
    for name in ("complaint_withdrawn", "complaint_supplement", "complaint_information", "complaint_contested"):
        with pytest.raises(NotAllowedHere):
            cases.send(number, name, "zou.kaiwen", "冒充客户")
    assert cases.row(number).state == "open"
