"""A satisfied customer who wants something else: the wish becomes a lead (requirement C22)."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from app.business_objects import BusinessObjects
from app.complaints.models import Complaint
from app.complaints.service.steps import Step
from app.customers import queries as customers
from app.security import Principal

PROCESS = "lead_followup"
SOURCE = "complaint"
SATISFIED = "satisfied"


def suggest(session: Session, objects: BusinessObjects, principal: Principal, complaint: Complaint, step: Step) -> None:
    """After a satisfied return visit that names a product: a lead waits to be qualified, once per complaint.

    Raises ``NotAllowedHere`` for who may not capture leads.
    """
    product, leads = step.values.get("suggested_product"), objects.get(PROCESS)
    if step.outcome != SATISFIED or not product or leads is None or complaint.customer_id is None:
        return
    leads.start(session, principal, _known(session, complaint, product), source=SOURCE, may_wait=True)


def _known(session: Session, complaint: Complaint, product: Any) -> dict[str, Any]:
    """What is known of the customer, by the names of the form that qualifies a lead."""
    customer = customers.customer(session, complaint.customer_id or 0)
    contact = customers.contact(session, complaint.contact_id)
    values: dict[str, Any] = {
        "product_id": str(product),
        "source_reference": complaint.number,
        "note": complaint.number,
    }
    if customer is not None:
        values |= {"company": customer.name, "region": customer.region, "department": customer.department_key}
    if contact is not None:
        values |= {"contact_name": contact.name, "phone": contact.phone, "email": contact.email}
    return {name: value for name, value in values.items() if value}
