"""A complaint goes through its eight steps, carried by different people of six departments, in the browser."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

from flask import Flask
from playwright.sync_api import expect

from engine import VirtualClock
from tests.support.application import advance, database_of
from tests.support.person import Person

Someone = Callable[..., Person]
WORDS = "你们的 CAD 打开总装图就死机，今天已经第三次了！"


def register(someone: Someone, login: str, **answers: object) -> str:
    """Somebody of the call centre registers a complaint; returns its number."""
    caller = someone(login)
    caller.visit("/complaints/new")
    given = {
        "channel": "phone",
        "customer": "1",
        "complaint_class": "quality",
        "sub_code_quality": "quality_malfunction",
        "severity": "normal",
        "verbatim": WORDS,
        "amount": "3000",
    }
    caller.fill(**{**given, **answers})
    caller.page.locator("main form button.btn-primary[type=submit]").click()
    caller.page.wait_for_url(re.compile(r"/complaints/CMP-"))
    return caller.page.url.rsplit("/", 1)[1].split("?")[0]


def test_eight_people_carry_a_complaint_to_its_summary(app: Flask, clock: VirtualClock, person: Someone) -> None:
    number = register(person, "wu.xiaoyan")  # 1 customer support
    expect(person("wu.xiaoyan").page.locator("#verbatim")).to_have_text(WORDS)

    person("sun.lihua").does(number, "judge", outcome="valid")  # 2 its lead
    person("song.yaqin").does(  # 3 customer department
        number, "assign_department", departments=["development", "implementation"]
    )
    person("bai.lu").does(  # 4 development
        number,
        "analyse_cause",
        outcome="analysed",
        cause_code="software",
        cause_department="development",
        five_whys=[{"why": "Why does it crash?", "because": "The drawing is larger than memory."}],
        responsibility="person",
        responsible_person="xiong.wei",
    )
    person("wei.ran").does(number, "contribute_analysis", finding="The drawing was installed by us.")  # implementation
    person("zou.kaiwen").does(  # 5 development
        number,
        "propose_solution",
        remedies=["repair"],
        solution="Repair the memory handling and send an engineer.",
        actions=[
            {"description": "Repair", "kind": "corrective", "owner": "bai.lu", "due_on": "2026-12-01", "cost": "1200"}
        ],
        compensation="3000",
        prevention="Load test with large drawings.",
    )
    person("jia.wentao").does(number, "approve_solution", outcome="approved")  # 6 lead of development
    person("bai.lu").does(number, "perform_action", box="todo", result="Repaired, drawing opens.")  # 7
    person("su.ting").does(  # 7 finance
        number, "pay_compensation", paid_amount="3000", paid_on="2026-11-23", method="transfer"
    )
    person("ren.fang").does(  # 7 human resources
        number, "decide_penalty", outcome="process_cause", basis="The test plan lacked large drawings."
    )
    assert not person("li.na").sees_in_inbox(number)
    advance(database_of(app), clock, timedelta(days=7))
    person("li.na").does(number, "return_visit", outcome="satisfied", satisfaction="5")
    person("xie.wenbo").does(  # 8 customer department
        number,
        "evaluate",
        result="resolved",
        result_text="The customer works again.",
        lessons="Test with drawings as large as those of our customers.",
        prevention="Load test in every release.",
    )

    page = person("xie.wenbo").visit(f"/complaints/{number}/archive")
    for text in (WORDS, "The customer works again.", "Load test with large drawings."):
        expect(page.locator("main")).to_contain_text(text)
    expect(page.locator("main")).not_to_contain_text("The test plan lacked large drawings.")  # confidential
