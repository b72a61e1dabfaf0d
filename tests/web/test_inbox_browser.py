"""The inbox in a real browser: it refreshes itself, works by keyboard, and keeps what is typed."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import BrowserContext, Page, expect

import engine
from tests.support import purchase
from tests.support.application import database_of

SignIn = Callable[..., FlaskClient]
BOX = "/inbox?box=claim&step=purchase/request"


@pytest.fixture
def page(app: Flask, sign_in: SignIn, live_server: str, browser_context: BrowserContext) -> Page:
    """A browser in which Li Na is signed in; script errors and CSP reports fail the test."""
    purchase.deploy(app)
    name = app.extensions["keliu.security"].cookie
    cookie = sign_in("li.na").get_cookie(name)
    assert cookie is not None
    browser_context.add_cookies([{"name": name, "value": cookie.value, "url": live_server}])
    opened = browser_context.new_page()
    opened.on("pageerror", lambda error: pytest.fail(str(error)))
    opened.goto(live_server)
    return opened


def claim(app: Flask, task: engine.TaskRow, login: str) -> None:
    """A colleague takes the task meanwhile."""
    command = engine.ClaimTask(task_id=task.id, actor=login, groups=frozenset({"customer_support"}))
    database_of(app).write(lambda session: engine.execute(session, command))


def test_a_task_that_a_colleague_takes_disappears_by_itself(app: Flask, page: Page, live_server: str) -> None:
    first, second = (purchase.task_of(app, purchase.start(app)) for _ in range(2))
    page.goto(live_server + BOX)
    expect(page.locator("[data-list-row]")).to_have_count(2)
    page.keyboard.press("j")
    page.keyboard.press("j")
    current = page.locator("[data-list-row].is-current")
    kept = current.get_attribute("data-task")
    claim(app, first if kept == second.id else second, "wu.xiaoyan")
    expect(page.locator("[data-list-row]")).to_have_count(1, timeout=12_000)
    expect(current).to_have_attribute("data-task", str(kept))


def test_the_keyboard_claims_and_opens(app: Flask, page: Page, live_server: str) -> None:
    task = purchase.task_of(app, purchase.start(app))
    page.goto(live_server + BOX)
    page.keyboard.press("j")
    page.keyboard.press("c")
    expect(page.locator("#alerts")).to_contain_text("Claimed:")
    assert purchase.task(app, task.id).assignee == "li.na"
    page.goto(live_server + "/inbox?step=purchase/request")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(f"/inbox/tasks/{task.id}"))
    page.keyboard.press("?")
    expect(page.locator("#keyboard-help")).to_be_visible()


def test_what_is_typed_survives_closing_the_page(app: Flask, page: Page, live_server: str) -> None:
    task = purchase.task_of(app, purchase.start(app))
    address = f"{live_server}/inbox/tasks/{task.id}"
    page.goto(address)
    page.fill("#subject", "三箱打印纸")
    expect(page.locator("[data-draft-state]")).to_contain_text("Draft saved")
    page.goto(live_server + "/inbox")
    page.goto(address)
    expect(page.locator("#subject")).to_have_value("三箱打印纸")
    page.on("dialog", lambda dialog: dialog.accept())
    page.click("text=Discard the draft")
    expect(page.locator("#subject")).to_have_value("")


def test_the_task_page_shows_the_diagram_and_fits_a_phone(app: Flask, page: Page, live_server: str) -> None:
    task = purchase.requested(app, "wu.xiaoyan")
    page.set_viewport_size({"width": 360, "height": 740})
    for path in (f"/inbox/tasks/{task.id}", "/inbox?box=claim", "/inbox?box=done", "/inbox/start", "/notices"):
        page.goto(live_server + path)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
    page.goto(f"{live_server}/inbox/tasks/{task.id}")
    expect(page.locator("keliu-diagram[data-ready]")).to_be_attached(timeout=15_000)
