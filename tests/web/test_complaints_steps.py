"""The eight steps of a complaint: what each demands and what it leaves behind."""

from __future__ import annotations

import hashlib
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy.orm import Session

import engine
from app.business_objects import Started
from app.complaints import queries
from app.complaints.business import ComplaintObject
from app.complaints.models import ComplaintState
from app.errors import FieldErrors, NotAllowedHere
from app.notifications import queries as notices
from tests.support.application import database_of, principal_of
from tests.support.complaints import ACTION, ANALYSED, EVALUATION, RECORD, SOLUTION, WORDS, Cases


@pytest.fixture
def cases(app: Flask, clock: engine.VirtualClock) -> Cases:
    """The complaints of the demo company."""
    return Cases(app, clock)


def test_a_registered_complaint_waits_for_judgement_and_the_customer_is_told_at_once(cases: Cases) -> None:
    number = cases.register(customer_reference="KH-1")
    case = cases.row(number)
    assert cases.waiting(number) == ["judge"]
    assert case.acknowledged_at == cases.clock.now()
    assert (case.value_class, case.state) == ("A", ComplaintState.OPEN)
    assert case.verbatim == WORDS
    assert case.verbatim_sha256 == hashlib.sha256(WORDS.encode()).hexdigest()
    with database_of(cases.app).read() as session:
        assert [letter.template for letter in notices.outbox_of(session, number)] == ["complaint.acknowledgement"]


@pytest.mark.parametrize("missing", ["customer", "verbatim", "complaint_class", "channel"])
def test_nothing_is_registered_without_what_is_required(cases: Cases, missing: str) -> None:
    before = len(_numbers(cases))
    with pytest.raises(FieldErrors) as refused:
        cases.register(**{missing: None})
    assert missing in refused.value.errors
    assert len(_numbers(cases)) == before


def test_an_incomplete_message_waits_at_the_first_step_with_what_was_given(cases: Cases, app: Flask) -> None:
    person, values = principal_of(app, "li.na"), {"customer": cases.customer(), "verbatim": WORDS}
    database = database_of(app)

    def start(session: Session, **more: str) -> Started:
        given = {**values, **more}
        return ComplaintObject().start(session, person, given, source="message", may_wait=True)

    started = database.write(start)
    assert not started.completed_first
    assert cases.waiting(started.business_key) == ["record"]
    assert _context(cases, started.business_key, "record", "li.na").values["verbatim"] == WORDS
    case = cases.row(started.business_key)
    assert (case.state, case.verbatim) == (ComplaintState.RECORDING, None)
    given = {name: value for name, value in RECORD.items() if name != "verbatim"}
    cases.do(started.business_key, "record", "wu.xiaoyan", **given, customer=cases.customer())
    assert cases.row(started.business_key).verbatim == WORDS
    assert cases.waiting(started.business_key) == ["judge"]
    for wrong in ({"channel": "telepathy"}, {"summary": "\x00"}):
        with pytest.raises(FieldErrors):
            database.write(lambda session, wrong=wrong: start(session, **wrong))


def test_the_kind_belongs_to_the_class(cases: Cases) -> None:
    with pytest.raises(FieldErrors) as refused:
        cases.register(complaint_class="transport", sub_code="quality_defect")
    assert list(refused.value.errors) == ["sub_code_transport"]


def test_an_order_of_another_customer_is_refused(cases: Cases) -> None:
    with pytest.raises(FieldErrors) as refused:
        cases.register(customer=cases.customer("青岛海纺机械有限公司"), order="1")
    assert "order" in refused.value.errors


def test_a_reference_is_registered_once_per_source(cases: Cases) -> None:
    cases.register(customer_reference="KH-7")
    with pytest.raises(FieldErrors) as refused:
        cases.register(customer_reference="KH-7")
    assert "customer_reference" in refused.value.errors


def test_not_valid_needs_reason_and_reply_and_tells_the_customer(cases: Cases) -> None:
    number = cases.register()
    with pytest.raises(FieldErrors) as refused:
        cases.do(number, "judge", "sun.lihua", outcome="not_valid")
    assert set(refused.value.errors) == {"reason", "reply"}
    cases.do(number, "judge", "sun.lihua", outcome="not_valid", reason="不是我们的产品", reply="非常抱歉")
    assert cases.row(number).state == ComplaintState.NOT_VALID
    with database_of(cases.app).read() as session:
        assert "非常抱歉" in notices.outbox_of(session, number)[-1].body["zh"]
    cases.pass_time(timedelta(days=16))
    assert cases.row(number).result == "not_valid"
    assert cases.row(number).archived_at is not None


def test_another_department_than_the_proposed_one_needs_a_reason(cases: Cases) -> None:
    number = cases.to_assignment()
    with pytest.raises(FieldErrors) as refused:
        cases.do(number, "assign_department", "song.yaqin", outcome="assigned", departments=["logistics"])
    assert "override_reason" in refused.value.errors
    cases.do(number, "assign_department", "song.yaqin", outcome="assigned", departments=["development", "logistics"])
    assert cases.waiting(number) == ["analyse_cause", "contribute_analysis"]


