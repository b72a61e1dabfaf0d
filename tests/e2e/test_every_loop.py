"""Every loop of the complaint process, in the browser.

Contested, refused, returned, raised, unreachable, dissatisfied, withdrawn.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from flask import Flask
from playwright.sync_api import expect

from engine import VirtualClock
from tests.e2e.test_eight_steps import register
from tests.support.application import advance, database_of
from tests.support.person import Person

Someone = Callable[..., Person]
CAUSE: dict[str, Any] = {
    "outcome": "analysed",
    "cause_code": "software",
    "cause_department": "development",
    "five_whys": [{"why": "Why?", "because": "Memory."}],
    "responsibility": "none",
    "no_person_reason": "A gap in the process.",
}
SOLUTION: dict[str, Any] = {
    "remedies": ["repair"],
    "solution": "Repair it.",
    "actions": [{"description": "Repair", "kind": "corrective", "owner": "bai.lu", "due_on": "2027-03-01"}],
    "compensation": "0",
    "prevention": "Test it.",
}


def tell(someone: Person, number: str, message: str, text: str) -> None:
    """Tell the case something from its page."""
    page = someone.visit(f"/complaints/{number}")
    entry = page.locator("#messages details", has=page.locator(f"form[action$='/{message}']"))
    entry.locator("summary").click()
    entry.locator("textarea").fill(text)
    page.on("dialog", lambda dialog: dialog.accept())
    entry.locator("button[type=submit]").click()
    page.wait_for_load_state()
    expect(page.locator(".invalid-feedback:visible")).to_have_count(0)


def implement(someone: Someone, number: str) -> None:
    """Step 7: the action is done and human resources decide."""
    someone("bai.lu").does(number, "perform_action", box="todo", result="Done.")
    someone("ren.fang").does(number, "decide_penalty", outcome="no_penalty", basis="Nobody is to blame.")


def test_contested_refused_returned_raised_and_never_reached(app: Flask, clock: VirtualClock, person: Someone) -> None:
    number = register(person, "wu.xiaoyan", severity="minor")
    person("sun.lihua").does(
        number, "judge", outcome="not_valid", reason="Outside of the contract.", reply="We cannot accept this claim."
    )
    tell(person("wu.xiaoyan"), number, "complaint_contested", "The contract covers it, page 4.")
    assert not person("sun.lihua").sees_in_inbox(number), "a contested complaint is judged by the CCO"
    person("lin.wanqing").does(number, "judge", outcome="valid")

    for login in ("bai.lu", "xiong.wei", "zou.kaiwen"):
        person("song.yaqin").does(number, "assign_department", departments=["development"])
        person(login).does(number, "analyse_cause", outcome="refused", refusal_reason="Not our module.")
    assert not person("song.yaqin").sees_in_inbox(number), "the third refusal goes to the CCO"
    person("lin.wanqing").does(number, "assign_department", departments=["development"])
    page = person("bai.lu").open_task(number, "analyse_cause")
    expect(page.locator("[name=outcome][value=refused]")).to_have_count(0)
    person("bai.lu").does(number, "analyse_cause", **CAUSE)

    person("zou.kaiwen").does(number, "propose_solution", **SOLUTION)
    person("jia.wentao").does(number, "approve_solution", outcome="return_solution", instruction="Name a date.")
    page = person("zou.kaiwen").open_task(number, "propose_solution")
    expect(page.locator("#task-form")).to_contain_text("Name a date.")
    person("zou.kaiwen").does(number, "propose_solution", **SOLUTION)
    person("jia.wentao").does(number, "approve_solution", outcome="return_cause", instruction="Ask why once more.")
    person("bai.lu").does(number, "analyse_cause", **CAUSE)
    person("zou.kaiwen").does(number, "propose_solution", **SOLUTION)
    person("jia.wentao").does(number, "approve_solution", outcome="raise_level", instruction="Too big for me.")
    assert not person("jia.wentao").sees_in_inbox(number)
    person("lin.wanqing").does(number, "approve_solution", outcome="approved")
    implement(person, number)

    for _ in range(3):
        advance(database_of(app), clock, timedelta(days=10))
        person("li.na").does(number, "return_visit", outcome="unreachable")
    person("xie.wenbo").does(
        number, "evaluate", result="resolved", result_text="Nobody answered.", lessons="None.", prevention="None."
    )
    page = person("xie.wenbo").visit(f"/complaints/{number}/archive")
    expect(page.locator("main")).to_contain_text("Nobody answered.")
