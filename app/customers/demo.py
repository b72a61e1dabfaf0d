"""The customers of the demo company: loaded once, loading again adds nothing."""

from __future__ import annotations

import csv
from datetime import date
from decimal import Decimal
from importlib import resources
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.customers import service
from app.customers.models import Contact, Contract, Customer, CustomerOrder, Product

ACTOR = "system"
SOURCE = "demo"


def rows(name: str) -> list[dict[str, str]]:
    """The lines of a CSV file that ships in ``demo/``."""
    return list(csv.DictReader((resources.files("demo") / name).read_text("utf-8").splitlines()))


def load(session: Session) -> None:
    """Products, customers with contacts, contracts and orders."""
    _products(session)
    customers = _customers(session)
    contracts = _contracts(session, customers)
    _orders(session, customers, contracts)


def _products(session: Session) -> None:
    known = set(session.scalars(select(Product.code)))
    for row in rows("products.csv"):
        if row["code"] not in known:
            names = {"name": row["name_zh"], "name_en": row["name_en"]}
            session.add(Product(code=row["code"], next_code=row["next"] or None, active=True, **names))
    session.flush()


def _customers(session: Session) -> dict[str, int]:
    """Ids by name; customers that are there already keep what people changed."""
    known: dict[str, int] = {row.name: row.id for row in session.execute(select(Customer.name, Customer.id))}
    contacts: dict[str, list[dict[str, Any]]] = {}
    for row in rows("contacts.csv"):
        contacts.setdefault(row["customer"], []).append({**row, "is_main": row["is_main"] == "yes"})
    for row in rows("customers.csv"):
        if row["name"] not in known:
            values = {**row, "department_key": row["department"], "contacts": contacts.get(row["name"], [])}
            known[row["name"]] = service.create(session, ACTOR, values, source=SOURCE).id
    return known


_TERMS = ("quantity", "grade", "specification", "delivery_time", "delivery_place", "settlement", "trade_terms")


def _contracts(session: Session, customers: dict[str, int]) -> dict[str, int]:
    known: dict[str, int] = {row.number: row.id for row in session.execute(select(Contract.number, Contract.id))}
    for row in rows("contracts.csv"):
        if row["number"] in known:
            continue
        contract = Contract(
            number=row["number"],
            customer_id=customers[row["customer"]],
            department_key=row["department"],
            title=row["title"],
            signed_on=date.fromisoformat(row["signed_on"]),
            amount=Decimal(row["amount"]),
            **{name: row[name] for name in _TERMS},
        )
        session.add(contract)
        session.flush()
        known[row["number"]] = contract.id
    return known


def _orders(session: Session, customers: dict[str, int], contracts: dict[str, int]) -> None:
    known = set(session.scalars(select(CustomerOrder.number)))
    products = {row.code: row.id for row in session.execute(select(Product.code, Product.id))}
    for row in rows("orders.csv"):
        if row["number"] in known:
            continue
        order = CustomerOrder(
            number=row["number"],
            customer_id=customers[row["customer"]],
            contract_id=contracts[row["contract"]],
            product_id=products[row["product"]],
            quantity=int(row["quantity"]),
            amount=Decimal(row["amount"]),
            ordered_on=date.fromisoformat(row["ordered_on"]),
            delivered_on=date.fromisoformat(row["delivered_on"]),
            carrier=row["carrier"],
            waybill=row["waybill"],
        )
        session.add(order)
    session.flush()


def main_contact(session: Session, customer_id: int) -> int | None:
    """The id of a customer's main contact."""
    statement = select(Contact.id).where(Contact.customer_id == customer_id)
    return session.scalar(statement.order_by(Contact.is_main.desc(), Contact.id).limit(1))
