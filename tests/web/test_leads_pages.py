"""The pages of leads as different people see them."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta

import pytest
from flask import Flask

import engine
from tests.conftest import SignIn
from tests.support.application import database_of, drain, signed_in
from tests.support.forms import submit
from tests.support.leads import SELLER, Leads

COLLEAGUE = "you.junjie"
"""Of the same centre as the seller."""
DIRECTOR = "yang.zhigang"
STRANGER = "shi.jiaqi"
"""Of another centre."""


@pytest.fixture
def leads(app: Flask, clock: engine.VirtualClock) -> Leads:
    """The leads of the demo company."""
    return Leads(app, clock)


def test_an_agent_captures_a_lead_that_waits_to_be_qualified(sign_in: SignIn, leads: Leads) -> None:
    agent = sign_in("li.na")
    fields = {"company": "<b>青岛</b>海风机械", "phone": "0532-1234567", "note": "展会上留的名片"}
    answer = submit(agent, "/leads/new", fields, page="/leads/new", follow_redirects=True)
    assert answer.status_code == 200
    assert "is captured" in answer.text
    assert "To be qualified" in answer.text
    assert "<b>青岛" not in answer.text
    assert re.search(r"LEAD-2026-\d{6}", answer.text)


def test_a_refused_lead_keeps_what_was_typed(sign_in: SignIn) -> None:
    agent = sign_in("li.na", language="zh")
    fields = {"company": "青岛海风机械", "contact_name": "王五", "purchase_date": "2026-02-30", "note": "写了很多"}
    answer = submit(agent, "/leads/new?at_once=1", fields, page="/leads/new")
    assert answer.status_code == 422
    assert "写了很多" in answer.text
    assert "王五" in answer.text


def test_who_types_a_known_company_or_number_is_warned(sign_in: SignIn, leads: Leads) -> None:
    number = leads.qualified(100, company="青岛海风机械有限公司", phone="0532-1234 567")
    agent = sign_in("li.na")
    warned = agent.get("/leads/duplicates", query_string={"company": "青岛海风机械 有限公司", "phone": ""}).text
    assert number in warned
    assert "same company" in warned
    by_phone = agent.get("/leads/duplicates", query_string={"company": "别的公司", "phone": "05321234567"}).text
    assert "same telephone number" in by_phone
    assert "same" not in agent.get("/leads/duplicates?company=x&phone=1").text


def test_the_list_searches_filters_and_exports(sign_in: SignIn, leads: Leads) -> None:
    near = leads.qualified(20, company="青岛海风机械有限公司", region="青岛", owns=[], wants=["cad"])
    far = leads.qualified(300, company="济南二机床集团", region="济南", owns=["cad"], wants=["capp"])
    pooled = leads.qualified(150, None, company="潍坊柴油机厂", region="青岛", target_account=True)
    director = sign_in(DIRECTOR)
    found = {
        "q=海风": {near},
        "horizon=now": {near},
        "horizon=now&horizon=one_year": {near, far},
        "state=pool": {pooled},
        f"owner={SELLER}": {near, far},
        "owner=-": {pooled},
        "region=济南": {far},
        "kind=B": {far},
        "incomplete=1": {pooled},
        "source=form": {near, far, pooled},
        f"purchase_from={leads.today()}&purchase_to={leads.today() + timedelta(days=20)}": {near},
        "": {near, far, pooled},
    }
    for query, numbers in found.items():
        shown = set(re.findall(r"data-row-link>(LEAD-[\d-]+)<", director.get(f"/leads?{query}").text))
        assert shown & {near, far, pooled} == numbers, query
    answer = director.get("/leads?horizon=one_year&export=csv")
    rows = [row for row in csv.DictReader(io.StringIO(answer.text.lstrip("\ufeff"))) if row["Lead"] == far]
    assert [row["Company"] for row in rows] == ["济南二机床集团"]
    assert rows[0]["Owner"] == "Haiyan Qin"
    assert sign_in(SELLER).get("/leads?export=csv").status_code == 403


def test_a_salesperson_claims_within_the_quota_and_the_slower_one_reads_who_was_faster(
    sign_in: SignIn, leads: Leads
) -> None:
    number = leads.qualified(20, None, company="潍坊柴油机厂", region="青岛")
    seller, colleague = sign_in(SELLER), sign_in(COLLEAGUE)
    pool = seller.get("/leads/pool").text
    assert number in pool
    assert re.search(r"\d+ of 30", pool)
    assert number not in sign_in(STRANGER).get("/leads/pool").text
    assert submit(sign_in(STRANGER), f"/leads/{number}/claim").status_code in (303, 404)
    answer = submit(seller, f"/leads/{number}/claim", follow_redirects=True)
    assert "The lead is yours" in answer.text
    assert leads.row(number).owner == SELLER
    late = submit(colleague, f"/leads/{number}/claim", follow_redirects=True)
    assert "Haiyan Qin was faster" in late.text
    assert leads.row(number).owner == SELLER


def test_a_follow_up_record_brings_the_lead_nearer(sign_in: SignIn, leads: Leads) -> None:
    number = leads.qualified(300)
    seller = sign_in(SELLER)
    soon = leads.today() + timedelta(days=25)
    refused = submit(
        seller, f"/leads/{number}/follow-ups", {"channel": "phone", "purchase_date": "2020-01-01", "text": "想早点买"}
    )
    assert refused.status_code == 422
    assert "想早点买" in refused.text
    fields = {"channel": "phone", "text": "想早点买", "next_step": "上门演示", "purchase_date": str(soon)}
    answer = submit(seller, f"/leads/{number}/follow-ups", fields | {"next_at": "2026-12-01T10:00"})
    assert answer.status_code == 303
    drain(database_of(leads.app))
    assert leads.row(number).horizon == "now"
    page = seller.get(f"/leads/{number}").text
    assert "想早点买" in page
    assert "Next step: 上门演示" in page
    assert "1 Dec 2026, 10:00" in page
    assert leads.waiting(number) == ["contact_now"]


def test_returned_handed_on_and_lost_with_reasons(sign_in: SignIn, leads: Leads) -> None:
    number = leads.qualified(60)
    seller, director = sign_in(SELLER), sign_in(DIRECTOR)
    assert seller.get(f"/leads/{number}/owner").status_code == 403
    assert submit(seller, f"/leads/{number}/return", {"reason": " "}).status_code == 422
    assert submit(seller, f"/leads/{number}/return", {"reason": "出差"}).status_code == 303
    given = {"owner": COLLEAGUE, "reason": "请尽快联系"}
    assert submit(director, f"/leads/{number}/owner", given).status_code == 303
    assert leads.had_by(number) == [(SELLER, "qualified"), (None, "returned"), (COLLEAGUE, "reassigned")]
    page = director.get(f"/leads/{number}").text
    assert "出差" in page
    assert "请尽快联系" in page
    drain(database_of(leads.app))
    assert seller.get(f"/leads/{number}/lost").status_code == 404
    colleague = sign_in(COLLEAGUE)
    assert submit(colleague, f"/leads/{number}/lost", {"channel": "phone"}).status_code == 422
    fields = {"lost_reason": "rival", "rival": "清华英泰", "channel": "phone", "text": "选了别家"}
    assert submit(colleague, f"/leads/{number}/lost", fields).status_code == 303
    drain(database_of(leads.app))
    assert leads.row(number).state == "lost"
    assert "清华英泰" in colleague.get(f"/leads/{number}").text


def test_another_centre_does_not_know_of_a_lead(sign_in: SignIn, leads: Leads) -> None:
    number = leads.qualified(60)
    own, other = sign_in(SELLER), sign_in(STRANGER)
    for path in ("", "/panel", "/current"):
        assert own.get(f"/leads/{number}{path}").status_code == 200
        assert other.get(f"/leads/{number}{path}").status_code == 404
    for action, fields in {
        "return": {"reason": "x"},
        "lost": {},
        "follow-ups": {"channel": "phone", "text": "x"},
    }.items():
        assert submit(other, f"/leads/{number}/{action}", fields).status_code in (404, 422)
    assert leads.row(number).owner == SELLER
    assert number not in other.get("/leads").text


def test_a_customer_reads_a_pack_and_the_salesperson_sees_that_it_was_opened(app: Flask, leads: Leads) -> None:
    number = leads.qualified(300, email="zhou@liming.example")
    seller = signed_in(app, SELLER)
    assert "not opened yet" in seller.get("/leads/materials").text
    with database_of(app).read() as session:
        from app.leads import queries

        (sent,) = queries.materials(session, number)
    customer = app.test_client()
    customer.environ_base["HTTP_ACCEPT_LANGUAGE"] = "zh"
    page = customer.get(f"/materials/{sent.token}")
    assert "永兴软件" in page.text
    assert "周工" in page.text
    assert "not opened yet" in seller.get(f"/leads/{number}").text  # looking it up is no reader yet
    submit(customer, f"/materials/{sent.token}/opened", page=f"/materials/{sent.token}")
    assert "opened once" in seller.get("/leads/materials").text
    assert customer.get("/materials/guessed").status_code == 404
