"""A lead comes in: with what is known, waiting to be qualified."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session

import engine
from app import formkit
from app.customers import queries as customers
from app.customers import service as customer_service
from app.db import search
from app.db.numbers import next_number
from app.leads import queries
from app.leads.models import Lead, LeadState
from app.leads.service import territory
from app.leads.service.steps import money, refuse, today

NUMBER_PREFIX = "LEAD"
TITLE_LENGTH = 200
EXTRAS = ("source_reference", "department", "next_of")
"""What may come with a lead besides the fields of its form."""
_TEXTS: Mapping[str, int] = {"company": 200, "contact_name": 100, "phone": 40, "email": 200, "region": 60}


def create(session: Session, actor: str, *, source: str) -> Lead:
    """A new number, captured now. Nothing about the prospect is known yet."""
    now = engine.now(session)
    lead = Lead(
        number=next_number(session, NUMBER_PREFIX, today(session).year),
        source=source,
        state=LeadState.NEW.value,
        captured_at=now,
        captured_by=actor,
    )
    session.add(lead)
    session.flush()
    return lead


def keep_given(session: Session, lead: Lead, given: Mapping[str, Any]) -> None:
    """What is known waits as prefill of `qualify`, and shows in lists at once. Raises ``FieldErrors`` when the other
    side's reference is known already."""
    values = {str(name): formkit.as_json(value) for name, value in given.items() if name not in EXTRAS}
    _keep_reference(session, lead, str(given.get("source_reference") or "").strip())
    lead.intake = values
    for name, length in _TEXTS.items():
        setattr(lead, name, str(values.get(name) or "").strip()[:length])
    lead.department_key = territory.centre_of_department(session, given.get("department") or None)
    lead.next_of = given.get("next_of") or None
    lead.heard_from = str(values.get("heard_from") or "")[:20]
    lead.note = str(values.get("note") or "")
    lead.purchase_date = _date(values.get("purchase_date"))
    lead.product_code = product_code(session, values.get("product_id"))
    fold(session, lead)
    reindex(session, lead)


def describe(session: Session, lead: Lead, values: Mapping[str, Any]) -> None:
    """Write what the form `qualify` says about the prospect (values as Python values)."""
    for name, length in _TEXTS.items():
        setattr(lead, name, str(values.get(name) or "").strip()[:length])
    lead.heard_from = str(values.get("heard_from") or lead.heard_from)[:20]
    lead.owns = list(values.get("owns") or [])
    lead.wants = list(values.get("wants") or [])
    lead.contacts = [{name: str(row.get(name) or "") for name in _CONTACT} for row in values.get("contacts") or []]
    lead.target_account = bool(values.get("target_account"))
    lead.amount = money(values.get("amount"))
    lead.note = str(values.get("note") or "")
    lead.purchase_date = values.get("purchase_date")
    fold(session, lead)
    reindex(session, lead)


_CONTACT = ("name", "position", "phone", "email")


def fold(session: Session, lead: Lead) -> None:
    """Keep the keys under which duplicates and the customer are found."""
    lead.company_key = customer_service.name_key(lead.company)[:200] if lead.company else ""
    lead.phone_key = "".join(filter(str.isdigit, lead.phone))
    known = customer_service.by_name(session, lead.company) if lead.company_key else None
    lead.customer_id = known.id if known else None
    session.flush()


def product_code(session: Session, product_id: Any) -> str | None:
    """The code of a product a form points to; None when it points to nothing. Raises ``FieldErrors``."""
    if product_id in (None, ""):
        return None
    text = str(product_id)
    found = customers.product(session, int(text)) if text.isascii() and text.isdigit() and len(text) < 19 else None
    if found is None:
        raise refuse("product_id", _l("There is no such product."))
    return found.code


def title(lead: Lead) -> str:
    """One line about the lead for lists of instances and tasks."""
    return " · ".join(filter(None, (lead.company or lead.contact_name, lead.product_code)))[:TITLE_LENGTH]


def reindex(session: Session, lead: Lead) -> None:
    """Make the lead findable by its number, company, people (also by pinyin and initials), telephone and note."""
    people = [str(row.get("name") or "") for row in lead.contacts]
    words = (
        *(lead.number, lead.source_reference, lead.company, lead.contact_name, lead.phone, lead.phone_key),
        *(lead.email, lead.region, lead.product_code, *people, lead.note),
        *customer_service.pinyin_of([lead.company, lead.contact_name, *people]),
    )
    search.index(session, queries.SEARCH_KIND, lead.number, " ".join(filter(None, words)))


def _keep_reference(session: Session, lead: Lead, reference: str) -> None:
    known = queries.by_reference(session, lead.source, reference) if reference else None
    if known is not None and known.number != lead.number:
        message = _l("This reference was registered already: %(number)s.", number=known.number)
        raise refuse("source_reference", message)
    lead.source_reference = reference[:120] or None


def _date(value: Any) -> date | None:
    try:
        return date.fromisoformat(str(value)) if value else None
    except ValueError:
        return None
