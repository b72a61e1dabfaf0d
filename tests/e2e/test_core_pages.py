"""Every page of the menu, as several people see it: in both languages, on a phone and on a desk, by keyboard."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask import Flask
from playwright.sync_api import expect

from tests.support.application import database_of
from tests.support.person import Person

Someone = Callable[..., Person]
WIDTHS = [360, 1280]
PEOPLE = ["li.na", "lin.wanqing", "fang.chen", "ren.fang"]
SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
UNNAMED = """() => [...document.querySelectorAll('button, a[href], input:not([type=hidden]), select, textarea')]
  .filter(e => e.checkVisibility({visibilityProperty: true}))
  .filter(e => !(e.innerText || e.ariaLabel || e.title || e.labels?.length || e.getAttribute('aria-labelledby')))
  .map(e => e.outerHTML.slice(0, 120))"""
ENGLISH_WORDS = re.compile(r"\b(the|and|your|you|is|are|please|of|with)\b", re.IGNORECASE)


@pytest.mark.parametrize(("login", "language"), [(login, ("zh", "en")[n % 2]) for n, login in enumerate(PEOPLE)])
def test_every_page_of_the_menu_is_whole(person: Someone, login: str, language: str) -> None:
    someone = person(login, language=language, width=WIDTHS[0])
    page = someone.visit("/")
    addresses = page.eval_on_selector_all(".app-menu a", "links => links.map(link => link.getAttribute('href'))")
    assert addresses
    for address in addresses:
        answer = page.goto(someone.address + address)
        assert answer is not None and answer.status == 200, address
        page.wait_for_load_state("networkidle")
        for width in WIDTHS:
            someone.widen(width)
            assert page.evaluate(SIDEWAYS) <= 0, f"{address} scrolls sideways at {width} px"
            assert page.evaluate(UNNAMED) == [], address
        assert page.locator("h1").count() == 1, address
        expect(page.locator("html")).to_have_attribute("lang", "zh-CN" if language == "zh" else "en")
        if language == "zh":
            assert not ENGLISH_WORDS.search(page.inner_text("body")), address


def test_the_menu_opens_and_closes_on_a_phone(person: Someone) -> None:
    page = person("li.na", language="zh", width=360).visit("/")
    sidebar = page.locator("#sidebar")
    expect(sidebar).not_to_be_visible()
    page.get_by_role("link", name="菜单", exact=True).click()
    expect(sidebar).to_be_visible()
    page.get_by_role("link", name="关闭菜单").click()
    expect(sidebar).not_to_be_visible()


def test_the_language_changes_on_the_spot_and_stays_with_the_account(person: Someone, app: Flask) -> None:
    from app.accounts.queries import user

    page = person("li.na").visit("/")
    here = page.url
    page.get_by_role("button", name="中文").click()
    expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
    assert page.url == here
    with database_of(app).read() as session:
        found = user(session, "li.na")
    assert found is not None and found.language == "zh"


def test_dark_is_remembered(person: Someone) -> None:
    page = person("li.na").visit("/")
    page.get_by_role("button", name="Dark mode").click()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")


def test_the_first_tab_skips_to_the_content(person: Someone) -> None:
    page = person("li.na").visit("/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "content"


def test_a_list_narrows_while_one_types_and_the_address_is_the_state(person: Someone) -> None:
    page = person("lin.wanqing").visit("/complaints")
    rows = page.locator("[data-list-row]")
    before = rows.count()
    assert before > 1
    number = rows.first.locator("a").first.inner_text()
    page.get_by_label("Search", exact=True).fill(number)
    expect(rows).to_have_count(1)
    assert number in page.url and "step=&" not in page.url
    page.reload()
    expect(rows).to_have_count(1)
    page.get_by_role("link", name="Remove the filters").click()
    expect(rows).to_have_count(before)


def test_without_the_bundle_pages_still_work(person: Someone) -> None:
    someone = person("li.na")
    someone.context.route("**/static/dist/**", lambda route: route.abort())
    page = someone.visit("/complaints")
    expect(page.locator("h1")).to_be_visible()
    page.get_by_role("button", name="中文").click()
    expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
