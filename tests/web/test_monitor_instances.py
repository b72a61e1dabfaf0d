"""The list of instances in the control room, and the views people keep of it."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta

import pytest
from flask import Flask
from openpyxl import load_workbook

import engine
from tests.conftest import SignIn
from tests.support.application import database_of, signed_in
from tests.support.complaints import Cases
from tests.support.forms import csrf_token, submit

CCO, OPERATOR, SUPERVISOR, CLERK = "lin.wanqing", "kang.ning", "zhao.jianguo", "li.na"
LIST = "/monitor/instances"


@pytest.fixture
def cases(app: Flask, clock: engine.VirtualClock) -> Cases:
    """The complaints of the demo company."""
    return Cases(app, clock)


def instance_of(app: Flask, number: str) -> engine.InstanceRow:
    """The instance of a complaint."""
    with database_of(app).read() as session:
        found = engine.queries.instance_by_key(session, "complaint", number)
    assert found is not None
    return found


def test_an_instance_is_found_by_everything_the_control_room_offers(
    sign_in: SignIn, cases: Cases, app: Flask, clock: engine.VirtualClock
) -> None:
    number = cases.to_cause("centre_1", severity="critical", complaint_class="contract", sub_code="contract_terms")
    other = cases.register(severity="minor")
    cco, found = sign_in(CCO), instance_of(app, number)

    for query in (
        f"q={number}",
        f"q={number.lower()}",
        "q=京重&process=complaint",
        "process=complaint&v_severity=critical",
        "process=complaint&v_responsible_department=centre_1",
        "process=complaint&activity=analyse_cause",
        f"process=complaint&version={found.definition_id}",
        "process=complaint&state=running",
        "state=active",
        "process=complaint&v_amount_from=0&v_amount_to=10000000",
        "started_from=2026-11-23&started_to=2026-11-23",
        "updated_from=2026-11-23&sort=-updated",
        "starter=Na Li",
        f"starter={found.started_by}",
    ):
        assert number in cco.get(f"{LIST}?{query}").text, query
    for query in (
        f"q={other}",
        "q=没有这样的客户",
        "process=complaint&v_severity=minor",
        "process=complaint&v_amount_from=99999999",
        "process=complaint&activity=evaluate",
        "state=completed",
        "process=lead_followup",
        "overdue=1",
        "incident=1",
        "ended_from=2026-01-01",
        "started_to=2026-11-01",
        "starter=nobody",
    ):
        assert number not in cco.get(f"{LIST}?{query}").text, query
    cases.pass_time(timedelta(days=9))
    assert number in signed_in(app, CCO).get(f"{LIST}?overdue=1&process=complaint").text


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_value_that_cannot_be_meant_is_named_and_nothing_fails(sign_in: SignIn, language: str) -> None:
    cco = sign_in(CCO, language=language)
    hint = {"zh": "请输入数字", "en": "Give numbers"}[language]
    assert hint in cco.get(f"{LIST}?process=complaint&v_amount_from=many").text
    hostile = "%00'\"<script>alert(1)</script>"
    for name in (
        "q",
        "process",
        "state",
        "version",
        "activity",
        "started_from",
        "starter",
        "v_severity",
        "after",
        "sort",
    ):
        answer = cco.get(f"{LIST}?process=complaint&{name}={hostile}")
        assert answer.status_code == 200, name
        assert "<script>alert(1)" not in answer.text, name
    assert cco.get(f"{LIST}?process=complaint&v_amount_from=1e999&v_severity=unheard").status_code == 200


def test_pages_follow_each_other_and_the_file_holds_what_the_filters_say(sign_in: SignIn, cases: Cases) -> None:
    number = cases.register(severity="minor")
    cco = sign_in(CCO)
    rows = list(csv.DictReader(io.StringIO(cco.get(f"{LIST}?process=complaint&export=csv").data.decode("utf-8-sig"))))
    mine = next(row for row in rows if row["Instance"] == number)
    assert (mine["Severity"], mine["State"], mine["Version"]) == ("Minor", "active", "1")
    assert mine["Customer"]
    assert mine["Waits at"] == "Decide whether the complaint is valid"
    book = load_workbook(io.BytesIO(cco.get(f"{LIST}?q={number}&export=xlsx").data))
    assert [row[0].value for row in book.worksheets[0].iter_rows(min_row=2)] == [number]


def test_a_supervisor_sees_the_own_departments_cases_and_an_operator_not_whose_they_are(
    sign_in: SignIn, cases: Cases
) -> None:
    own = cases.to_cause("centre_1", complaint_class="contract", sub_code="contract_terms", verbatim="合同里写错了")
    supervisor, elsewhere, operator = sign_in(SUPERVISOR), sign_in("wang.desheng"), sign_in(OPERATOR)

    assert own in supervisor.get(f"{LIST}?q={own}").text
    assert own not in elsewhere.get(LIST).text
    seen = operator.get(f"{LIST}?q={own}").text
    assert own in seen
    assert "北京京重" not in seen
    assert own not in operator.get(f"{LIST}?q=京重").text, "nor can the customer be guessed by searching"
    assert sign_in(CLERK).get(LIST).status_code == 403


def test_a_view_is_kept_shared_renamed_and_forgotten(sign_in: SignIn) -> None:
    cco, supervisor = sign_in(CCO), sign_in(SUPERVISOR)
    query = "process=complaint&overdue=1&after=xyz"
    form = {"page": "monitor.instances", "title": "<b>Late</b>", "query": query, "shared": "1"}
    saved = submit(cco, "/views", form, page=LIST)
    assert saved.location.endswith(f"{LIST}?process=complaint&overdue=1")
    assert "&lt;b&gt;Late" in supervisor.get(LIST).text, "others see what is shared"
    found = re.search(r'action="/views/(\d+)"', cco.get(LIST).text)
    assert found
    view = found[1]

    assert submit(supervisor, f"/views/{view}", {"title": "Mine now"}, page=LIST).status_code == 404
    assert submit(cco, f"/views/{view}", {"title": "Too late"}, page=LIST).status_code == 303
    assert "Too late" not in supervisor.get(LIST).text, "no longer shared"
    assert "Too late" in cco.get(LIST).text
    refused = submit(cco, "/views", form | {"title": " "}, page=LIST, follow_redirects=True)
    assert "Give the view a name" in refused.text
    assert submit(cco, "/views", form | {"page": "nowhere"}, page=LIST).status_code == 404
    others = {"X-CSRFToken": csrf_token(supervisor)}
    assert supervisor.delete(f"/views/{view}", headers=others).status_code == 404
    gone = cco.delete(f"/views/{view}", headers={"X-CSRFToken": csrf_token(cco), "HX-Request": "true"})
    assert gone.headers["HX-Redirect"] == LIST
    assert "Too late" not in cco.get(LIST, headers={"HX-Request": "true"}).text
