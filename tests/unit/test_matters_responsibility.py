"""Who had a matter at every minute of its life: no gap, no overlap, and every move counted."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

import engine
from app.bootstrap import registries
from app.inbox import service as inbox
from app.matters import timeline
from tests.support.application import database_of, principal_of
from tests.support.complaints import ANALYSED, EVALUATION, PENALTY, SOLUTION, Cases
from tests.support.matters import WORDS, Matters

MINUTES = timedelta(minutes=20)
ANSWERED: dict[str, Any] = {"outcome": "answered", "answer": "好的"}
REPLIED: dict[str, Any] = {"outcome": "replied", "channel": "phone", "reply": "好的"}


def test_department_and_person_are_known_for_every_minute(each_app: Flask, clock: engine.VirtualClock) -> None:
    matters = Matters(each_app, clock)
    received = clock.now() - timedelta(hours=2)
    number = matters.register(login="peng.cheng", channel="email", received_at=received.isoformat())
    matters.pass_time(MINUTES)
    matters.claim(number, "peng.cheng")
    matters.pass_time(MINUTES)
    matters.do(number, "classify", "peng.cheng", outcome="classified", kind="technical", summary="死机")
    matters.pass_time(MINUTES)
    matters.claim(number, "cao.yang")
    matters.pass_time(MINUTES)
    _assign(matters, number, "gao.xiang", "peng.cheng")
    matters.pass_time(MINUTES)
    matters.do(number, "answer_technical", "peng.cheng", outcome="escalate", reason="要看代码")
    matters.pass_time(MINUTES)
    matters.do(number, "handle_matter", "bai.lu", **ANSWERED)
    matters.pass_time(MINUTES)
    matters.claim(number, "li.na")
    matters.pass_time(MINUTES)
    matters.do(number, "reply_customer", "li.na", **REPLIED)
    held = [(row.department_key, row.person, row.to_at - row.from_at) for row in matters.holdings(number) if row.to_at]
    technical, support = "technical_support", "customer_support"
    assert held == [
        (technical, None, timedelta(hours=2)),  # it lay in the mailbox
        (technical, None, MINUTES),
        (technical, "peng.cheng", MINUTES),
        (technical, None, MINUTES),
        (technical, "cao.yang", MINUTES),
        (technical, "peng.cheng", MINUTES),
        ("development", None, MINUTES),
        (support, None, MINUTES),
        (support, "li.na", MINUTES),
    ]
    assert matters.way(number) == [(technical, "escalated", "development"), ("development", "answered", support)]
    with each_app.test_request_context(), database_of(each_app).read() as session:
        shown = timeline.responsibility(session, matters.row(number)).intervals
    assert [one.completed_by for one in shown if one.completed_by] == ["Lu Bai"]  # of the developers nobody claimed it
    row = matters.row(number)
    assert row.received_at == received and row.closed_at is not None
    assert sum((length for *_who, length in held), timedelta()) == row.closed_at - row.received_at
    matters.check_partition(number)


def test_who_completes_without_claiming_is_named_though_the_next_task_waits_in_the_same_department(
    app: Flask, clock: engine.VirtualClock
) -> None:
    matters = Matters(app, clock)
    number = matters.register(login="peng.cheng", channel="email")
    matters.pass_time(MINUTES)
    matters.do(number, "classify", "gao.xiang", outcome="classified", kind="technical", summary="死机")
    matters.pass_time(MINUTES)
    matters.do(number, "answer_technical", "cao.yang", **ANSWERED)
    with app.test_request_context(), database_of(app).read() as session:
        held = timeline.responsibility(session, matters.row(number)).intervals
    assert [(one.department, one.completed_by) for one in held] == [
        *(("Technical support", "Xiang Gao"), ("Technical support", "Yang Cao"), ("Customer support", "")),
    ]
    matters.pass_time(MINUTES)
    matters.do(number, "reply_customer", "li.na", **REPLIED)
    matters.check_partition(number)


def _assign(matters: Matters, number: str, by: str, to: str) -> None:
    task, objects = matters.task(number), registries(matters.app).business_objects
    person = principal_of(matters.app, by)
    database_of(matters.app).write(lambda session: inbox.reassign(session, person, objects, task.id, to, "急"))


def test_the_third_transfer_goes_to_the_cco_who_decides(app: Flask, clock: engine.VirtualClock) -> None:
    matters = Matters(app, clock)
    number = matters.classified("order")
    for group, following in (("logistics", "finance"), ("finance", "administration"), ("administration", "logistics")):
        assert matters.at(number) == ("handle_matter", (group,))
        matters.pass_time(MINUTES)
        values = {"outcome": "declined", "reason": f"不归{group}", "next_department": following}
        matters.do(number, "handle_matter", matters.member(group), **values)
    assert matters.at(number) == ("cco_decide", ("cco",)) and matters.row(number).transfers == 3
    history = matters.form(number, "lin.wanqing").values["history"]
    assert [part in history for part in ("不归logistics", "不归finance", "不归administration")] == [True] * 3
    values = {"outcome": "route", "target": "department", "department": "logistics", "hours": 4, "reason": "是你的"}
    matters.do(number, "cco_decide", "lin.wanqing", copies=["finance"], **values)
    assert matters.at(number) == ("handle_matter", ("logistics",))
    matters.do(number, "handle_matter", matters.member("logistics"), **ANSWERED)
    matters.do(number, "reply_customer", "li.na", **REPLIED)
    assert [(kind, to) for _from, kind, to in matters.way(number)] == [
        *(("routed", "logistics"), ("declined", "finance"), ("declined", "administration"), ("declined", "cco")),
        *(("decided", "logistics"), ("answered", "customer_support")),
    ]
    assert matters.row(number).hops == 6
    matters.check_partition(number)


def test_a_missed_deadline_goes_to_the_cco(app: Flask, clock: engine.VirtualClock) -> None:
    matters = Matters(app, clock)
    number = matters.classified("inquiry")
    matters.claim(number, "sun.zhipeng")
    matters.pass_time(timedelta(days=2))
    assert matters.at(number) == ("cco_decide", ("cco",))
    assert matters.way(number)[-1] == ("centre_1", "overdue", "cco")
    assert matters.row(number).transfers == 0 and matters.row(number).handler is None
    values = {"outcome": "route", "target": "technical", "hours": 2, "reason": "技术支持更快"}
    matters.do(number, "cco_decide", "lin.wanqing", **values)
    assert matters.at(number) == ("answer_technical", ("technical_support",))
    matters.do(number, "answer_technical", "cao.yang", **ANSWERED)
    matters.do(number, "reply_customer", "li.na", **REPLIED)
    matters.check_partition(number)


@pytest.mark.parametrize("kind", ["order", "suggestion"])
def test_departments_that_both_claim_it_leave_it_to_the_cco(app: Flask, clock: engine.VirtualClock, kind: str) -> None:
    matters = Matters(app, clock)
    number = matters.classified(kind, amount="100000")
    expected = {"order": ("cco_decide", ("cco",)), "suggestion": ("handle_matter", ("development",))}
    assert matters.at(number) == expected[kind]


def test_a_matter_that_became_a_complaint_is_followed_through_it(app: Flask, clock: engine.VirtualClock) -> None:
    matters, cases = Matters(app, clock), Cases(app, clock)
    number = matters.classified("complaint", customer_id=matters.customer(), contact_id=matters.contact())
    row = matters.row(number)
    assert row.state == "waiting" and row.complaint_number is not None and matters.waiting(number) == []
    complaint = cases.row(row.complaint_number)
    assert (complaint.verbatim, complaint.verbatim_sha256) == (WORDS, row.verbatim_sha256)
    assert complaint.instance_id is not None and complaint.received_at == row.received_at
    person = principal_of(app, "li.na")
    task = cases.task(complaint.number, "record")
    with app.test_request_context(), database_of(app).read() as session:
        context = matters.other("complaint").context(session, task, person)
    assert context.values["customer"] == matters.customer() and context.overrides["verbatim"]["readonly"]
    record = {"complaint_class": "quality", "sub_code_quality": "quality_malfunction", "severity": "normal"}
    cases.do(complaint.number, "record", "li.na", **record)
    assert cases.row(complaint.number).verbatim == WORDS
    matters.pass_time(MINUTES)
    assert matters.row(number).department == "customer_support"
    cases.do(complaint.number, "judge", "sun.lihua", outcome="valid")
    assert matters.row(number).department == "customer_department"
    matters.pass_time(MINUTES)
    assigned = {"outcome": "assigned", "departments": ["development"]}
    cases.do(complaint.number, "assign_department", "song.yaqin", **assigned)
    assert matters.row(number).department == "development"
    matters.check_partition(number)
    _finish(cases, complaint.number)
    matters.settle()
    row = matters.row(number)
    assert row.state == "closed" and row.answered_at is not None
    assert {kind for _from, kind, _to in matters.way(number)} == {"complaint"}
    matters.check_partition(number)


def _finish(cases: Cases, number: str) -> None:
    """From the analysis to the archive."""
    cases.do(number, "analyse_cause", "zou.kaiwen", **ANALYSED)
    cases.do(number, "propose_solution", "zou.kaiwen", **SOLUTION)
    cases.do(number, "approve_solution", "jia.wentao", outcome="approved")
    cases.do(number, "perform_action", "bai.lu", outcome="done", result="已发布", actual_cost=1100)
    paid = {"paid_amount": 800, "paid_on": "2026-11-23", "method": "transfer"}
    cases.do(number, "pay_compensation", "su.ting", outcome="done", **paid)
    cases.do(number, "decide_penalty", "lu.siyuan", **PENALTY)
    cases.pass_time(timedelta(days=7))
    cases.do(number, "return_visit", "wu.xiaoyan", outcome="satisfied", satisfaction=5, remarks="很满意")
    cases.do(number, "evaluate", "xie.wenbo", **EVALUATION)
    cases.do(number, "thank_customer", "xie.wenbo", outcome="done", manner="call", note="感谢")
