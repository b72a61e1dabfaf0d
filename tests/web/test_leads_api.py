"""A program works with leads under /api/v1/leads."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask

import engine
from tests.support.application import database_of, drain
from tests.support.leads import SELLER, Leads
from tests.support.rest import program

LEADS = "/api/v1/leads"


@pytest.fixture
def leads(app: Flask, clock: engine.VirtualClock) -> Leads:
    """The leads of the demo company."""
    return Leads(app, clock)


def test_a_program_captures_follows_up_returns_and_claims(app: Flask, leads: Leads) -> None:
    agent, seller = program(app, "li.na"), program(app, SELLER)
    values = {"company": "青岛海风机械", "phone": "0532-1234567", "source_reference": "W-17"}
    waiting = agent.post(LEADS, {"values": values, "may_wait": True})
    assert waiting.status_code == 201
    assert waiting.json["qualified"] is False
    assert agent.post(LEADS, {"values": values, "may_wait": True}).status_code == 422  # the reference is known
    assert agent.post(LEADS, {"values": {"note": "?"}, "may_wait": True}).status_code == 422
    qualified = {
        "outcome": "qualified",
        "company": "潍坊柴油机厂",
        "contact_name": "赵工",
        "phone": "0536-1112222",
        "owner": SELLER,
        "purchase_date": str(leads.today() + timedelta(days=300)),
    }
    number = agent.post(LEADS, {"values": qualified}).json["number"]
    drain(database_of(app))
    soon = str(leads.today() + timedelta(days=25))
    contact = {"channel": "phone", "text": "想早点买", "purchase_date": soon, "next_at": "2026-12-01T10:00:00+08:00"}
    assert seller.post(f"{LEADS}/{number}/follow-ups", contact).status_code == 201
    assert "text" in seller.post(f"{LEADS}/{number}/follow-ups", {"channel": "phone", "text": ""}).json["errors"]
    drain(database_of(app))
    found = seller.get(f"{LEADS}/{number}").json
    assert found["horizon"] == "now"
    assert found["follow_ups"][0]["next_at"].startswith("2026-12-01T02:00")
    assert [row["horizon"] for row in found["horizons"]] == ["one_year", "now"]
    assert [task["node_id"] for task in found["open_tasks"]] == ["contact_now"]
    returned = seller.post(f"{LEADS}/{number}/return", {"reason": "出差"})
    assert returned.json["state"] == "pool"
    assert program(app, "you.junjie").post(f"{LEADS}/{number}/claim").json["owner"] == "you.junjie"
    refused = seller.post(f"{LEADS}/{number}/claim")
    assert (refused.status_code, refused.json["code"]) == (409, "AlreadyTaken")
    assert "Junjie You was faster" in refused.json["message"]
    owners = program(app, "you.junjie").get(f"{LEADS}/{number}").json["owners"]
    assert [row["owner"] for row in owners] == [SELLER, None, "you.junjie"]


def test_lists_are_paged_filtered_and_end_at_the_centre(app: Flask, leads: Leads) -> None:
    owner = "zhu.hongmei"  # who has no lead of the demo company
    companies = [{"company": f"仪表{name}厂", "phone": f"0532-10{index}"} for index, name in enumerate("甲乙丙")]
    numbers = [leads.qualified(60, owner, **company) for company in companies]
    director = program(app, "yang.zhigang")
    first = director.get(LEADS, owner=owner, limit=2).json
    assert [row["number"] for row in first["leads"]] == numbers[:0:-1]
    assert first["count"] == 3
    second = director.get(LEADS, owner=owner, limit=2, after=first["next"]).json
    assert [row["number"] for row in second["leads"]] == numbers[:1]
    assert second["next"] is None
    assert [row["number"] for row in director.get(LEADS, q="表乙").json["leads"]] == [numbers[1]]
    assert director.get(LEADS, horizon="soon").status_code == 422
    stranger = program(app, "shi.jiaqi")
    assert stranger.get(LEADS, owner=owner).json["count"] == 0
    assert stranger.get(f"{LEADS}/{numbers[0]}").status_code == 404
    for action, body in {
        "follow-ups": {"channel": "phone", "text": "x"},
        "claim": {},
        "return": {"reason": "x"},
    }.items():
        assert stranger.post(f"{LEADS}/{numbers[0]}/{action}", body).status_code == 404
    paths = director.get("/api/v1/openapi.json").json["paths"]
    assert {path for path in paths if path.startswith(LEADS)} == {
        LEADS,
        f"{LEADS}/{{number}}",
        f"{LEADS}/{{number}}/follow-ups",
        f"{LEADS}/{{number}}/claim",
        f"{LEADS}/{{number}}/return",
    }
