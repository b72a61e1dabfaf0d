"""The control room in a browser: what waits is found, what went wrong is put right, and who may not is refused."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask
from playwright.sync_api import expect

import engine
from tests.support import errands
from tests.support.application import database_of, drain
from tests.support.axe import violations
from tests.support.person import Person


def test_twenty_incidents_of_one_cause_are_fixed_and_retried_in_one_go(
    app: Flask, person: Callable[..., Person]
) -> None:
    printer = errands.deploy(app)
    printer.broken = True
    errands.start(app, 20)
    assert len(errands.incidents(app)) == 20
    operator = person("kang.ning")
    page = operator.visit("/monitor/incidents")
    row = page.locator("#causes-list tr", has_text="paper jam in printer")
    expect(row).to_contain_text("20")
    row.get_by_role("link").first.click()
    page.locator("details summary", has_text="Detail").first.click()
    expect(page.locator(".trace").first).to_contain_text("RuntimeError")
    operator.picture("incidents-of-a-cause")

    printer.broken = False
    page.locator("#group-orders").get_by_role("link", name="Retry", exact=True).click()
    page.get_by_label("Reason").fill("The jam was cleared")
    page.get_by_role("button", name="Show what will happen").click()
    expect(page.locator("#preview")).to_contain_text("Tried now, it works.")
    operator.picture("retry-preview")
    assert violations(page) == []
    page.get_by_role("button", name="confirm for 20").dblclick()
    expect(page.locator("#repair-progress")).to_contain_text("0 of 20 done")
    drain(database_of(app))
    expect(page.locator("#repair-progress")).to_contain_text("20 of 20 done")  # by itself
    expect(page.locator("#repair table tbody tr")).to_have_count(20)
    assert errands.incidents(app) == []
    with database_of(app).read() as session:
        assert len(engine.queries.batches(session)) == 1
    operator.visit("/monitor/incidents")
    expect(page.get_by_text("Nothing went wrong")).to_be_visible()


def test_a_timer_is_moved_and_who_lacks_the_right_is_refused(app: Flask, person: Callable[..., Person]) -> None:
    errands.deploy(app)
    (errand,) = errands.start(app)
    operator = person("kang.ning")
    page = operator.visit("/monitor/timers?within=7&process=errand")
    expect(page.locator("#day-2026-11-26")).to_contain_text("1 timer")
    page.get_by_role("link", name="Why then").click()
    expect(page.locator("#why")).to_contain_text("P3D")
    page.get_by_role("link", name="Move", exact=True).click()
    page.get_by_label("Day and time").fill("2026-11-30T09:30")
    page.get_by_label("Reason").fill("The office is closed until Monday")
    page.get_by_role("button", name="Move", exact=True).click()
    expect(page.locator("#timers")).to_contain_text("30 Nov 2026, 09:30")
    operator.visit("/monitor/timers?process=errand")
    expect(page.locator("#day-2026-11-30")).to_contain_text("Monday")
    operator.picture("agenda-of-timers")

    supervisor = person("xu.wenqiang")
    refused = supervisor.visit(f"/monitor/instances/{errand}/repairs/cancel")
    expect(refused.locator("h1")).to_have_text("You may not do this")
    expect(refused.locator("main")).to_contain_text("Cancel process instances")
    (kept,) = errands.audited(app, "RecordRefusal", "xu.wenqiang")
    assert (kept.instance_id, kept.facts["permission"]) == (errand, "instance.cancel")
