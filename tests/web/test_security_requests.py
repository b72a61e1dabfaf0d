"""Requests nobody meant to send: without the page's token, with another method, with values no form has."""

from __future__ import annotations

import csv
import io
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import UUIDConverter

import engine
from app.security import sessions
from app.security.identity import API_PREFIX, ENGINE_REST_PREFIX
from app.security.models import UserSession
from app.web.lists.export import csv_bytes
from tests.architecture.test_access_matrix import routes
from tests.support.application import database_of, session_cookie, signed_in
from tests.support.complaints import RECORD, Cases
from tests.support.rest import program, variables

HUGE = "9" * 25


@pytest.fixture
def cases(app: Flask, clock: engine.VirtualClock) -> Cases:
    return Cases(app, clock)


def unsafe_addresses(app: Flask) -> list[tuple[str, str]]:
    """Method and address of everything a page may send."""
    found = []
    for rule, method in routes(app):
        if method == "GET" or rule.rule.startswith((API_PREFIX, ENGINE_REST_PREFIX)):
            continue
        values: dict[str, Any] = {name: 1 if "id" in name or name == "number" else "x" for name in rule.arguments}
        values |= {name: UUID(int=1) for name, kind in rule._converters.items() if isinstance(kind, UUIDConverter)}
        with app.test_request_context():
            found.append((method, app.url_for(rule.endpoint, **values)))
    return found


@pytest.mark.parametrize("login", [None, "li.na", "fang.chen"])
def test_nothing_is_sent_without_the_token_of_the_page(app: Flask, login: str | None) -> None:
    client = signed_in(app, login) if login else app.test_client()
    asked = unsafe_addresses(app)
    assert len(asked) > 40
    for method, address in asked:
        for data in ({}, {"csrf_token": "x" * 60}):
            answer = client.open(address, method=method, data=data)
            assert answer.status_code == 400 and "out of date" in answer.text, (method, address)


def test_a_cookie_opens_no_entrance_of_programs(app: Flask) -> None:
    client = signed_in(app, "lin.wanqing")
    for rule, method in routes(app):
        if rule.rule.startswith((API_PREFIX, ENGINE_REST_PREFIX)) and not rule.arguments:
            answer = client.open(rule.rule, method=method, json={})
            public = rule.rule in ("/api/v1/openapi.json", "/engine-rest/engine", "/engine-rest/version")
            assert answer.status_code == (200 if public else 401), (method, rule.rule)


def test_a_method_can_not_be_disguised(app: Flask, cases: Cases) -> None:
    number = cases.register()
    address = f"/engine-rest/process-instance/{cases.row(number).instance_id}"
    cco = program(app, "lin.wanqing")
    for disguise in (
        {"X-HTTP-Method-Override": "DELETE"},
        {"X-HTTP-Method": "DELETE"},
        {"X-Method-Override": "DELETE"},
    ):
        assert cco.client.get(f"{address}?_method=DELETE", headers=cco.headers | disguise).status_code == 200
        assert cco.client.post(f"{address}?_method=DELETE", headers=cco.headers | disguise).status_code == 405
    assert cases.waiting(number) == ["judge"]


def test_another_host_in_the_request_leads_nowhere(app: Flask) -> None:
    client = app.test_client()
    for path in ("/", "/inbox", "/complaints?page=2", "/login"):
        answer = client.get(path, headers={"Host": "evil.example", "X-Forwarded-Host": "evil.example"})
        assert "evil.example" not in answer.text + answer.headers.get("Location", "")


def test_signing_in_as_somebody_else_ends_the_session_the_browser_had(app: Flask) -> None:
    app.config["WTF_CSRF_ENABLED"] = False
    client = app.test_client()
    name, secret = session_cookie(app, "li.na")
    client.set_cookie(name, secret)
    given = {"login": "fang.chen", "password": "keliu-demo"}
    assert client.post("/login", data=given).status_code == 303
    with database_of(app).read() as session:
        row = session.get_one(UserSession, sessions.digest(secret))
        assert row.ended_at is not None
    assert client.get_cookie(name).value != secret  # type: ignore[union-attr]


