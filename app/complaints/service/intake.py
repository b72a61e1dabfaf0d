"""Step 1: a complaint comes in, with everything required or waiting for the rest."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session

import engine
from app import formkit
from app.accounts import queries as accounts
from app.complaints import queries
from app.complaints.models import FINISHED, Complaint, ComplaintState, ComplaintSupplement
from app.complaints.service import departments
from app.complaints.service.steps import Step, move, refuse
from app.customers import queries as customers
from app.customers.models import Customer
from app.db import search
from app.db.numbers import next_number
from app.security import Principal

NUMBER_PREFIX = "CMP"
NO_SELLER = "customer_department"
"""Who answers for a contract complaint of a customer nobody is known to have sold to."""
TITLE_LENGTH = 200
REFERENCE_LENGTH = 100
SUMMARY_LENGTH = 5_000


def create(session: Session, actor: str, *, source: str, policy_version: str) -> Complaint:
    """A new number, held by the call centre from this moment on. Nothing about the case is known yet."""
    now = engine.now(session)
    year = now.astimezone(ZoneInfo(engine.runtime(session).zone)).year
    complaint = Complaint(
        number=next_number(session, NUMBER_PREFIX, year),
        source=source,
        policy_version=policy_version,
        received_at=now,
        registered_at=now,
        registered_by=actor,
        state=ComplaintState.RECORDING.value,
    )
    session.add(complaint)
    session.flush()
    departments.begin(session, complaint, actor)
    return complaint


def keep_incomplete(session: Session, complaint: Complaint, given: Mapping[str, Any]) -> None:
    """Something required is missing: what was given waits as prefill of the form; a known customer shows at once."""
    complaint.intake = {str(name): formkit.as_json(value) for name, value in given.items()}
    complaint.customer_reference = str(given.get("customer_reference") or "").strip()[:REFERENCE_LENGTH] or None
    customer_id = _number(given.get("customer"))
    if customer_id is not None and customers.customer(session, customer_id) is not None:
        complaint.customer_id = customer_id
    session.flush()
    reindex(session, complaint)


def keep_prepared(session: Session, complaint: Complaint, given: Mapping[str, Any]) -> None:
    """Another process knows some of it: the words and when they came are kept, the rest waits as prefill."""
    words, received_at = str(given.get("verbatim") or ""), given.get("received_at")
    if words.strip():
        _keep_words(complaint, words)
    if isinstance(received_at, datetime):
        complaint.received_at = received_at
    known = {"received_at": complaint.received_at, **given}
    keep_incomplete(session, complaint, {name: value for name, value in known.items() if name != "verbatim"})


def record(session: Session, complaint: Complaint, values: Mapping[str, Any]) -> dict[str, Any]:
    """Write the recorded complaint. Returns the facts the process routes by. Raises ``FieldErrors``."""
    customer = _customer(session, values)
    _check_references(session, customer, values)
    received_at = values.get("received_at")
    if isinstance(received_at, datetime):
        if received_at > engine.now(session):
            raise refuse("received_at", _l("A complaint cannot have been received in the future."))
        complaint.received_at = received_at
    _keep_reference(session, complaint, str(values.get("customer_reference") or "").strip())
    if complaint.verbatim is None:
        _keep_words(complaint, str(values.get("verbatim") or ""))
    complaint.customer_id = customer.id
    complaint.value_class = customer.value_class
    for column, field in _REFERENCES.items():
        setattr(complaint, column, _number(values.get(field)))
    for name in ("carrier", "waybill", "employee", "summary", "remedy_wanted"):
        setattr(complaint, name, str(values.get(name) or "").strip())
    complaint.channel = str(values["channel"])
    complaint.complaint_class = str(values["complaint_class"])
    complaint.sub_code = sub_code(values)
    complaint.severity = str(values.get("severity") or "normal")
    complaint.amount_claimed = values.get("amount")
    move(complaint, ComplaintState.OPEN)
    session.flush()
    reindex(session, complaint)
    return {
        "complaint_id": complaint.number,
        "complaint_class": complaint.complaint_class,
        "sub_code": complaint.sub_code,
        "severity": complaint.severity,
        "value_class": complaint.value_class,
        "amount": float(complaint.amount_claimed or 0),
        "selling_department": selling_department(session, customer),
    }


def sub_code(values: Mapping[str, Any]) -> str:
    """The kind of complaint within its class: one field per class on the form, one stored value."""
    own = values.get(f"sub_code_{values.get('complaint_class')}")
    return str(values.get("sub_code") or own or "")


def selling_department(session: Session, customer: Customer) -> str:
    """The group of the marketing centre that sold: the nearest department above the customer's that has one."""
    if customer.department_key is None:
        return NO_SELLER
    tree = {row.id: row for row in accounts.departments(session)}
    groups = {row.name for row in accounts.groups(session) if row.members}
    row = next((found for found in tree.values() if found.key == customer.department_key), None)
    while row is not None:
        if row.key in groups:
            return row.key
        row = tree.get(row.parent_id) if row.parent_id else None
    return NO_SELLER


