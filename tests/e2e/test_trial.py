"""A year of a lead in the browser: started, left alone, read off the calendar; by keyboard, and on a Chinese phone."""

from __future__ import annotations

import re
from collections.abc import Callable

from flask import Flask
from playwright.sync_api import Page, expect

from app.designer import service as drafts
from tests.support import axe
from tests.support.application import database_of
from tests.support.person import Person
from tests.support.processes import files_of

LEAD = {
    "f-outcome": "qualified",
    "f-company": "样例公司",
    "f-contact_name": "周工",
    "f-phone": "0532-8765 4321",
    "f-region": "青岛",
    "f-purchase_date": "2027-11-23",
    "f-owner": "qin.haiyan",
}


def press(page: Page, name: str) -> None:
    """Go to a button by keyboard and press it."""
    page.get_by_role("button", name=re.compile(name)).focus()
    page.keyboard.press("Enter")
    page.wait_for_load_state()


def test_a_year_of_a_lead_is_read_off_the_calendar(person: Callable[..., Person], app: Flask) -> None:
    number = database_of(app).write(lambda s: drafts.create(s, "shi.lei", "", files_of("lead_followup")).id)
    designer = person("shi.lei")
    page = designer.visit(f"/designer/drafts/{number}/try")
    press(page, "^Begin$")
    page.get_by_role("link", name="Start the process").click()
    page.locator("#who").select_option("li.na")
    designer.fill(**LEAD)
    press(page, "^Start$")
    expect(page.locator("[data-waits=follow_up_general]")).to_be_visible()
    expect(page.locator("[data-date='2026-11-23']")).to_contain_text(
        "Follow up the general material waits for somebody"
    )
    expect(page.locator("[data-date='2026-11-27']")).to_contain_text("is due")
    expect(page.locator("[data-date='2026-11-28']")).to_have_attribute("data-kind", "rest")
    assert axe.violations(page) == []
    press(page, "Until somebody has to act")
    expect(page.locator("[data-waits=follow_up_detailed]")).to_be_visible()
    expect(page.locator("[data-date='2027-05-27']")).to_contain_text("Timer")  # day 185
    expect(page.locator("[data-date='2027-05-27']")).to_have_attribute("data-kind", "work")
    expect(page.locator("keliu-diagram[data-ready=yes]")).to_be_visible()
    designer.picture("trial")
    press(page, "Step back")
    expect(page.locator("[data-waits=follow_up_general]")).to_be_visible()
    phone = person("shi.lei", language="zh", width=360)
    page = phone.visit(f"/designer/drafts/{number}/try?do=complete&place=lead_followup/follow_up_general/0")
    expect(page.locator("#trial-form")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert axe.violations(page) == []
    press(page, "关闭")
    expect(page.locator("#alerts")).to_contain_text("没有留下任何内容")