@pytest.mark.parametrize("path", ["/imports", "/notices", "/complaints/new", "/complaints", "/inbox", "/customers"])
def test_no_query_makes_a_page_fail(app: Flask, path: str) -> None:
    client = signed_in(app, "lin.wanqing")
    names = ("before", "after", "sort", "q", "page", "limit", "show", "box", "customer", "received_from", "state")
    for name in names:
        for value in (HUGE, "-1", "\x00", "\\", "%", "<script>", "9" * 5_000):
            answer = client.get(path, query_string={name: value})
            assert answer.status_code < 500, (path, name, value[:30])
            assert "<script>" not in answer.text.replace("<script src", "")


LIKE = ("task?nameLike=", "task?assigneeLike=", "process-definition?nameLike=", "process-instance?businessKeyLike=")


@pytest.mark.parametrize("path", LIKE)
def test_a_pattern_that_ends_in_a_backslash_is_taken(each_app: Flask, path: str) -> None:
    cco = program(each_app, "lin.wanqing")
    for ending in ("%5C", "a%5C", "%25%5C%5C", "%5C%5C%5C"):
        answer = cco.client.get(f"/engine-rest/{path}{ending}", headers=cco.headers)
        assert answer.status_code in (200, 400), (ending, answer.text)


UNKEEPABLE: list[dict[str, Any]] = [
    {"sub_code_contract": 10**30},
    {"sub_code_contract": {"a": [10**30]}},
    {"waybill": -(10**30)},
    {"customer": 10**30},
]


@pytest.mark.parametrize("values", UNKEEPABLE)
def test_what_json_can_not_keep_is_refused(each_app: Flask, values: dict[str, Any]) -> None:
    agent = program(each_app, "li.na")
    body = {"values": values, "may_wait": True}
    assert agent.post("/api/v1/complaints", body).status_code == 422
    start = {"variables": {name: {"value": value} for name, value in values.items()}}
    assert agent.post("/engine-rest/process-definition/key/complaint/start", start).status_code == 400


@pytest.mark.parametrize(
    "text", ['"a\\u0000b"', '"\\ud800"', "1e999", '{"a": [1e999]}', "[" * 200 + "]" * 200, "9" * 30]
)
def test_json_within_json_is_read_as_strictly(each_app: Flask, text: str) -> None:
    body = {"variables": {"summary": {"type": "Json", "value": text}}}
    answer = program(each_app, "li.na").post("/engine-rest/process-definition/key/complaint/start", body)
    assert answer.status_code == 400


def test_more_than_the_form_asks_is_refused(app: Flask, cases: Cases) -> None:
    agent = program(app, "li.na")
    whole = {**RECORD, "customer": cases.customer()}
    for extra in ("number", "state", "registered_by", "verbatim_sha256", "approved_compensation", "complaint_id"):
        answer = agent.post("/api/v1/complaints", {"values": {**whole, extra: "x"}})
        assert answer.status_code == 422 and list(answer.get_json()["errors"]) == [extra]


def test_an_outcome_that_is_not_offered_is_refused(app: Flask, cases: Cases) -> None:
    number = cases.to_assignment()
    for _ in range(3):
        given: dict[str, Any] = {"outcome": "assigned", "departments": ["finance"], "override_reason": "由财务部负责"}
        cases.do(number, "assign_department", "song.yaqin", **given)
        cases.do(number, "analyse_cause", "su.ting", outcome="refused", refusal_reason="不归我们管")
    task = cases.task(number, "assign_department")
    again = program(app, "song.yaqin")
    answer = again.post(f"/engine-rest/task/{task.id}/complete", {"variables": variables(outcome="assigned")})
    assert answer.status_code == 403, "after the third refusal the CCO decides"
    cases.do(number, "assign_department", "lin.wanqing", **given)
    task = cases.task(number, "analyse_cause")
    refusal = {"outcome": "refused", "refusal_reason": "还是不管"}
    for path, body in (
        (f"/engine-rest/task/{task.id}/complete", {"variables": variables(**refusal)}),
        (f"/api/v1/tasks/{task.id}/complete", {"values": refusal}),
    ):
        answer = program(app, "su.ting").post(path, body)
        assert answer.status_code in (400, 422) and "outcome" in answer.text
    assert cases.waiting(number) == ["analyse_cause"]


