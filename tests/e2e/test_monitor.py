"""The control room in a browser: what waits is found, what went wrong is put right, and who may not is refused."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

from flask import Flask
from playwright.sync_api import expect

import engine
from tests.support import errands
from tests.support.application import database_of, drain
from tests.support.axe import violations
from tests.support.complaints import Cases
from tests.support.person import Person


def test_a_complaint_that_waits_too_long_is_found_understood_and_given_to_somebody_else(
    app: Flask, clock: engine.VirtualClock, person: Callable[..., Person]
) -> None:
    cases = Cases(app, clock)
    number = cases.to_cause("centre_1", complaint_class="contract", sub_code="contract_terms", severity="critical")
    cases.pass_time(timedelta(days=4))
    supervisor = person("zhao.jianguo")
    page = supervisor.visit("/monitor/instances?process=complaint")
    page.get_by_role("checkbox", name="Overdue").check()
    page.get_by_role("combobox", name="Severity").select_option("critical")
    expect(page.locator("#instances-list tbody tr")).to_have_count(1)
    expect(page.locator("#instances-list")).to_contain_text(re.compile("Find the cause.*working hours late", re.DOTALL))
    page.locator("#saved-views summary").first.click()
    page.get_by_label("Save what is shown now as").fill("Critical and late")
    page.get_by_role("button", name="Save the view").click()
    expect(page.locator("#alerts")).to_contain_text("Critical and late")
    supervisor.picture("instances")
    assert violations(page) == []

    page.get_by_role("link", name=number).click()
    page.locator("keliu-diagram[data-ready=yes] .diagram-badge").first.wait_for()
    expect(page.locator("#now")).to_contain_text(re.compile("4 working hours from.*on the calendar", re.DOTALL))
    expect(page.locator("#activities [data-node=analyse_cause]")).to_contain_text("waits here")
    expect(page.locator("#course")).to_contain_text("Deadline reached: Find the cause")
    supervisor.picture("instance")
    assert violations(page) == []

    page.locator("#now").get_by_role("link", name="Give it to somebody else").click()
    page.get_by_label("To whom").select_option(index=1)
    page.get_by_role("button", name="Assign").click()
    expect(page.locator(".invalid-feedback")).to_contain_text("Say why.")
    page.get_by_label("Reason").fill("Nobody has taken it for four days")
    page.get_by_role("button", name="Assign").click()
    expect(page.locator("#alerts")).to_contain_text("has the task now")
    expect(page.locator("#course")).to_contain_text("Nobody has taken it for four days")
    expect(page.locator("#audit")).to_contain_text("Task assigned")
    assert cases.task(number, "analyse_cause").assignee
    supervisor.visit("/monitor/instances")
    page.locator("#saved-views summary").first.click()
    page.get_by_role("link", name="Critical and late").click()
    expect(page.locator("#instances-list tbody tr")).to_have_count(1)


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
