"""What decides about a lead: how near the purchase is, which kind of prospect, three contacts, months, duplicates."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from flask import Flask

import engine
from app.errors import FieldErrors
from app.leads import queries
from app.leads.models import MaterialKind
from app.leads.service import materials
from app.leads.service.steps import months_between
from tests.support.application import database_of
from tests.support.leads import AGENT, CALLED, SELLER, Leads

TASKS = {
    "now": ["contact_now"],
    "three_months": ["advance_purchase"],
    "six_months": ["follow_up_detailed"],
    "one_year": ["follow_up_general"],
    "later": [],
}


@pytest.fixture
def leads(app: Flask, clock: engine.VirtualClock) -> Leads:
    """The leads of the demo company."""
    return Leads(app, clock)


def test_on_both_sides_of_every_boundary(leads: Leads) -> None:
    expected = {0: "now", 30: "now", 31: "three_months", 90: "three_months", 91: "six_months"}
    expected |= {180: "six_months", 181: "one_year", 365: "one_year", 366: "later"}
    for days, horizon in expected.items():
        number = leads.qualified(days, company=f"第{days}号机械厂", phone="")
        assert (days, leads.row(number).horizon, leads.waiting(number)) == (days, horizon, TASKS[horizon])


@pytest.mark.parametrize(
    ("earlier", "later", "months"),
    [
        (date(2026, 1, 31), date(2026, 2, 28), 1),
        (date(2026, 1, 31), date(2026, 3, 30), 1),
        (date(2026, 1, 15), date(2026, 1, 31), 0),
        (date(2024, 2, 29), date(2025, 2, 28), 12),
        (date(2026, 5, 10), date(2026, 2, 11), -2),
        (date(2026, 5, 10), date(2026, 2, 10), -3),
    ],
)
def test_months_are_counted_by_the_calendar(earlier: date, later: date, months: int) -> None:
    assert months_between(earlier, later) == months
    assert months_between(later, earlier) == -months


def test_the_three_kinds_of_prospect_and_what_each_is_offered(leads: Leads) -> None:
    wanted = [(["cad"], [], "A", "CAD"), (["capp"], ["cad"], "B", "CAPP"), (["erp"], ["cad", "capp"], "C", "PDM")]
    for wants, owns, kind, product in wanted:
        number = leads.qualified(100, company=f"{kind}类机械厂", phone="", wants=wants, owns=owns)
        assert (leads.row(number).kind, leads.row(number).product_code) == (kind, product)


def test_a_target_account_needs_three_people_with_names(leads: Leads) -> None:
    people = [{"name": name} for name in ("钱工", "孙工", "李工")]
    two = leads.qualified(100, target_account=True, contacts=[*people[:2], {"name": " 孙工"}])
    three = leads.qualified(100, company="另一家机床厂", phone="", target_account=True, contacts=people)
    assert leads.row(two).incomplete and not leads.row(three).incomplete


def test_whoever_qualifies_sees_what_may_be_the_same_prospect(leads: Leads) -> None:
    first = leads.qualified(100)
    second = leads.capture(company="青岛黎明机床厂 ", phone="")
    third = leads.capture(company="黎明机床", phone="(0532) 87654321")
    for number in (second, third):
        task = leads.task(number, "qualify")
        with database_of(leads.app).read() as session:
            lead = leads.row(number)
            found = queries.duplicates(session, company_key=lead.company_key, phone_key=lead.phone_key, without=number)
        assert first in [row.number for row in found] and task.node_id == "qualify"
    with pytest.raises(FieldErrors):
        leads.do(second, "qualify", AGENT, outcome="duplicate", duplicate_of=second)
    leads.do(second, "qualify", AGENT, outcome="duplicate", duplicate_of=first)
    leads.do(third, "qualify", AGENT, outcome="unsuitable", reason="只是打听价格")
    assert (leads.row(second).state, leads.row(second).duplicate_of) == ("closed", first)
    assert (leads.row(third).state, leads.row(third).close_reason) == ("closed", "只是打听价格")


def test_dates_that_cannot_be_are_refused(leads: Leads) -> None:
    number = leads.qualified(80)
    for outcome, days in (("advance", 80), ("later", -1), ("later", 5000)):
        day = str(leads.today() + timedelta(days=days))
        with pytest.raises(FieldErrors) as refused:
            leads.do(number, "advance_purchase", SELLER, **CALLED, outcome=outcome, purchase_date=day)
        assert list(refused.value.errors) == ["purchase_date"]
    assert leads.waiting(number) == ["advance_purchase"]


def test_there_is_a_pack_for_every_product_in_both_languages() -> None:
    assert materials.fitting(MaterialKind.DETAILED, "CAD").product == "CAD"
    assert materials.fitting(MaterialKind.DETAILED, "OA").product is None
    assert materials.fitting(MaterialKind.GENERAL, None).product is None
    for pack in materials.packs():
        for language in ("zh", "en"):
            assert pack.subject[language].strip() and "{link}" in pack.body[language]


def test_a_loss_keeps_its_reason_and_a_cancelled_process_its_operator(leads: Leads) -> None:
    number = leads.qualified(5)
    leads.send(number, SELLER, outcome="lost", lost_reason="rival", rival="某同行", text="选了别家")
    lead = leads.row(number)
    assert (lead.state, lead.lost_reason, lead.rival, lead.closed_by) == ("lost", "rival", "某同行", SELLER)
    other = leads.qualified(5, company="另一家", phone="")
    command = engine.CancelInstance(instance_id=str(leads.row(other).instance_id), reason="重复", actor="kang.ning")
    database_of(leads.app).write(lambda session: engine.execute(session, command))
    assert (leads.row(other).state, leads.row(other).close_reason) == ("closed", "kang.ning: 重复")
