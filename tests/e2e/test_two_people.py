"""Two people send the same task: one wins, the other reads who did it and loses nothing."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from playwright.sync_api import expect

from engine import VirtualClock
from tests.support.complaints import Cases
from tests.support.person import Person

Someone = Callable[..., Person]


@pytest.fixture
def cases(app: Flask, clock: VirtualClock) -> Cases:
    """Complaints that somebody else carried so far."""
    return Cases(app, clock)


def test_the_slower_one_reads_who_did_it_and_keeps_what_was_typed(person: Someone, cases: Cases) -> None:
    number = cases.register()
    first, second = person("sun.lihua"), person("ma.jun", language="zh")
    first.open_task(number, "judge")
    second.visit(first.page.url.removeprefix(first.address))
    first.fill(outcome="valid")
    second.fill(outcome="not_valid", reason="合同以外的要求", reply="很抱歉，本次诉求不在合同范围之内。")
    first.send()
    second.page.locator("#task-form button.btn-primary[type=submit]").click()
    expect(second.page.locator("main")).to_contain_text("孙丽华")
    expect(second.page.locator("main")).to_contain_text("合同以外的要求")
    page = second.visit(f"/complaints/{number}")
    expect(page.locator("#now")).to_contain_text("确定投诉处理责任部门")


def test_a_task_a_colleague_takes_disappears_by_itself(person: Someone, cases: Cases) -> None:
    number = cases.register()
    watcher = person("ma.jun")
    assert watcher.sees_in_inbox(number)
    person("sun.lihua").open_task(number, "judge")
    person("sun.lihua").page.locator("button:has-text('Claim')").first.click()
    expect(watcher.page.locator("#inbox-list a[href*='/inbox/tasks/']")).to_have_count(0, timeout=15_000)


def test_another_centre_does_not_even_learn_that_the_case_exists(person: Someone, cases: Cases) -> None:
    number = cases.to_assignment()
    person("song.yaqin").does(number, "assign_department", departments=["centre_1"], override_reason="Sold there.")
    assert person("sun.zhipeng").sees_in_inbox(number)
    assert person("chen.haoran").page.goto(f"{person('chen.haoran').address}/complaints/{number}").status == 404  # type: ignore[union-attr]  # a page was opened
