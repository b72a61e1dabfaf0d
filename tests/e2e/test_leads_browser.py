"""A salesperson at a browser takes a lead from the pool to the deal."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from playwright.sync_api import expect

import engine
from tests.support.leads import Leads
from tests.support.person import Person

COMPANY = "潍坊柴油机配件厂"
SELLER = "zhu.hongmei"


@pytest.fixture
def leads(app: Flask, clock: engine.VirtualClock) -> Leads:
    """The leads of the demo company."""
    return Leads(app, clock)


def test_a_lead_from_the_pool_comes_nearer_and_is_won(leads: Leads, person: Callable[..., Person]) -> None:
    number = leads.qualified(300, None, company=COMPANY, phone="0536-8070001", region="青岛", owns=[], wants=["cad"])
    seller = person(SELLER)
    page = seller.visit(f"/leads/pool?q={COMPANY[:3]}")
    page.locator("tr", has_text=number).get_by_role("button", name="Claim the lead").click()
    page.wait_for_url(re.compile(rf"/leads/{number}$"))
    expect(page.locator("#content")).to_contain_text("The lead is yours")
    page.select_option("#follow-up [name=channel]", "visit")
    page.fill("#follow-up [name=text]", "年底前要上 CAD，正在申请预算。")
    page.fill("#follow-up [name=next_step]", "寄报价")
    page.fill("#follow-up [name=purchase_date]", str(leads.today() + timedelta(days=35)))
    page.get_by_role("button", name="Keep the record").click()
    expect(page.locator("#course")).to_contain_text("正在申请预算")
    leads.pass_time(hours=1)
    assert leads.row(number).horizon == "three_months"
    leads.pass_time(days=6)
    page = seller.visit(f"/leads/{number}")
    expect(page.locator("#course")).to_contain_text("The purchase came nearer")
    expect(page.locator("#now")).to_contain_text("Contact now")
    page.get_by_role("link", name="Won", exact=True).click()
    page.fill("[name=amount]", "86000")
    page.select_option("[name=channel]", "visit")
    page.select_option("[name=product_id]", leads.product("CAD"))
    page.get_by_role("button", name="Note the deal").click()
    page.wait_for_url(re.compile(rf"/leads/{number}$"))
    leads.pass_time(minutes=5)
    page = seller.visit(f"/leads/{number}")
    expect(page.locator("#result")).to_contain_text("Next product:")
    expect(page.locator("#result")).to_contain_text("Yongxing CAPP")
    page.locator("#prospect").get_by_role("link", name=COMPANY).click()
    expect(page.locator("h1")).to_contain_text(COMPANY)
    expect(page.locator("section[aria-label=Leads]")).to_contain_text(number)