@pytest.mark.parametrize(
    ("complaint_class", "kind", "department"),
    [
        ("quality", "quality_defect", "development"),
        ("contract", "contract_quantity", "centre_1"),
        ("transport", "transport_loss", "logistics"),
        ("service", "service_skill", "customer_department"),
    ],
)
def test_the_department_is_proposed_by_class(cases: Cases, complaint_class: str, kind: str, department: str) -> None:
    number = cases.to_assignment(complaint_class=complaint_class, sub_code=kind)
    cases.do(number, "assign_department", "song.yaqin", outcome="assigned", departments=[department])
    assert cases.row(number).proposed_department == department
    assert cases.task(number, "analyse_cause").candidate_groups == (department,)


def test_a_contract_complaint_of_an_offices_customer_goes_to_its_centre(cases: Cases) -> None:
    customer = cases.customer("青岛海纺机械有限公司")
    number = cases.to_assignment(customer=customer, complaint_class="contract", sub_code="contract_terms")
    cases.do(number, "assign_department", "song.yaqin", outcome="assigned", departments=["centre_3"])
    assert cases.row(number).responsible_department == "centre_3"


def test_the_cause_needs_a_code_and_a_person_or_a_reason(cases: Cases) -> None:
    number = cases.to_cause()
    with pytest.raises(FieldErrors) as refused:
        cases.do(number, "analyse_cause", "zou.kaiwen", outcome="analysed")
    assert {"cause_code", "responsibility", "five_whys"} <= set(refused.value.errors)
    nobody = {**ANALYSED, "responsibility": "none"}
    del nobody["responsible_person"]
    with pytest.raises(FieldErrors) as refused:
        cases.do(number, "analyse_cause", "zou.kaiwen", **nobody)
    assert list(refused.value.errors) == ["no_person_reason"]
    with pytest.raises(FieldErrors) as refused:
        cases.do(number, "analyse_cause", "zou.kaiwen", **{**ANALYSED, "responsible_person": "nobody"})
    assert list(refused.value.errors) == ["responsible_person"]


def test_after_the_third_refusal_the_cco_decides_and_nobody_refuses_again(cases: Cases) -> None:
    number = cases.to_cause()
    for refusal, who in enumerate(("song.yaqin", "song.yaqin", "lin.wanqing"), start=1):
        cases.do(number, "analyse_cause", "zou.kaiwen", outcome="refused", refusal_reason=f"不归我们 {refusal}")
        cases.do(number, "assign_department", who, outcome="assigned", departments=["development"])
    with pytest.raises(FieldErrors) as refused:
        cases.do(number, "analyse_cause", "zou.kaiwen", outcome="refused", refusal_reason="还是不归我们")
    assert list(refused.value.errors) == ["outcome"]
    cases.do(number, "analyse_cause", "zou.kaiwen", **ANALYSED)


def test_a_solution_needs_an_action_and_costs_what_its_lines_cost(cases: Cases) -> None:
    number = cases.to_solution()
    with pytest.raises(FieldErrors) as refused:
        cases.do(number, "propose_solution", "zou.kaiwen", **{**SOLUTION, "actions": []})
    assert "actions" in refused.value.errors
    with pytest.raises(FieldErrors) as refused:
        cases.do(number, "propose_solution", "zou.kaiwen", **{**SOLUTION, "actions": [{**ACTION, "owner": "nobody"}]})
    assert list(refused.value.errors) == ["actions.0.owner"]
    lines = [ACTION, {**ACTION, "cost": "99.50", "kind": "preventive"}]
    cases.do(number, "propose_solution", "zou.kaiwen", **{**SOLUTION, "actions": lines})
    assert str(cases.row(number).total_cost) == "1299.5"


def test_nobody_approves_the_own_solution(cases: Cases) -> None:
    number = cases.to_solution()
    cases.do(number, "propose_solution", "jia.wentao", **SOLUTION)
    with pytest.raises((engine.NotAllowed, NotAllowedHere)):
        cases.do(number, "approve_solution", "jia.wentao", outcome="approved")


def test_a_returned_solution_shows_the_instruction_and_keeps_what_was_typed(cases: Cases, app: Flask) -> None:
    number = cases.to_approval()
    with pytest.raises(FieldErrors) as refused:
        cases.do(number, "approve_solution", "jia.wentao", outcome="return_solution")
    assert list(refused.value.errors) == ["instruction"]
    cases.do(number, "approve_solution", "jia.wentao", outcome="return_solution", instruction="补偿太多")
    context = _context(cases, number, "propose_solution", "zou.kaiwen")
    assert context.values["instruction"] == "补偿太多"
    assert context.values["approval_round"] == 1
    assert context.values["solution"] == SOLUTION["solution"]
    cases.do(number, "propose_solution", "zou.kaiwen", **{**SOLUTION, "compensation": 100})
    assert cases.waiting(number) == ["approve_solution"]
    with database_of(app).read() as session:
        assert len(queries.actions(session, number)) == 1


