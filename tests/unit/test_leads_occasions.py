"""Each night the system finds customers to speak to again, by rules a designer may change, once for each reason."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal

import pytest
from flask import Flask
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

import engine
from app.customers import service as customers
from app.customers.models import CustomerOrder, Product
from app.leads import occasion_words, source_figures
from app.leads.figures import Period
from app.leads.models import Lead, LeadOccasion, Occasion, SourceCost
from app.leads.service import costs, occasions
from app.leads.service.steps import today
from tests.support.application import advance, database_of, drain, principal_of
from tests.support.leads import Leads
from tests.web.test_leads_figures import PERIOD, fill

LOST = {"outcome": "lost", "lost_reason": "price", "rival": "华南软件", "channel": "phone", "text": "太贵"}


@pytest.fixture
def leads(app: Flask, clock: engine.VirtualClock) -> Leads:
    """A company whose customers bought nothing yet and that follows up no lead."""

    def empty(session: Session) -> None:
        session.execute(update(Lead).values(customer_id=None))
        session.execute(delete(CustomerOrder))

    database_of(app).write(empty)
    return Leads(app, clock).alone()


def _customer(leads: Leads, name: str, *orders: tuple[str, int, int], **facts: object) -> int:
    """A customer with orders: product, days ago, yuan."""

    def add(session: Session) -> int:
        customer = customers.create(session, "li.na", {"name": name, **facts})
        day = today(session)
        for number, (code, days, amount) in enumerate(orders):
            product = session.scalars(select(Product.id).where(Product.code == code)).one()
            order = CustomerOrder(number=f"{name}-{number}", customer_id=customer.id, product_id=product)
            order.ordered_on, order.amount = day - timedelta(days=days), Decimal(amount)
            session.add(order)
        return customer.id

    return database_of(leads.app).write(add)


def _due(leads: Leads, kind: Occasion) -> list[int]:
    with database_of(leads.app).read() as session:
        return [found.customer_id for found in occasions.due(session)[kind]]


def test_who_has_had_a_product_for_a_year_is_offered_the_next_one(leads: Leads) -> None:
    ready = _customer(leads, "用了一年", ("CAD", 365, 1))
    _customer(leads, "刚刚购买", ("CAD", 364, 1))
    _customer(leads, "已经有了", ("CAD", 800, 1), ("CAPP", 700, 1))
    assert _due(leads, Occasion.NEXT_PRODUCT)[:1] == [ready]
    with database_of(leads.app).read() as session:
        rule = occasions.rule(session, Occasion.NEXT_PRODUCT)
        assert rule is not None
        few = occasions.chance(session, "CAD", "CAPP", rule, today(session))
        assert (few.known, few.bought, few.percent, few.assumed) == (2, 1, 90.0, True)
    for number in range(28):
        _customer(leads, f"老客户{number}", ("CAD", 900, 1), *([("CAPP", 100, 1)] if number < 11 else []))
    with database_of(leads.app).read() as session:
        many = occasions.chance(session, "CAD", "CAPP", rule, today(session))
        assert (many.known, many.bought, many.percent, many.assumed) == (30, 12, 40.0, False)


@pytest.mark.parametrize(("days", "value", "expected"), [(729, "A", True), (731, "A", False), (729, "B", False)])
def test_important_customers_lost_within_two_years_are_won_back(
    leads: Leads, days: int, value: str, expected: bool
) -> None:
    customer = _customer(leads, "失去的机床厂", value_class=value)
    number = leads.qualified(10, company="失去的机床厂", phone="")
    leads.do(number, "contact_now", "qin.haiyan", **LOST)

    def long_ago(session: Session) -> None:
        session.get_one(Lead, number).lost_at = engine.now(session) - timedelta(days=days)

    database_of(leads.app).write(long_ago)
    assert (customer in _due(leads, Occasion.WIN_BACK)) is expected


def test_the_largest_of_those_who_buy_every_year_are_visited(leads: Leads) -> None:
    every_year = [("CAD", days, 1_000) for days in (30, 400, 800)]
    loyal = [_customer(leads, f"忠诚客户{n}", *every_year, ("PDM", 31, n)) for n in range(12)]
    _customer(leads, "去年没有买", ("CAD", 30, 99_000), ("CAD", 800, 99_000))
    assert _due(leads, Occasion.VISIT) == loyal[:1:-1]


def test_who_spends_most_of_the_money_elsewhere_is_offered_a_trial(leads: Leads) -> None:
    small = _customer(leads, "只买了一点", ("CAD", 30, 29_999), ("CAD", 400, 50_000), software_spend=Decimal(100_000))
    _customer(leads, "三成", ("CAD", 30, 30_000), software_spend=Decimal(100_000))
    _customer(leads, "不知道花多少", ("CAD", 30, 1))
    assert _due(leads, Occasion.WALLET_SHARE) == [small]


def test_every_night_each_reason_becomes_one_lead_that_says_why(leads: Leads, clock: engine.VirtualClock) -> None:
    database = database_of(leads.app)
    _customer(leads, "用了一年", ("CAD", 365, 1), contacts=[{"name": "周工", "phone": "0532-1"}])
    database.write(occasions.begin)
    database.write(occasions.begin)
    advance(database, clock, timedelta(days=3))
    with database.read() as session:
        (lead,) = session.scalars(select(Lead).where(Lead.source == Occasion.NEXT_PRODUCT.value)).all()
        assert (lead.company, lead.contact_name, lead.product_code) == ("用了一年", "周工", "CAPP")
        assert lead.captured_at - clock.now() < timedelta(days=-2)
        assert session.get_one(LeadOccasion, lead.number).facts["percent"] == 90.0
    assert leads.waiting(lead.number) == ["qualify"]
    with leads.app.test_request_context(headers={"Accept-Language": "en"}), database.read() as session:
        said = occasion_words.reason_of(session, session.get_one(Lead, lead.number))
    assert said.startswith("Has Yongxing CAD since ") and "90 % are assumed" in said
    leads.do(lead.number, "qualify", "li.na", outcome="unsuitable", reason="已经停产")
    drain(database)
    advance(database, clock, timedelta(days=2))
    with database.read() as session:
        assert len(session.scalars(select(Lead).where(Lead.source == Occasion.NEXT_PRODUCT.value)).all()) == 1


def _heard(session: Session, ways: Sequence[str]) -> None:
    for index, lead in enumerate(session.scalars(select(Lead).where(Lead.number.like("LEAD-2020-000%")))):
        lead.heard_from = ways[index % len(ways)]


def test_sources_are_ranked_by_what_a_win_costs(app: Flask) -> None:
    database = database_of(app)
    database.write(fill)
    database.write(lambda session: _heard(session, ["exhibition", "web"]))  # 40 leads each, 10 of the 20 wins each
    known = {"exhibition": "", "web": "", "friend": ""}
    for way, month, amount in (
        ("exhibition", "2020-09", "30,000"),
        ("exhibition", "2020-11", "20000"),
        ("web", "2020-10", "1"),
        ("web", "2020-10", "8000"),
        ("web", "2020-08", "99999"),
        ("friend", "2020-10", "500"),
    ):
        given = {"heard_from": way, "month": month, "amount": amount}
        database.write(lambda session, given=given: costs.keep(session, "lin.wanqing", given, known) and None)
    with database.read() as session:
        found = source_figures.sources(session, principal_of(app, "lin.wanqing"), PERIOD)
        assert len(session.scalars(select(SourceCost)).all()) == 5
    ranked = [(row.key, row.leads, row.won, row.cost, row.per_win) for row in found]
    assert [row[0] for row in ranked] == ["web", "exhibition", "friend"]
    web, exhibition, friend = found
    assert (web.cost, exhibition.cost, friend.cost) == (8_000, 50_000, 500)
    assert web.won + exhibition.won == 20 and web.leads + exhibition.leads == 80
    assert web.per_win == (Decimal(8_000) / web.won).quantize(Decimal("0.01"))
    assert friend.per_win is None and friend.per_lead is None
    assert isinstance(PERIOD, Period) and PERIOD.first == date(2020, 9, 1)
