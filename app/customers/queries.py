"""Customers as rows, within what a person may see."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, Select, cast, false, select
from sqlalchemy.orm import Session

from app.customers.models import Contact, Contract, Customer, CustomerOrder, Product
from app.db import search
from app.security import Principal, scope

SEARCH_KIND = "customer"
OPTION_LIMIT = 20
LARGEST_ID = 2**63 - 1
"""No database keeps a larger one; asking for it is an error, not an empty answer."""
SEES_ALL = ("complaint.view_all", "complaint.register")
"""Who hears of every customer: the CCO and the call centre."""


@dataclass(frozen=True, slots=True)
class CustomerRow:
    """A customer."""

    id: int
    name: str
    name_en: str
    short_name: str
    value_class: str
    region: str
    industry: str
    department_key: str | None
    phone: str
    address: str
    remark: str
    software_spend: Decimal | None
    source: str
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class ContactRow:
    """A person at a customer."""

    id: int
    customer_id: int
    name: str
    position: str
    phone: str
    email: str
    language: str
    is_main: bool


@dataclass(frozen=True, slots=True)
class ProductRow:
    """Something the company sells."""

    id: int
    code: str
    name: str
    name_en: str
    next_code: str | None

    def title(self, language: str) -> str:
        """The name in ``language``."""
        return self.name_en if language == "en" and self.name_en else self.name


@dataclass(frozen=True, slots=True)
class ContractRow:
    """A contract of sale with its seven terms."""

    id: int
    number: str
    customer_id: int
    department_key: str | None
    title: str
    signed_on: date | None
    amount: Decimal | None
    quantity: str
    grade: str
    specification: str
    delivery_time: str
    delivery_place: str
    settlement: str
    trade_terms: str


@dataclass(frozen=True, slots=True)
class OrderRow:
    """An order."""

    id: int
    number: str
    customer_id: int
    contract_id: int | None
    product_id: int | None
    quantity: int
    amount: Decimal | None
    ordered_on: date | None
    delivered_on: date | None
    carrier: str
    waybill: str


def visible(principal: Principal) -> Select[int]:
    """Ids of the customers this person may see: all for the call centre and the CCO, else those the own department or
    one below it sold to (index department_key, id)."""
    statement = select(Customer.id)
    if not principal.has("customer.view"):
        return statement.where(false())
    if any(principal.has(permission) for permission in SEES_ALL):
        return statement
    return statement.where(Customer.department_key.in_(scope.departments_in_subtree(principal)))


def rows() -> Select[*tuple[Any, ...]]:
    """The columns of :class:`CustomerRow`, in its order."""
    return select(*(getattr(Customer, name) for name in CustomerRow.__dataclass_fields__))


def customer(session: Session, customer_id: int) -> CustomerRow | None:
    """One customer, or None."""
    if customer_id > LARGEST_ID:
        return None
    row = session.execute(rows().where(Customer.id == customer_id)).one_or_none()
    return CustomerRow(*row) if row else None


def visible_customer(session: Session, principal: Principal, customer_id: int) -> CustomerRow | None:
    """One customer if this person may see it."""
    if customer_id > LARGEST_ID:
        return None
    statement = rows().where(Customer.id == customer_id, Customer.id.in_(visible(principal)))
    row = session.execute(statement).one_or_none()
    return CustomerRow(*row) if row else None


def visible_names(session: Session, principal: Principal, ids: Iterable[int]) -> dict[int, str]:
    """The names of those of these customers that this person may see."""
    statement = select(Customer.id, Customer.name).where(Customer.id.in_(set(ids)), Customer.id.in_(visible(principal)))
    return {row[0]: row[1] for row in session.execute(statement)}


def options(session: Session, principal: Principal, text: str) -> list[CustomerRow]:
    """Customers to choose from while typing a name, initials or telephone number; at most twenty, by name."""
    statement = rows().where(Customer.id.in_(visible(principal)))
    if text.strip():
        statement = statement.where(matching(session, text))
    found = session.execute(statement.order_by(Customer.name, Customer.id).limit(OPTION_LIMIT))
    return [CustomerRow(*row) for row in found]


def matching(session: Session, text: str) -> Any:
    """A condition on ``Customer.id``: the search index knows the words of ``text``."""
    refs = search.matching(SEARCH_KIND, text, session.get_bind().dialect.name).subquery()
    return Customer.id.in_(select(cast(refs.c.ref, BigInteger)))


def contacts(session: Session, customer_id: int) -> list[ContactRow]:
    """The contacts of a customer, the main one first (index customer_id)."""
    statement = (
        select(*(getattr(Contact, name) for name in ContactRow.__dataclass_fields__))
        .where(Contact.customer_id == customer_id)
        .order_by(Contact.is_main.desc(), Contact.id)
    )
    return [ContactRow(*row) for row in session.execute(statement)]


def contact(session: Session, contact_id: int | None) -> ContactRow | None:
    """One contact, or None."""
    if contact_id is None or contact_id > LARGEST_ID:
        return None
    statement = select(*(getattr(Contact, name) for name in ContactRow.__dataclass_fields__))
    row = session.execute(statement.where(Contact.id == contact_id)).one_or_none()
    return ContactRow(*row) if row else None


def products(session: Session) -> list[ProductRow]:
    """What the company sells now."""
    statement = select(Product.id, Product.code, Product.name, Product.name_en, Product.next_code)
    return [ProductRow(*row) for row in session.execute(statement.where(Product.active).order_by(Product.id))]


def product(session: Session, product_id: int | None) -> ProductRow | None:
    """One product, or None."""
    if product_id is None:
        return None
    statement = select(Product.id, Product.code, Product.name, Product.name_en, Product.next_code)
    row = session.execute(statement.where(Product.id == product_id)).one_or_none()
    return ProductRow(*row) if row else None


def contracts(session: Session, customer_id: int) -> list[ContractRow]:
    """The contracts of a customer, the newest first (index customer_id)."""
    statement = _contracts().where(Contract.customer_id == customer_id)
    return [ContractRow(*row) for row in session.execute(statement.order_by(Contract.signed_on.desc(), Contract.id))]


def contract(session: Session, contract_id: int | None) -> ContractRow | None:
    """One contract, or None."""
    if contract_id is None:
        return None
    row = session.execute(_contracts().where(Contract.id == contract_id)).one_or_none()
    return ContractRow(*row) if row else None


def _contracts() -> Select[*tuple[Any, ...]]:
    return select(*(getattr(Contract, name) for name in ContractRow.__dataclass_fields__))


def orders(session: Session, customer_id: int) -> list[OrderRow]:
    """The orders of a customer, the newest first (index customer_id)."""
    statement = _orders().where(CustomerOrder.customer_id == customer_id)
    return [OrderRow(*row) for row in session.execute(statement.order_by(CustomerOrder.ordered_on.desc()))]


def order(session: Session, order_id: int | None) -> OrderRow | None:
    """One order, or None."""
    if order_id is None:
        return None
    row = session.execute(_orders().where(CustomerOrder.id == order_id)).one_or_none()
    return OrderRow(*row) if row else None


def _orders() -> Select[*tuple[Any, ...]]:
    return select(*(getattr(CustomerOrder, name) for name in OrderRow.__dataclass_fields__))
