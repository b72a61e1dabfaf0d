"""A caller at the front desk, by keyboard: to a closed matter, to a complaint, to a lead."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

from flask import Flask
from playwright.sync_api import Page, expect

from tests.support.application import database_of, drain
from tests.support.person import STEPS, Person

Someone = Callable[..., Person]
ROUTING = Path(__file__).parents[2] / "processes" / "cco_routing.en.json"
STEPS_OF_MATTERS: dict[str, str] = json.loads(ROUTING.read_text("utf-8"))["elements"]
WORDS = "报价单上没有写运费，能不能今天给我一个总价？"


def call(page: Page, initials: str, concern: str, words: str) -> str:
    """Find the caller by initials, write down what is said and register it, all without the mouse; the number."""
    expect(page.locator("#who-calls")).to_be_focused()
    page.keyboard.type(initials)
    expect(page.locator("#found [data-found]").first).to_be_visible()
    page.keyboard.press("ArrowDown")
    expect(page.locator("#found [data-found]").first).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#verbatim")).to_be_focused()
    page.keyboard.insert_text(words)
    page.keyboard.press("Tab")
    while page.evaluate("document.activeElement.value") != concern:
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    page.keyboard.press("Control+Enter")
    page.wait_for_url(re.compile(r"/inbox/tasks/"))
    expect(page.locator("#alerts")).to_contain_text("Now say what kind it is")
    expect(page.locator("#side-panel .verbatim")).to_have_text(words)
    found = re.search(r"CUS-\d{4}-\d{6}", page.locator("#alerts").inner_text())
    assert found
    return found[0]


def classify(someone: Person, app: Flask, **answers: object) -> None:
    """Say what kind it is, on the page that opened by itself."""
    someone.fill(**answers)
    someone.page.locator("#task-form button.btn-primary[type=submit]").click()
    someone.page.wait_for_url(re.compile(r"/inbox(\?|$)"))
    drain(database_of(app))


def does(someone: Person, number: str, step: str, **answers: object) -> None:
    """Open a task of a matter from the inbox and complete it."""
    someone.visit(f"/inbox?box=claim&q={number}")
    row = someone.page.locator("#inbox-list tr", has_text=STEPS_OF_MATTERS[step])
    row.locator("a[href*='/inbox/tasks/']").first.click()
    expect(someone.page.locator("#task-form")).to_be_visible()
    someone.fill(**answers)
    someone.page.locator("#task-form button.btn-primary[type=submit]").click()
    someone.page.wait_for_url(re.compile(r"/inbox(\?|$)"))


def test_a_call_becomes_a_matter_that_is_answered_and_closed(app: Flask, person: Someone) -> None:
    agent = person("li.na")
    number = call(agent.visit("/matters/desk"), "cjn", "asks", WORDS)
    classify(agent, app, kind="inquiry", summary="总价含运费", region="centre_1")
    does(person("sun.zhipeng"), number, "handle_matter", outcome="answered", answer="运费 800 元。")
    does(
        person("wu.xiaoyan"),
        number,
        "reply_customer",
        channel="phone",
        reply="已告知运费 800 元。",
        next_step="周五发合同",
    )
    drain(database_of(app))
    page = agent.visit(f"/matters/{number}")
    for text in (WORDS, "运费 800 元。", "周五发合同", "Beijing marketing centre", "Closed"):
        expect(page.locator("main")).to_contain_text(text)
    expect(page.locator(".holding-bar rect")).not_to_have_count(0)
    page = agent.visit("/matters/desk?customer=1")  # the next call begins where this one stopped
    expect(page.locator("#last-contact")).to_contain_text("周五发合同")
    expect(page.locator("#last-contact")).to_contain_text(number)


def test_a_call_becomes_a_complaint_and_another_one_a_lead(app: Flask, person: Someone) -> None:
    agent = person("li.na")
    number = call(agent.visit("/matters/desk"), "cjn", "dissatisfied", "软件一天死机三次，太不像话了！")
    classify(agent, app, kind="complaint", summary="软件死机")
    page = agent.visit(f"/matters/{number}")
    page.locator("#became a").click()
    page.wait_for_url(re.compile(r"/complaints/CMP-"))
    complaint = page.url.rsplit("/", 1)[1]
    page = agent.visit(f"/inbox?box=claim&q={complaint}")
    page.locator("#inbox-list tr", has_text=STEPS["record"]).locator("a[href*='/inbox/tasks/']").first.click()
    expect(page.locator("#task-form [name=summary]")).to_have_value("软件死机")  # what the desk wrote is there
    expect(page.locator("#task-form")).to_contain_text("软件一天死机三次，太不像话了！")
    expect(page.locator("#task-form [name=customer]")).to_have_value("1")

    number = call(agent.visit("/matters/desk"), "cjn", "wants_to_buy", "想再买十套 PDM。")
    classify(agent, app, kind="purchase_interest", summary="十套 PDM", region="centre_1", amount="99999.99")
    page = agent.visit(f"/matters/{number}")
    expect(page.locator("#became")).to_contain_text(re.compile(r"LEAD-\d{4}-\d{6}"))
    page.locator("#became a").click()
    page.wait_for_url(re.compile(r"/leads/LEAD-"))
    expect(page.locator("main")).to_contain_text("北京京重机床有限公司")
