"""A designer adds a step with form and group to the complaint process, all of it at the browser.

It is complained about until it is right, tried, read as a difference and deployed; what runs stays or migrates.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from flask import Flask
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import func, select

import engine
from engine.tables import process_instance
from tests.support.application import database_of, drain
from tests.support.axe import violations
from tests.support.complaints import EVALUATION, Cases
from tests.support.person import Person

LOGIN = "lin.wanqing"
STEP = "second_look"
MANY = 50
SLOW = 30_000
TRIED = {
    "f-channel": "phone",
    "f-customer": "样例甲机床厂",
    "f-complaint_class": "quality",
    "f-sub_code_quality": "quality_malfunction",
    "f-severity": "normal",
    "f-verbatim": "机床漏油",
}
MIDDLE = """path => {
  const middle = path.getPointAtLength(path.getTotalLength() / 2).matrixTransform(path.getScreenCTM());
  return [middle.x, middle.y];
}"""


def edit(person: Person, draft: str, query: str = "") -> Page:
    """Open the diagram of a draft in its editor and wait until it is drawn."""
    page = person.visit(f"{draft}/edit/complaint.bpmn{query}")
    expect(page.locator("[data-editor][data-ready]")).to_have_attribute("data-ready", "yes", timeout=SLOW)
    return page


def put_on_flow(page: Page, flow: str) -> Locator:
    """A user task is chosen from the menu of the palette and put down on a flow; its properties are shown."""
    page.locator(".djs-palette .entry[data-action=create]").click()
    page.locator(".djs-popup input").fill("user task")
    page.locator(".djs-popup .entry", has_text="User task").first.click()
    line = page.locator(f"[data-canvas] g.djs-connection[data-element-id={flow}] > .djs-visual > path").first
    x, y = line.evaluate(MIDDLE)
    page.mouse.move(x - 40, y - 40)
    page.mouse.move(x, y, steps=4)
    page.mouse.click(x, y)
    page.keyboard.press("Escape")
    return page.locator("[data-properties]")


def saved(page: Page) -> None:
    page.keyboard.press("Control+s")
    expect(page.locator("[data-save-state]")).to_have_text(re.compile(r"Saved \d\d:\d\d"), timeout=SLOW)


def complaints_of(page: Page) -> Locator:
    """The errors of the list below the canvas."""
    return page.locator("[data-findings] .finding.is-error")


def draw_the_step(designer: Person, draft: str) -> None:
    """The step is complained about until it has a name in both languages, a group and a form."""
    page = edit(designer, draft, "?element=f_valid")
    panel = put_on_flow(page, "f_valid")
    expect(panel.locator("#bio-properties-panel-id")).to_have_value(re.compile("Activity_"))
    panel.locator("#bio-properties-panel-id").fill(STEP)
    panel.locator("#bio-properties-panel-name").fill("复核")
    saved(page)
    for words in ("has no English name", "The step has no form.", "There is no group “客户支持”."):
        expect(complaints_of(page).filter(has_text=words)).to_have_count(1, timeout=SLOW)
    panel.locator("#bio-properties-panel-english-name").fill("Second look")
    panel.locator("[data-group-id=group-people] .bio-properties-panel-group-header-title").click()
    panel.locator("#bio-properties-panel-candidate-groups-add").select_option("customer_support_lead")
    panel.locator("[data-group-id=group-form] .bio-properties-panel-group-header-title").click()
    panel.locator("#bio-properties-panel-form-key").select_option(f"complaint/{STEP}")
    saved(page)
    expect(complaints_of(page)).to_have_count(1, timeout=SLOW)
    expect(complaints_of(page)).to_contain_text(f"The form “complaint/{STEP}” is not among the files.")


def make_the_form(designer: Person, draft: str) -> None:
    """A field without an English label is complained about, too."""
    page = designer.visit(f"{draft}/forms")
    page.locator(f"input[name=task][value='complaint/{STEP}']").check()
    page.get_by_role("button", name="Create").first.click()
    page.get_by_label("Type of the new field").select_option("boolean")
    page.get_by_role("button", name="Add a field").click()
    page.locator("[name=p-name]").fill("careful")
    page.locator("[name=p-label_zh]").fill("仔细看过")
    page.get_by_role("button", name="Save the field").click()
    designer.visit(draft)
    expect(page.locator("#findings")).to_contain_text("1 error must be corrected")
    assert violations(page) == []
    designer.visit(f"{draft}/edit/complaint/{STEP}.json?field=2")
    page.locator("[name=p-label_en]").fill("Looked at with care")
    page.get_by_role("button", name="Save the field").click()
    designer.visit(draft)
    expect(page.locator("#findings")).not_to_contain_text("Error")


def try_it(designer: Person, draft: str) -> None:
    """A complaint of an invented customer comes to the new step."""
    page = designer.visit(f"{draft}/try")
    page.get_by_role("button", name="Begin").click()
    page.get_by_role("link", name="Start the process").click()
    designer.fill(**TRIED)
    page.locator("#trial-form button.btn-primary").click()
    page.locator("[data-waits=judge]").click()
    designer.fill(**{"f-outcome": "valid"})
    page.locator("#trial-form button.btn-primary").click()
    expect(page.locator(f"[data-waits={STEP}]")).to_contain_text("Second look")
    page.get_by_role("button", name="Close").click()


def deploy(designer: Person, draft: str) -> None:
    """The difference is read, and deployed with the reason."""
    page = designer.visit(f"{draft}/diff")
    expect(page.locator("#words")).to_contain_text(
        "New: step for people “Second look”, after “Is it valid?” and before “Propose a department”."
    )
    expect(page.locator("#words")).to_contain_text("“Outcome, Remark, Looked at with care”")
    expect(page.locator("#effects")).to_contain_text("Migrate by themselves")
    expect(page.locator("[data-side=new] .djs-container")).to_be_visible(timeout=SLOW)
    assert violations(page) == []
    page.get_by_label("What changes, and why").fill("质量事件须复核")
    page.locator("#deploy").get_by_role("button", name="Deploy").click()
    expect(page.locator(".alert-success")).to_contain_text("Complaint handling, version 2")


def running(app: Flask, version: int) -> int:
    here = process_instance.c.definition_id.like(f"complaint:{version}:%")
    with database_of(app).read() as session:
        return session.scalar(select(func.count()).where(here, process_instance.c.state == "active")) or 0


def migrate(designer: Person, app: Flask) -> None:
    """Everything that waits to be judged goes over, after a rehearsal."""
    before = running(app, 1)
    page = designer.visit("/designer/processes/complaint/migrate")
    page.locator("[name=which][value=node]").check()
    page.locator("[name=node]").select_option("judge")
    page.get_by_role("button", name="Rehearse").click()
    said = page.locator("#rehearsal [role=status]").inner_text(timeout=SLOW)
    count = int(re.findall(r"\d+", said)[0])
    assert count >= MANY and said.startswith(f"{count} of {count} instances would migrate."), said
    assert violations(page) == []
    page.get_by_label("Reason").fill("都要复核")
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Migrate", exact=True).click()
    page.wait_for_url(re.compile("/monitor/repairs/"))
    drain(database_of(app))
    assert (running(app, 1), running(app, 2)) == (before - count, count)


def look_again(person: Callable[..., Person], number: str) -> None:
    """The new step is done at the browser by the lead of customer support."""
    lead = person("sun.lihua")
    page = lead.visit(f"/inbox?box=claim&q={number}")
    page.locator("#inbox-list tr", has_text="Second look").locator("a[href*='/inbox/tasks/']").first.click()
    expect(page.locator("#task-form")).to_contain_text("Looked at with care")
    lead.fill(outcome="done", remark="同意")
    lead.send()


def roll_back(designer: Person) -> None:
    """Version 1 is deployed again as version 3."""
    page = designer.visit("/designer/processes/complaint")
    page.locator("#versions tbody tr").last.get_by_role("link", name="1", exact=True).click()
    assert violations(page) == []
    page.get_by_label("Reason").fill("先不复核")
    page.get_by_role("button", name="Roll back to version 1").click()
    expect(page.locator(".alert-success")).to_contain_text("version 3")
    designer.visit("/designer/processes/complaint")
    expect(page.locator("#versions tbody tr").first).to_contain_text("rolled back to version 1")


def test_a_step_is_added_tried_and_deployed_and_fifty_instances_migrate(
    app: Flask, clock: engine.VirtualClock, person: Callable[..., Person]
) -> None:
    cases, designer = Cases(app, clock), person(LOGIN)
    older = cases.to_visit()
    waiting = [cases.register() for _ in range(MANY)]
    page = designer.visit("/designer")
    page.get_by_role("row", name="Complaint handling").get_by_role("button", name="Open as draft").click()
    draft = re.sub(r"^https?://[^/]+", "", page.url)
    draw_the_step(designer, draft)
    make_the_form(designer, draft)
    try_it(designer, draft)
    deploy(designer, draft)

    cases.do(older, "return_visit", "wu.xiaoyan", outcome="satisfied", satisfaction=5, remarks="很满意")
    cases.do(older, "evaluate", "xie.wenbo", **EVALUATION)
    drain(database_of(app))
    assert cases.row(older).archived_at is not None and cases.row(older).policy_version == "v1"

    migrate(designer, app)
    newer = cases.register()
    for number in (newer, waiting[0]):
        cases.do(number, "judge", "sun.lihua", outcome="valid")
        assert cases.waiting(number) == [STEP]
    look_again(person, newer)
    assert cases.waiting(newer) == ["assign_department"]

    roll_back(designer)
    latest = cases.to_assignment()
    assert cases.waiting(latest) == ["assign_department"]