def title(session: Session, complaint: Complaint) -> str:
    """One line about the case for lists of instances and tasks."""
    about = complaint.summary or complaint.verbatim or ""
    name = queries.customer_name(session, complaint.customer_id)
    return " · ".join(filter(None, (name, " ".join(about.split()))))[:TITLE_LENGTH]


def reindex(session: Session, complaint: Complaint) -> None:
    """Make the case findable by its number, customer, words and references."""
    contact = customers.contact(session, complaint.contact_id)
    order = customers.order(session, complaint.order_id)
    contract = customers.contract(session, complaint.contract_id)
    words = (
        complaint.number,
        complaint.customer_reference,
        queries.customer_name(session, complaint.customer_id),
        contact.name if contact else None,
        order.number if order else None,
        contract.number if contract else None,
        complaint.waybill,
        complaint.summary,
        complaint.verbatim,
        complaint.remedy_wanted,
    )
    search.index(session, queries.SEARCH_KIND, complaint.number, " ".join(filter(None, words)))


_REFERENCES: Mapping[str, str] = {
    "contact_id": "contact",
    "order_id": "order",
    "contract_id": "contract",
    "product_id": "product",
}


def _customer(session: Session, values: Mapping[str, Any]) -> Customer:
    customer_id = _number(values.get("customer"))
    customer = session.get(Customer, customer_id) if customer_id is not None else None
    if customer is None:
        raise refuse("customer", _l("There is no such customer."))
    return customer


def _check_references(session: Session, customer: Customer, values: Mapping[str, Any]) -> None:
    """Contact, order and contract must be the customer's own; the product must exist."""
    for field, find in (("contact", customers.contact), ("order", customers.order), ("contract", customers.contract)):
        given = _number(values.get(field))
        found = find(session, given)
        if given is not None and (found is None or found.customer_id != customer.id):
            raise refuse(field, _l("This does not belong to the customer."))
    product_id = _number(values.get("product"))
    if product_id is not None and customers.product(session, product_id) is None:
        raise refuse("product", _l("There is no such product."))


def refuse_known_reference(session: Session, source: str, reference: str, own_number: str = "") -> None:
    """Raises ``FieldErrors`` when another complaint of this source has the customer's reference."""
    known = queries.by_reference(session, source, reference) if reference else None
    if known is not None and known.number != own_number:
        message = _l("This reference was registered already: %(number)s.", number=known.number)
        raise refuse("customer_reference", message)


def _keep_reference(session: Session, complaint: Complaint, reference: str) -> None:
    refuse_known_reference(session, complaint.source, reference, complaint.number)
    complaint.customer_reference = reference or None


def _keep_words(complaint: Complaint, verbatim: str) -> None:
    """The customer's words exactly as they came, with their hash; nothing ever changes them again."""
    if not verbatim.strip():
        raise refuse("verbatim", _l("This field is required."))
    complaint.verbatim = verbatim
    complaint.verbatim_sha256 = hashlib.sha256(verbatim.encode()).hexdigest()


def _number(value: Any) -> int | None:
    """An id; 0, which nothing has, for what is no id; None when nothing was given."""
    if value in (None, "") or isinstance(value, bool):
        return None
    try:
        number = int(value)
    except (TypeError, ValueError, OverflowError):
        return 0
    return number if 0 < number < 2**63 else 0


def change_summary(session: Session, principal: Principal, complaint: Complaint, text: str) -> None:
    """Improve the agent's summary; the customer's words stay as they are, and the timeline says what it became.

    Raises ``FieldErrors`` when the case is closed or the text is empty or too long.
    """
    text = text.strip()
    if complaint.archived_at is not None or complaint.state in FINISHED:
        raise refuse("summary", _l("The complaint is closed."))
    if not text or len(text) > SUMMARY_LENGTH:
        raise refuse("summary", _l("Between 1 and %(count)s characters are needed.", count=SUMMARY_LENGTH))
    if text == complaint.summary:
        return
    complaint.summary = text
    session.add(
        ComplaintSupplement(
            number=complaint.number, kind="summary", text=text, added_at=engine.now(session), added_by=principal.login
        )
    )
    session.flush()
    reindex(session, complaint)


def complete_record(session: Session, complaint: Complaint, step: Step) -> dict[str, Any]:
    """`record` is completed by hand after an incomplete start."""
    variables = record(session, complaint, step.values)
    complaint.intake = {}
    return variables
