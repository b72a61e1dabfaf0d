"""Whether what we know of a customer is complete, and how long ago somebody last knew it to be true."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

import engine
from app.customers import queries as customers
from app.matters import queries
from app.matters.models import Matter

LIMIT = "customer_data_age"
"""The decision table: after how many days the data of a customer must be confirmed."""


@dataclass(frozen=True, slots=True)
class DataAge:
    """``days`` since the data were changed or confirmed, after how many they are too old, and the names of what is
    missing: ``phone``, ``address``, ``contact``, ``email``."""

    days: int
    limit: int
    missing: tuple[str, ...]

    @property
    def is_stale(self) -> bool:
        """Whether the customer should be asked to confirm the data."""
        return self.days > self.limit


def check(session: Session, matter: Matter, definition_id: str) -> DataAge | None:
    """How good our data of the matter's customer are; None for a customer we don't know."""
    customer = customers.customer(session, matter.customer_id) if matter.customer_id is not None else None
    verified_at = queries.data_verified_at(session, customer.id) if customer else None
    if customer is None or verified_at is None:
        return None
    (limit,) = engine.queries.decide(session, definition_id, LIMIT, {"value_class": customer.value_class})
    contacts = customers.contacts(session, customer.id)
    there = {
        "phone": bool(customer.phone),
        "address": bool(customer.address),
        "contact": bool(contacts),
        "email": any(row.email for row in contacts),
    }
    missing = tuple(name for name, known in there.items() if not known)
    return DataAge((engine.now(session) - verified_at).days, int(limit["days"]), missing)