def test_the_proposer_gets_round_no_exclusion(app: Flask, cases: Cases) -> None:
    number = cases.to_approval()
    task = cases.task(number, "approve_solution")
    assert "zou.kaiwen" in task.excluded_users
    proposer, lead = program(app, "zou.kaiwen"), program(app, "jia.wentao")
    address = f"/engine-rest/task/{task.id}"
    assert proposer.post(f"{address}/claim", {"userId": "zou.kaiwen"}).status_code == 403
    assert proposer.post(f"{address}/assignee", {"userId": "zou.kaiwen"}).status_code == 403
    assert proposer.post(f"{address}/complete", {"variables": variables(outcome="approved")}).status_code == 403
    assert lead.post(f"{address}/assignee", {"userId": "zou.kaiwen"}).status_code in (400, 403)
    assert cases.waiting(number) == ["approve_solution"]


def test_a_cancelled_case_takes_nothing(app: Flask, cases: Cases) -> None:
    number = cases.register()
    task = cases.task(number, "judge")
    operator = program(app, "kang.ning")
    assert operator.delete(f"/engine-rest/process-instance/{task.instance_id}").status_code == 204
    lead = program(app, "sun.lihua")
    for path in ("complete", "claim", "unclaim", "submit-form"):
        body = {"userId": "sun.lihua"} if path == "claim" else {"variables": variables(outcome="valid")}
        answer = lead.post(f"/engine-rest/task/{task.id}/{path}", {} if path == "unclaim" else body)
        assert answer.status_code == 409, path
    assert lead.put(f"/api/v1/tasks/{task.id}/draft", {"values": {}}).status_code == 409


FORMULAS = ("=1+1", "+1", "-1+cmd|' /C calc'!A0", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "＋1", "－1", "＠x")


def test_no_export_holds_a_formula(app: Flask) -> None:
    with app.app_context():
        text = csv_bytes(["=head"], [[one] for one in FORMULAS]).decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text, newline="")))
    assert len(rows) == len(FORMULAS) + 1
    assert all(row[0].startswith("'") for row in rows)


@pytest.mark.parametrize("name", ["../../x.csv", "x\x00.csv", "a" * 5_000 + ".csv", "<script>.csv", "\u202excsv.exe"])
def test_a_hostile_file_name_is_only_a_name(each_app: Flask, name: str) -> None:
    each_app.config["WTF_CSRF_ENABLED"] = False
    client: FlaskClient = signed_in(each_app, "li.na")
    given = {"target": "complaints", "file": (io.BytesIO("客户,原话\n甲,乙\n".encode()), name)}
    answer = client.post("/imports", data=given)
    assert answer.status_code in (303, 422)
    if answer.status_code == 303:
        assert "<script>.csv" not in client.get(answer.location).text


@pytest.mark.parametrize("text", ["\x00", "\\u0000", "\\ud800", "9" * 5_000, "[" * 100_000])
def test_a_hostile_mapping_is_refused_or_read(each_app: Flask, text: str) -> None:
    each_app.config["WTF_CSRF_ENABLED"] = False
    client: FlaskClient = signed_in(each_app, "li.na")
    given = {"target": "complaints", "file": (io.BytesIO("客户,原话\n甲,乙\n".encode()), "list.csv")}
    run = client.post("/imports", data=given).location
    typed = {f"verbatim-{place}": text for place in ("0-values", "otherwise", "format")} | {"verbatim-0-column": "原话"}
    assert client.post(f"{run}/mapping", data=typed | {"save_as": f"a{text}"}).status_code in (303, 422)
    document = f'{{"target": "complaints", "fields": {{"verbatim": {{"constant": "{text}"}}}}}}'.encode()
    uploaded = {"document": (io.BytesIO(document), "mapping.json")}
    assert client.post(f"{run}/mapping", data=uploaded).status_code in (303, 422)
    assert client.get(run).status_code == 200
