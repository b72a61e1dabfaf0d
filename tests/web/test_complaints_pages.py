"""The pages of complaints as different people see them."""

from __future__ import annotations

import csv
import io
from datetime import timedelta

import pytest
from flask import Flask
from openpyxl import load_workbook

import engine
from tests.conftest import SignIn
from tests.support.application import signed_in
from tests.support.complaints import Cases
from tests.support.forms import submit
from tests.support.rest import program

SECRETS = ("绝密的处罚依据", "penalty_amount", "罚款", "Fine")


@pytest.fixture
def cases(app: Flask, clock: engine.VirtualClock) -> Cases:
    """The complaints of the demo company."""
    return Cases(app, clock)


def test_an_agent_registers_a_complaint_and_lands_on_it(sign_in: SignIn, cases: Cases) -> None:
    agent = sign_in("li.na")
    fields = {
        "channel": "phone",
        "customer": cases.customer(),
        "complaint_class": "quality",
        "sub_code_quality": "quality_defect",
        "severity": "serious",
        "verbatim": "<script>alert(1)</script> 打不开",
    }
    answer = submit(agent, "/complaints/new", fields, page="/complaints/new", follow_redirects=True)
    assert answer.status_code == 200
    assert "is registered" in answer.text
    assert "&lt;script&gt;alert(1)" in answer.text
    assert "<script>alert(1)" not in answer.text


def test_a_refused_form_keeps_what_was_typed(sign_in: SignIn) -> None:
    agent = sign_in("li.na", language="zh")
    fields = {"channel": "phone", "summary": "我写了很多", "complaint_class": "service"}
    answer = submit(agent, "/complaints/new", fields, page="/complaints/new")
    assert answer.status_code == 422
    assert "我写了很多" in answer.text
    assert "此项必填" in answer.text


def test_the_list_finds_two_characters_in_the_middle_of_a_word(sign_in: SignIn, cases: Cases) -> None:
    number = cases.register(verbatim="工艺卡片打印错位", summary="")
    found = sign_in("li.na").get("/complaints?q=卡片打印").text
    assert number in found
    assert "CMP-2026-000001" not in found


def test_the_list_filters_by_step_and_overdue(sign_in: SignIn, cases: Cases) -> None:
    number = cases.register(severity="minor")
    cco = sign_in("lin.wanqing")
    assert number in cco.get("/complaints?step=judge&severity=minor&class=quality").text
    assert number not in cco.get("/complaints?step=evaluate").text
    assert number not in cco.get("/complaints?overdue=1").text
    cases.pass_time(timedelta(days=5))
    assert number in sign_in("lin.wanqing").get("/complaints?overdue=1").text  # the session ran out meanwhile


def test_another_centre_does_not_know_of_a_case(sign_in: SignIn, cases: Cases, app: Flask) -> None:
    number = cases.to_cause("centre_1", complaint_class="contract", sub_code="contract_terms")
    own, other = sign_in("zhao.jianguo"), sign_in("wang.desheng")
    for path in ("", "/panel", "/current", "/diagram.xml", "/state.json", "/names.json"):
        assert own.get(f"/complaints/{number}{path}").status_code == 200
        assert other.get(f"/complaints/{number}{path}").status_code == 404
    assert submit(other, f"/complaints/{number}/messages/complaint_withdrawn", {"text": "撤"}).status_code == 404
    assert number not in other.get("/complaints").text
    assert program(app, "wang.desheng").get(f"/api/v1/complaints/{number}").status_code == 404


def test_a_centre_can_neither_delete_nor_withdraw(sign_in: SignIn, cases: Cases) -> None:
    number = cases.to_cause("centre_1", complaint_class="contract", sub_code="contract_terms")
    centre = sign_in("zhao.jianguo")
    assert centre.delete(f"/complaints/{number}").status_code in (400, 403, 405)
    assert "complaint_withdrawn" not in centre.get(f"/complaints/{number}").text
    assert submit(centre, f"/complaints/{number}/messages/complaint_withdrawn", {"text": "撤"}).status_code == 403
    assert cases.row(number).state == "open"


def test_an_administrator_sees_no_case(sign_in: SignIn) -> None:
    assert sign_in("fang.chen").get("/complaints/CMP-2026-000001").status_code in (403, 404)


