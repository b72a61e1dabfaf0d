"""What Keliu looks like, in both languages: the pictures of the documentation are taken here.

``KELIU_SCREENSHOTS=docs/screenshots pytest tests/e2e/test_pictures.py`` renews them; otherwise none is taken, and the
pages only have to fit their window.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from app.complaints.models import Complaint
from app.leads.models import FollowUp
from tests.support.application import database_of
from tests.support.person import Person

WIDTHS = (1280, 360)


def no_sideways(page: Page) -> None:
    """The page fits its window; anything wider scrolls inside of its own box."""
    too_wide = page.evaluate("() => document.documentElement.scrollWidth - window.innerWidth")
    assert too_wide <= 0, f"{page.url} is {too_wide} px too wide"


def on_desk_and_phone(someone: Person, name: str) -> None:
    """The page that is open fits both windows."""
    someone.page.wait_for_load_state("networkidle")
    expect(someone.page.locator("h1, h2").first).to_be_visible()
    for width in WIDTHS:
        someone.widen(width)
        no_sideways(someone.page)
        someone.picture(name if width > 500 else f"{name}.phone")
    someone.widen(WIDTHS[0])


@pytest.mark.parametrize("language", ["zh", "en"])
def test_pictures_of_login_inbox_task_complaint_and_archive(
    app: Flask, person: Callable[..., Person], language: str
) -> None:
    with database_of(app).read() as session:
        archived = session.scalars(select(Complaint.number).where(Complaint.archived_at.is_not(None)))
        closed = sorted(archived)[0]
        running = sorted(
            session.scalars(select(Complaint.number).where(Complaint.state == "open", Complaint.round >= 1))
        )[-1]
    someone = person("sun.lihua", language=language, width=WIDTHS[0])
    for name, path in {
        "inbox": "/inbox?box=claim",
        "complaints": "/complaints",
        "complaint": f"/complaints/{running}",
        "archive": f"/complaints/{closed}/archive",
        "register": "/complaints/new",
        "front-desk": "/matters/desk?customer=1",
        "matter": "/matters/CUS-2026-000001",
    }.items():
        shown = someone.visit(path)
        on_desk_and_phone(someone, name)
        if name == "complaint":
            drawing = shown.locator("keliu-diagram")
            drawing.scroll_into_view_if_needed()
            someone.picture("diagram", drawing)
    someone.visit("/inbox?box=claim").locator("#inbox-list a[href*='/inbox/tasks/']").first.click()
    someone.page.wait_for_url("**/inbox/tasks/**")
    on_desk_and_phone(someone, "task")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_pictures_of_a_lead_and_the_pool(app: Flask, person: Callable[..., Person], language: str) -> None:
    with database_of(app).read() as session:
        followed = session.scalars(select(FollowUp.number).where(FollowUp.actor == "qin.haiyan").order_by(FollowUp.id))
        number = followed.first()
    seller = person("qin.haiyan", language=language, width=WIDTHS[0])
    for name, path in {"lead": f"/leads/{number}", "pool": "/leads/pool", "leads-figures": "/leads/figures"}.items():
        seller.visit(path)
        on_desk_and_phone(seller, name)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_signing_in_at_the_page(browser: Browser, live_server: str, language: str) -> None:
    someone = Person(browser, live_server, "li.na", language=language, sign_in=False)
    page = someone.visit("/login")
    someone.picture("login")
    no_sideways(page)
    page.fill("[name=login]", "li.na")
    page.fill("[name=password]", "not the password")
    page.press("[name=password]", "Enter")
    expect(page.locator("[role=alert], .invalid-feedback").first).to_be_visible()
    expect(page.locator("[name=login]")).to_have_value("li.na")
    someone.sign_in()
    expect(page.locator("h1, h2").first).to_be_visible()
    someone.close()
