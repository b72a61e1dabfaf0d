"""The main pages hold no serious obstacle for people with a screen reader, a keyboard or weak eyes (axe-core)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page

from tests.support.axe import violations
from tests.support.person import Person

PAGES = {
    "li.na": ("/complaints/new", "/imports", "/profile", "/nowhere"),
    "fang.chen": ("/admin/users/li.na", "/admin/departments"),
    "ren.fang": ("/calendars/office",),
    "qin.haiyan": ("/leads/LEAD-2026-000001", "/leads/figures"),
    "lin.wanqing": ("/monitor/processes/key/complaint", "/monitor/tasks/people"),
}
THEMES: dict[str, Literal["light", "dark"]] = {"zh": "light", "en": "dark"}
SETTLED = "() => !document.querySelector('.htmx-request, keliu-diagram:not([data-ready])')"


@pytest.mark.parametrize("language", THEMES)
def test_no_page_keeps_anybody_out(
    person: Callable[..., Person], browser: Browser, live_server: str, language: str
) -> None:
    found: list[str] = []

    def look(page: Page) -> None:
        page.wait_for_function(SETTLED)
        found.extend(f"{page.url.removeprefix(live_server)}: {line}" for line in violations(page))

    def at_work(login: str) -> Person:
        someone = person(login, language=language)
        someone.page.emulate_media(color_scheme=THEMES[language], reduced_motion="reduce")
        return someone

    stranger = Person(browser, live_server, "", language=language, sign_in=False)
    look(stranger.visit("/login"))
    stranger.close()
    for login, addresses in PAGES.items():
        for address in addresses[list(THEMES).index(language) :: 2]:  # each page in one language and one theme
            look(at_work(login).visit(address))
    lead = at_work("sun.lihua")
    for list_of, first in (("/inbox?box=claim", "#inbox-list [data-open]"), ("/complaints", "[data-row-link]")):
        page = lead.visit(list_of)
        look(page)
        page.goto(live_server + str(page.locator(first).first.get_attribute("href")))
        look(page)
    assert found == [], "\n".join(found)