def test_penalties_are_for_human_resources_and_the_cco_only(sign_in: SignIn, cases: Cases, app: Flask) -> None:
    number = cases.to_archive()
    for login in ("ren.fang", "lin.wanqing"):
        assert "绝密的处罚依据" in sign_in(login).get(f"/complaints/{number}").text
        assert "绝密的处罚依据" in sign_in(login).get(f"/complaints/{number}/archive").text
    for login in ("li.na", "jia.wentao", "he.jing", "xiong.wei"):
        for path in ("", "/archive", "/panel"):
            text = sign_in(login).get(f"/complaints/{number}{path}").text
            assert number in text or path == "/panel"
            assert not [secret for secret in SECRETS if secret in text], (login, path)
        answer = program(app, login).get(f"/api/v1/complaints/{number}").get_data(as_text=True)
        assert "绝密的处罚依据" not in answer
        assert "绝密" not in answer.encode().decode("unicode_escape", errors="ignore")


def test_the_export_holds_all_four_parts_and_no_penalty(sign_in: SignIn, cases: Cases) -> None:
    number = cases.to_archive()
    lead = sign_in("he.jing")
    rows = list(csv.reader(io.StringIO(lead.get("/complaints?export=csv").data.decode("utf-8-sig"))))
    line = dict(zip(rows[0], next(row for row in rows if row[0] == number), strict=True))
    assert line["In the customer's words"].startswith("软件一打开就死机")
    assert "Wenbo Xie" in line["Course"]
    assert line["Result"] == "Resolved"
    assert line["Satisfaction"] == "5"
    assert "Directly responsible" not in line
    assert "绝密" not in str(rows)
    book = load_workbook(io.BytesIO(lead.get("/complaints?export=xlsx").data))
    cells = [[cell.value for cell in row] for row in book.active.iter_rows()]
    assert [row[0] for row in cells] == [row[0] for row in rows]
    assert sign_in("li.na").get("/complaints?export=csv").status_code == 403


def test_the_customer_adds_something_and_those_at_work_are_told(sign_in: SignIn, cases: Cases) -> None:
    number = cases.to_cause()
    agent = sign_in("li.na")
    assert "complaint_supplement" in agent.get(f"/complaints/{number}").text
    answer = submit(agent, f"/complaints/{number}/messages/complaint_supplement", {"text": "又死机两次"})
    assert answer.status_code == 303
    assert "又死机两次" in agent.get(f"/complaints/{number}").text
    assert "又死机两次" in sign_in("zou.kaiwen").get("/notices").text


def test_a_better_summary_leaves_the_customers_words_alone(sign_in: SignIn, cases: Cases) -> None:
    number = cases.register()
    before = cases.row(number)
    agent = sign_in("li.na")
    assert submit(agent, f"/complaints/{number}/summary", {"summary": "更清楚的摘要"}).status_code == 303
    assert submit(agent, f"/complaints/{number}/summary", {"summary": " "}).status_code == 422
    after = cases.row(number)
    assert after.summary == "更清楚的摘要"
    assert (after.verbatim, after.verbatim_sha256) == (before.verbatim, before.verbatim_sha256)
    assert "The summary was changed" in agent.get(f"/complaints/{number}").text
    assert number in agent.get("/complaints?q=清楚的摘").text


def test_lists_and_pages_work_on_both_databases(each_app: Flask, clock: engine.VirtualClock) -> None:
    number = Cases(each_app, clock).register(verbatim="工艺卡片打印错位")
    agent = signed_in(each_app, "li.na")
    for path in (
        f"/complaints?q=卡片打印&step=judge&state=open&sort=customer&received_from=2026-01-01&number={number}",
        f"/complaints/{number}",
        "/customers?q=bjjz&sort=-value_class",
        "/complaints/of-customer/1",
    ):
        assert agent.get(path).status_code == 200
    assert number in agent.get("/complaints?q=卡片打印").text
    assert "北京京重" in agent.get("/customers?q=bjjz").text


def test_an_empty_message_comes_back_with_its_error(sign_in: SignIn, cases: Cases) -> None:
    number = cases.to_cause()
    answer = submit(sign_in("li.na"), f"/complaints/{number}/messages/complaint_supplement", {"text": "  "})
    assert answer.status_code == 422
    assert "Please write what it is about." in answer.text


def test_pages_speak_both_languages(sign_in: SignIn, cases: Cases) -> None:
    number = cases.to_archive()
    for path, zh, en in (
        (f"/complaints/{number}", "客户原话", "In the customer's words"),
        (f"/complaints/{number}/archive", "四、客户满意度", "4. Satisfaction"),
        ("/complaints", "严重程度", "Severity"),
        ("/complaints/new", "登记投诉", "Register a complaint"),
    ):
        assert zh in sign_in("lin.wanqing", language="zh").get(path).text
        assert en in sign_in("lin.wanqing", language="en").get(path).text


@pytest.mark.parametrize("number", ["%00", "CMP-2026-999999", "../../etc", "CMP-2026-000001'--", "投诉"])
def test_strange_numbers_are_unknown(sign_in: SignIn, number: str) -> None:
    assert sign_in("lin.wanqing").get(f"/complaints/{number}").status_code == 404
