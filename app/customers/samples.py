"""Invented customers for test runs: one of each value class, with a contact, a contract and an order."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.customers import service
from app.customers.models import Contract, Customer, CustomerOrder, Product

ACTOR = "system"
SOURCE = "sample"
SAMPLES = (
    ("样例甲机床厂", "Sample A Machine Tools", "A", "sample-a@example.test"),
    ("样例乙仪表厂", "Sample B Instruments", "B", "sample-b@example.test"),
    ("样例丙泵业", "Sample C Pumps", "C", "sample-c@example.test"),
)
"""Name, English name, value class, address of the contact (a domain that never receives mail)."""


def load(session: Session) -> None:
    """Add the samples; the department that sold is left open."""
    product = session.scalars(select(Product.id).where(Product.active).order_by(Product.id).limit(1)).first()
    for number, (name, name_en, value_class, email) in enumerate(SAMPLES, 1):
        contact = {
            "name": f"样例联系人{number}",
            "position": "采购",
            "phone": f"0100000000{number}",
            "email": email,
            "language": "zh",
            "is_main": True,
        }
        values = {"name": name, "name_en": name_en, "short_name": name, "value_class": value_class, "region": "样例"}
        customer = service.create(session, ACTOR, {**values, "contacts": [contact]}, source=SOURCE)
        _bought(session, customer, number, product)
    session.flush()


def _bought(session: Session, customer: Customer, number: int, product: int | None) -> None:
    contract = Contract(
        number=f"SAMPLE-C{number}", customer_id=customer.id, signed_on=date(2026, 1, 5), amount=Decimal(100_000)
    )
    session.add(contract)
    session.flush()
    session.add(
        CustomerOrder(
            number=f"SAMPLE-O{number}",
            customer_id=customer.id,
            contract_id=contract.id,
            product_id=product,
            amount=Decimal(100_000),
            ordered_on=date(2026, 1, 6),
        )
    )