def test_containment_may_begin_before_the_approval_and_is_shown_there(cases: Cases) -> None:
    number = cases.to_cause()
    cases.send(number, "complaint_containment", "wu.xiaoyan", "先发临时版本")
    cases.do(number, "take_containment", "xiong.wei", outcome="done", measure="已发临时版本")
    cases.do(number, "analyse_cause", "zou.kaiwen", **ANALYSED)
    cases.do(number, "propose_solution", "zou.kaiwen", **SOLUTION)
    shown = _context(cases, number, "approve_solution", "jia.wentao").values["containments"]
    assert "先发临时版本" in shown
    assert "已发临时版本" in shown
    cases.do(number, "approve_solution", "jia.wentao", outcome="approved")
    with pytest.raises(engine.MessageNotExpected):
        cases.send(number, "complaint_containment", "wu.xiaoyan", "太晚了")


def test_no_more_is_paid_than_was_approved(cases: Cases) -> None:
    number = cases.to_implementation()
    paid = {"outcome": "done", "paid_on": "2026-11-24", "method": "transfer"}
    with pytest.raises(FieldErrors) as refused:
        cases.do(number, "pay_compensation", "su.ting", paid_amount="800.01", **paid)
    assert list(refused.value.errors) == ["paid_amount"]
    cases.do(number, "pay_compensation", "su.ting", paid_amount="800", **paid)


def test_whoever_handled_the_case_does_not_make_the_return_visit(cases: Cases) -> None:
    number = cases.to_visit()
    assert "jia.wentao" in cases.task(number, "return_visit").excluded_users
    assert cases.row(number).paid_amount == 800


def test_a_dissatisfied_customer_starts_a_new_round(cases: Cases) -> None:
    number = cases.to_visit()
    cases.do(number, "return_visit", "wu.xiaoyan", outcome="dissatisfied", satisfaction=1, reason="还是死机")
    assert cases.row(number).round == 2
    assert cases.waiting(number) == ["analyse_cause"]


def test_three_calls_without_an_answer_lead_to_the_summary(cases: Cases) -> None:
    number = cases.to_visit()
    for who in ("wu.xiaoyan", "huang.shiyu", "zheng.kai"):
        cases.do(number, "return_visit", who, outcome="unreachable")
        cases.pass_time(timedelta(days=2))
    cases.do(number, "evaluate", "xie.wenbo", **EVALUATION)
    assert cases.row(number).satisfaction is None
    assert cases.row(number).archived_at is not None


def test_the_whole_course_ends_in_the_archive_without_gaps_in_responsibility(cases: Cases, app: Flask) -> None:
    number = cases.to_archive()
    case = cases.row(number)
    assert (case.state, case.result, case.satisfaction) == (ComplaintState.CLOSED, "resolved", 5)
    with database_of(app).read() as session:
        intervals = [row for row in queries.departments(session, number) if row.role != "contributing"]
        nodes = [step.node_id for step in queries.steps(session, number)]
    assert intervals[0].from_at == case.registered_at
    assert intervals[-1].to_at == case.archived_at
    assert all(one.to_at == following.from_at for one, following in zip(intervals, intervals[1:], strict=False))
    assert nodes[:6] == [
        "record",
        "judge",
        "assign_department",
        "analyse_cause",
        "propose_solution",
        "approve_solution",
    ]
    assert nodes[-2:] == ["return_visit", "evaluate"]


def test_an_amount_outside_of_like_cases_needs_a_reason(cases: Cases) -> None:
    for _case in range(5):
        cases.to_archive(sub_code="quality_tolerance")
    number = cases.to_solution(sub_code="quality_tolerance")
    context = _context(cases, number, "propose_solution", "zou.kaiwen")
    assert (context.values["usual_from"], context.values["usual_to"]) == (800, 800)
    assert "5" in context.overrides["remedies"]["help"]["en"]
    with pytest.raises(FieldErrors) as refused:
        cases.do(number, "propose_solution", "zou.kaiwen", **{**SOLUTION, "compensation": 900})
    assert list(refused.value.errors) == ["deviation_reason"]
    reason = {"compensation": 900, "deviation_reason": "停产两天"}
    cases.do(number, "propose_solution", "zou.kaiwen", **{**SOLUTION, **reason})


def test_an_operator_who_cancels_the_process_leaves_a_closed_record(cases: Cases, app: Flask) -> None:
    number = cases.register()
    case = cases.row(number)
    command = engine.CancelInstance(instance_id=str(case.instance_id), reason="重复登记", actor="kang.ning")
    database_of(app).write(lambda session: engine.execute(session, command))
    case = cases.row(number)
    assert (case.state, case.result) == (ComplaintState.CLOSED, "cancelled")
    assert "重复登记" in case.result_text


def _numbers(cases: Cases) -> list[str]:
    from sqlalchemy import select

    from app.complaints.models import Complaint

    with database_of(cases.app).read() as session:
        return list(session.scalars(select(Complaint.number)))


def _context(cases: Cases, number: str, node: str, login: str):  # type: ignore[no-untyped-def]
    with database_of(cases.app).read() as session:
        task = cases.task(number, node)
        return ComplaintObject().context(session, task, principal_of(cases.app, login))
