"""What reaches a running complaint, who may send it and how late."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask

import engine
from app.complaints import queries
from app.complaints.models import ComplaintState
from app.errors import FieldErrors, NotAllowedHere, NotVisible
from tests.support.application import database_of
from tests.support.complaints import PENALTY, Cases

MORE = {"outcome": "more_information", "information_wanted": "版本号"}
NOT_VALID = {"outcome": "not_valid", "reason": "不是我们的产品", "reply": "抱歉"}


@pytest.fixture
def cases(app: Flask, clock: engine.VirtualClock) -> Cases:
    """The complaints of the demo company."""
    return Cases(app, clock)


def test_the_clock_stands_still_until_the_customer_answers(cases: Cases, app: Flask) -> None:
    number = cases.register()
    cases.pass_time(timedelta(minutes=30))
    due = cases.task(number, "judge").due_at
    cases.do(number, "judge", "sun.lihua", **MORE)
    assert cases.row(number).state == ComplaintState.PAUSED
    cases.pass_time(timedelta(hours=2))
    cases.send(number, "complaint_information", "li.na", "8.2 版")
    assert cases.row(number).state == ComplaintState.OPEN
    again = cases.task(number, "judge").due_at
    assert due is not None
    assert again == due + timedelta(hours=2)
    with database_of(app).read() as session:
        [pause] = queries.pauses(session, number)
    assert (pause.reason, pause.ended_by, pause.to_at) == ("版本号", "information", cases.clock.now())


def test_without_an_answer_the_judgement_goes_on_after_five_working_days(cases: Cases, app: Flask) -> None:
    number = cases.register()
    cases.do(number, "judge", "sun.lihua", **MORE)
    cases.pass_time(timedelta(days=8))
    assert cases.waiting(number) == ["judge"]
    with database_of(app).read() as session:
        assert [pause.ended_by for pause in queries.pauses(session, number)] == ["time"]


def test_information_nobody_waits_for_is_refused(cases: Cases) -> None:
    number = cases.register()
    with pytest.raises(FieldErrors):
        cases.send(number, "complaint_information", "li.na", "8.2 版")


def test_a_verdict_is_contested_once_and_then_the_cco_judges(cases: Cases) -> None:
    number = cases.register()
    with pytest.raises(FieldErrors):
        cases.send(number, "complaint_contested", "li.na", "还没判")
    cases.do(number, "judge", "sun.lihua", **NOT_VALID)
    cases.send(number, "complaint_contested", "li.na", "就是你们的产品")
    assert cases.task(number, "judge").candidate_groups == ("cco",)
    cases.do(number, "judge", "lin.wanqing", **NOT_VALID)
    assert cases.row(number).result == "not_valid"
    assert cases.row(number).archived_at is not None
    with pytest.raises(FieldErrors):
        cases.send(number, "complaint_contested", "li.na", "再申诉")


def test_after_fifteen_days_nobody_contests(cases: Cases) -> None:
    number = cases.register()
    cases.do(number, "judge", "sun.lihua", **NOT_VALID)
    cases.clock.advance(timedelta(days=15, minutes=1))
    with pytest.raises(FieldErrors):
        cases.send(number, "complaint_contested", "li.na", "太晚了")


def test_a_withdrawal_needs_its_reason_and_the_cco_sees_it(cases: Cases) -> None:
    number = cases.to_cause()
    with pytest.raises(FieldErrors):
        cases.send(number, "complaint_withdrawn", "li.na", "")
    with pytest.raises(NotAllowedHere):
        cases.send(number, "complaint_withdrawn", "zou.kaiwen", "不想查了")
    cases.send(number, "complaint_withdrawn", "li.na", "客户自己解决了")
    assert cases.row(number).state == ComplaintState.WITHDRAWN
    assert cases.waiting(number) == ["review_withdrawal"]
    cases.do(number, "review_withdrawal", "lin.wanqing", outcome="seen", own_will="yes")
    case = cases.row(number)
    assert (case.state, case.result) == (ComplaintState.WITHDRAWN, "withdrawn")
    assert case.archived_at is not None


def test_the_penalised_employee_appeals_once_within_five_working_days(cases: Cases, app: Flask) -> None:
    number = cases.to_implementation()
    cases.do(number, "decide_penalty", "lu.siyuan", **PENALTY)
    with pytest.raises(NotAllowedHere):
        cases.send(number, "penalty_appealed", "bai.lu", "替他申诉")
    cases.send(number, "penalty_appealed", "xiong.wei", "不是我改的")
    with pytest.raises((FieldErrors, NotAllowedHere)):
        cases.send(number, "penalty_appealed", "xiong.wei", "再申诉一次")
    cases.do(number, "hear_appeal", "ren.fang", outcome="changed", penalty_kind="warning", explanation="确有他人参与")
    with database_of(app).read() as session:
        [appeal] = queries.appeals(session, number)
        [penalty] = queries.penalties(session, number)
    assert (appeal.outcome, appeal.new_kind, appeal.heard_by) == ("changed", "warning", "ren.fang")
    assert penalty.kind == "fine"


def test_after_five_working_days_the_penalty_stands(cases: Cases) -> None:
    number = cases.to_implementation()
    cases.do(number, "decide_penalty", "lu.siyuan", **PENALTY)
    cases.pass_time(timedelta(days=8))
    with pytest.raises((FieldErrors, NotAllowedHere)):
        cases.send(number, "penalty_appealed", "xiong.wei", "太晚了")


def test_unknown_messages_and_invisible_cases_are_not_expected(cases: Cases) -> None:
    number = cases.to_cause()
    with pytest.raises(engine.MessageNotExpected):
        cases.send(number, "complaint_nonsense", "li.na", "?")
    with pytest.raises(NotVisible):
        cases.send(number, "complaint_supplement", "wang.desheng", "?")
