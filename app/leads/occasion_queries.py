"""What customers bought and when, as far as it is a reason to speak to them again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from itertools import pairwise

from sqlalchemy import and_, case, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from app.customers.models import Customer, CustomerOrder, Product, ValueClass
from app.leads.models import UNFINISHED, Lead, LeadOccasion, LeadState

Order = CustomerOrder


def ladder(session: Session) -> list[tuple[Product, Product]]:
    """Each product with the one customers usually buy next, both on sale."""
    following = aliased(Product)
    statement = select(Product, following).join(following, following.code == Product.next_code)
    return [(row[0], row[1]) for row in session.execute(statement.where(following.active).order_by(Product.id))]


def owners_without(session: Session, product_id: int, next_id: int, since: date) -> list[tuple[int, date]]:
    """Customers who bought the product on or before ``since`` and never the next one; when they first did."""
    other = aliased(Order)
    went_on = exists().where(other.customer_id == Order.customer_id, other.product_id == next_id)
    first = func.min(Order.ordered_on)
    statement = (
        select(Order.customer_id, first)
        .where(Order.product_id == product_id, ~went_on)
        .group_by(Order.customer_id)
        .having(first <= since)
        .order_by(Order.customer_id)
    )
    return [(row[0], row[1]) for row in session.execute(statement) if row[1] is not None]


def went_on(session: Session, code: str, next_code: str, since: date) -> tuple[int, int]:
    """How many customers bought the product on or before ``since``, and how many of them the next one by now."""
    product, other = aliased(Product), aliased(Order)
    has_next = exists().where(
        other.customer_id == Order.customer_id, other.product_id == product.id, product.code == next_code
    )
    owners = (
        select(Order.customer_id, func.max(case((has_next, 1), else_=0)).label("went_on"))
        .join(Product, Product.id == Order.product_id)
        .where(Product.code == code)
        .group_by(Order.customer_id)
        .having(func.min(Order.ordered_on) <= since)
        .subquery()
    )
    known, bought = session.execute(
        select(func.count(), func.coalesce(func.sum(owners.c.went_on), 0)).select_from(owners)
    ).one()
    return int(known), int(bought)


def lost_between(session: Session, first: datetime, last: datetime) -> list[Lead]:
    """Leads of important customers lost from ``first`` and before ``last``, the latest of each customer
    (ix_lead_lost_at)."""
    important = or_(Customer.value_class == ValueClass.A.value, Lead.target_account)
    statement = (
        select(Lead)
        .join(Customer, Customer.id == Lead.customer_id)
        .where(Lead.state == LeadState.LOST.value, Lead.lost_at >= first, Lead.lost_at < last, important)
        .order_by(Lead.lost_at.desc(), Lead.number)
    )
    latest: dict[int | None, Lead] = {}
    for lead in session.scalars(statement):
        latest.setdefault(lead.customer_id, lead)
    return list(latest.values())


def bought_each_year(session: Session, begins: Sequence[date], end: date, top: int) -> list[tuple[int, Decimal]]:
    """Customers who bought in each of the years that begin on these days (the last one ends before ``end``), and for
    how much in all; the ``top`` largest (ix_customer_order_ordered_on)."""
    years = [and_(Order.ordered_on >= first, Order.ordered_on < last) for first, last in pairwise([*begins, end])]
    amount = func.sum(Order.amount)
    statement = (
        select(Order.customer_id, amount)
        .where(or_(*years))
        .group_by(Order.customer_id)
        .having(and_(*(func.sum(case((year, 1), else_=0)) > 0 for year in years)))
        .order_by(amount.desc(), Order.customer_id)
        .limit(top)
    )
    return [(row[0], row[1] or Decimal(0)) for row in session.execute(statement)]


def spending(session: Session, since: date, until: date) -> list[tuple[int, Decimal, Decimal]]:
    """Customers whose yearly software money is known: what they spent with us from ``since`` and before ``until``, and
    all they spend."""
    within = and_(Order.customer_id == Customer.id, Order.ordered_on >= since, Order.ordered_on < until)
    statement = (
        select(Customer.id, func.sum(Order.amount), Customer.software_spend)
        .outerjoin(Order, within)
        .where(Customer.software_spend > 0)
        .group_by(Customer.id, Customer.software_spend)
        .order_by(Customer.id)
    )
    return [(row[0], row[1] or Decimal(0), row[2]) for row in session.execute(statement) if row[2]]


def bought(session: Session, customer_id: int) -> list[str]:
    """Codes of the products a customer has."""
    statement = select(Product.code).join(Order, Order.product_id == Product.id)
    return list(session.scalars(statement.where(Order.customer_id == customer_id).distinct().order_by(Product.code)))


def not_bought(session: Session, customer_id: int) -> str | None:
    """The first product on sale that the customer does not have."""
    has = exists().where(Order.customer_id == customer_id, Order.product_id == Product.id)
    return session.scalar(select(Product.code).where(Product.active, ~has).order_by(Product.id).limit(1))


def customers_with_running_leads(session: Session) -> frozenset[int]:
    """Customers somebody is speaking to already."""
    statement = select(Lead.customer_id).where(Lead.state.in_(UNFINISHED), Lead.customer_id.is_not(None))
    return frozenset(found for found in session.scalars(statement.distinct()) if found is not None)


def occasion(session: Session, number: str) -> LeadOccasion | None:
    """Why the system captured this lead; None when somebody did."""
    return session.get(LeadOccasion, number)
