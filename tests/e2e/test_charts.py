"""Charts are drawn from the tables beside them; without scripts the tables are there."""

from __future__ import annotations

import re
from collections.abc import Callable

from flask import Flask
from playwright.sync_api import Browser, Page, expect

from tests.support.application import database_of, session_cookie
from tests.support.axe import violations
from tests.support.person import Person
from tests.web.test_complaints_figures import company

FIGURES = "/complaints/figures?from=2020-11-01&to=2020-11-30"
WORDS = "() => [...document.querySelectorAll('[data-table=\"#%s\"] svg text')].map(one => one.textContent)"


def drawn(page: Page, table: str) -> list[str]:
    """The words and numbers of the picture of a table."""
    page.wait_for_selector(f'figure[data-table="#{table}"][data-ready] svg')
    found: list[str] = page.evaluate(WORDS % table)
    return found


def test_the_pareto_chart_says_what_its_table_says(app: Flask, person: Callable[..., Person], browser: Browser) -> None:
    database_of(app).write(company)
    cco = person("lin.wanqing", language="zh")
    cco.page.emulate_media(color_scheme="light", reduced_motion="reduce")
    page = cco.visit(FIGURES)
    words = drawn(page, "causes-table")
    for row in page.locator("#causes-table tbody tr").all():
        name = row.locator("th").inner_text()
        assert any(word.startswith(name[:8]) for word in words), name
    bars = drawn(page, "class-table")
    counts = page.locator("#class-table tbody td:nth-child(2)").all_inner_texts()
    assert set(counts) <= set(bars)  # each bar has its number

    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    page.wait_for_function("() => document.documentElement.getAttribute('data-bs-theme') === 'dark'")
    ink = page.locator('[data-table="#class-table"] svg text').first.get_attribute("fill")
    assert ink != "#5b6673"  # drawn again in the colours of the dark
    page.reload()
    drawn(page, "class-table")
    assert violations(page) == []
    for width in (1280, 360):
        cco.widen(width)
        assert page.evaluate("() => document.documentElement.scrollWidth - window.innerWidth") <= 0

    cco.widen(1280)
    page.locator('[data-table="#class-table"] svg path[fill="#4299e1"]').first.click()
    page.wait_for_url(re.compile("/complaints/figures/complaints.*class=quality"))

    bare = browser.new_context(java_script_enabled=False)
    name, value = session_cookie(app, "lin.wanqing")
    bare.add_cookies([{"name": name, "value": value, "url": cco.address}])
    plain = bare.new_page()
    plain.goto(cco.address + FIGURES)
    expect(plain.locator("#causes-table")).to_be_visible()
    expect(plain.locator("figure[data-chart]").first).to_be_hidden()
    bare.close()


def test_leads_and_matters_have_charts_too(person: Callable[..., Person]) -> None:
    page = person("lin.wanqing").visit("/monitor/figures")
    expect(page.locator("a.card")).to_have_count(3)
    for address, table in (("/leads/figures", "inflow-table"), ("/matters/figures", "hops-table")):
        page = person("lin.wanqing").visit(address)
        assert drawn(page, table)
        assert violations(page) == []
