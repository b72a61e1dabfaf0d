"""A contact comes in and becomes a matter: with the customer's words, or waiting for them."""

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
from app.customers import queries as customers
from app.customers.models import Customer
from app.db import search
from app.db.numbers import next_number
from app.matters import queries
from app.matters.models import Matter
from app.matters.service import holding
from app.matters.service.steps import Step, number_of, refuse
from app.security import Principal

NUMBER_PREFIX = "CUS"
CENTRE = "centre_"
"""Keys of marketing centres begin with it."""
TITLE_LENGTH = 200
REFERENCE_LENGTH = 120


def create(session: Session, principal: Principal, *, source: str) -> Matter:
    """A new number, held by the call centre from this moment on. Nothing about the matter is known yet."""
    now = engine.now(session)
    year = now.astimezone(ZoneInfo(engine.runtime(session).zone)).year
    matter = Matter(
        number=next_number(session, NUMBER_PREFIX, year),
        source=source,
        received_at=now,
        registered_at=now,
        registered_by=principal.login,
        hops=0,
        transfers=0,
    )
    session.add(matter)
    session.flush()
    holding.begin(session, matter, principal.department_key, principal.login)
    return matter


def keep_incomplete(session: Session, matter: Matter, given: Mapping[str, Any]) -> None:
    """Something required is missing: what was given waits as prefill of the form. The words are kept at once."""
    words = str(given.get("verbatim") or "")
    if words.strip():
        _keep_words(matter, words)
    kept = {str(name): formkit.as_json(value) for name, value in given.items() if name != "verbatim"}
    matter.intake = kept
    matter.source_reference = str(given.get("source_reference") or "").strip()[:REFERENCE_LENGTH] or None
    customer_id = number_of(given.get("customer_id"))
    if customer_id is not None and customers.customer(session, customer_id) is not None:
        matter.customer_id = customer_id
    session.flush()
    reindex(session, matter)


def record(session: Session, matter: Matter, values: Mapping[str, Any]) -> dict[str, Any]:
    """Write the registered contact. Returns the facts the process routes by. Raises ``FieldErrors``."""
    customer = _customer(session, values)
    contact_id = _contact(session, customer, values)
    _receive(session, matter, values.get("received_at"))
    reference = str(values.get("source_reference") or "").strip()
    refuse_known_reference(session, matter.source, reference, matter.number)
    matter.source_reference = reference or None
    if matter.verbatim is None:
        _keep_words(matter, str(values.get("verbatim") or ""))
    matter.customer_id = customer.id if customer else None
    matter.contact_id = contact_id
    for name in ("caller_name", "caller_phone", "caller_company"):
        setattr(matter, name, str(values.get(name) or "").strip())
    matter.channel, matter.concern = str(values["channel"]), str(values["concern"])
    matter.value_class = customer.value_class if customer else "C"
    matter.region = centre_of(session, customer.department_key) if customer else ""
    keep_product(session, matter, values.get("product_id"))
    matter.intake = {}
    session.flush()
    reindex(session, matter)
    return {"matter_id": matter.number, "concern": matter.concern, **facts(matter)}


def facts(matter: Matter) -> dict[str, Any]:
    """What the decision tables know of a matter."""
    return {
        "region": matter.region,
        "value_class": matter.value_class,
        "product_code": matter.product_code,
        "amount": float(matter.amount or 0),
    }


def complete_register(session: Session, matter: Matter, step: Step) -> dict[str, Any]:
    """`register` is completed by hand after an incomplete start."""
    return record(session, matter, step.values)


def centre_of(session: Session, department_key: str | None) -> str:
    """The marketing centre a department belongs to, or is; empty for one outside of all centres."""
    tree = {row.id: row for row in accounts.departments(session)}
    row = next((found for found in tree.values() if found.key == department_key), None)
    while row is not None:
        if row.key.startswith(CENTRE):
            return row.key
        row = tree.get(row.parent_id) if row.parent_id else None
    return ""


def keep_product(session: Session, matter: Matter, given: Any) -> None:
    """The product the matter is about. Raises ``FieldErrors`` for one that does not exist."""
    product = customers.product(session, number_of(given))
    if product is None and given not in (None, ""):
        raise refuse("product_id", _l("There is no such product."))
    matter.product_id = product.id if product else None
    matter.product_code = product.code if product else ""


def title(session: Session, matter: Matter) -> str:
    """One line about the matter for lists of instances and tasks."""
    about = matter.summary or matter.verbatim or ""
    who = queries.customer_name(session, matter.customer_id) or matter.caller_company or matter.caller_name
    return " · ".join(filter(None, (who, " ".join(about.split()))))[:TITLE_LENGTH]


def reindex(session: Session, matter: Matter) -> None:
    """Make the matter findable by its number, people and words."""
    contact = customers.contact(session, matter.contact_id)
    words = (
        matter.number,
        matter.source_reference,
        queries.customer_name(session, matter.customer_id),
        contact.name if contact else None,
        matter.caller_name,
        matter.caller_phone,
        matter.caller_company,
        matter.summary,
        matter.verbatim,
    )
    search.index(session, queries.SEARCH_KIND, matter.number, " ".join(filter(None, words)))


def refuse_known_reference(session: Session, source: str, reference: str, own_number: str = "") -> None:
    """Raises ``FieldErrors`` when another matter of this source has the same reference."""
    known = queries.by_reference(session, source, reference) if reference else None
    if known is not None and known.number != own_number:
        message = _l("This reference was registered already: %(number)s.", number=known.number)
        raise refuse("source_reference", message)


def _customer(session: Session, values: Mapping[str, Any]) -> Customer | None:
    customer_id = number_of(values.get("customer_id"))
    if customer_id is None:
        return None
    customer = session.get(Customer, customer_id)
    if customer is None:
        raise refuse("customer_id", _l("There is no such customer."))
    return customer


def _contact(session: Session, customer: Customer | None, values: Mapping[str, Any]) -> int | None:
    contact_id = number_of(values.get("contact_id"))
    contact = customers.contact(session, contact_id)
    if contact_id is not None and (contact is None or customer is None or contact.customer_id != customer.id):
        raise refuse("contact_id", _l("This does not belong to the customer."))
    return contact_id


def _receive(session: Session, matter: Matter, received_at: Any) -> None:
    if not isinstance(received_at, datetime):
        return
    if received_at > engine.now(session):
        raise refuse("received_at", _l("A matter cannot have been received in the future."))
    holding.received_before(session, matter, received_at)


def _keep_words(matter: Matter, verbatim: str) -> None:
    """The customer's words exactly as they came, with their hash; nothing ever changes them again."""
    if not verbatim.strip():
        raise refuse("verbatim", _l("This field is required."))
    matter.verbatim = verbatim
    matter.verbatim_sha256 = hashlib.sha256(verbatim.encode()).hexdigest()
