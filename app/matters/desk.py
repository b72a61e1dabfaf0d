"""The front desk of the call centre: who calls, where the last contact stopped, and what becomes of this one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import and_, or_
from sqlalchemy.orm import Session

import engine
from app import formkit
from app.business_objects import BusinessObject, Started, objects
from app.customers import lookup
from app.customers import queries as customers
from app.customers import service as customer_service
from app.customers.queries import ContactRow, CustomerRow
from app.errors import FieldErrors
from app.formkit import FormDocument
from app.matters import labels, lists, queries
from app.matters.models import FINISHED, Matter
from app.matters.service import messages
from app.security import Principal

CALLER_FIELDS = ("customer_id", "contact_id", "caller_name", "caller_phone", "caller_company")
"""Fields of `register` that the page draws itself, from whom the agent chose."""
CONCERN = "concern"
SAID_FIELDS = ("channel", "verbatim")
HIDDEN_FIELDS = (CONCERN, "received_at", "source_reference")
"""The concern has buttons of its own; a caller at the desk is received now and has no number of another system."""
MOST_OPEN = 8
SHORTEST_NAME = 2


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of who calls. All empty for somebody unknown."""

    customer: CustomerRow | None = None
    contacts: list[ContactRow] = field(default_factory=list)
    contact: ContactRow | None = None
    last: queries.LastContact | None = None
    last_product: int | None = None
    open: list[lists.MatterLine] = field(default_factory=list)


def known(session: Session, principal: Principal, customer_id: int | None, contact_id: int | None, phone: str) -> Known:
    """The customer with people, open matters and the break-point of the last contact; a caller nobody knows is
    recognised by the telephone number."""
    customer = customers.visible_customer(session, principal, customer_id) if customer_id is not None else None
    people = customers.contacts(session, customer.id) if customer else []
    last = queries.last_contact(session, customer_id=customer.id if customer else None, phone=phone)
    previous = queries.visible_matter(session, principal, last.number) if last else None
    chosen = contact_id or (previous.contact_id if previous else None)
    return Known(
        customer=customer,
        contacts=people,
        contact=next((row for row in people if row.id == chosen), people[0] if people else None),
        last=last if previous else None,
        last_product=previous.product_id if previous else None,
        open=_open(session, principal, customer, phone),
    )


def _open(session: Session, principal: Principal, customer: CustomerRow | None, phone: str) -> list[lists.MatterLine]:
    unfinished = Matter.state.not_in([state.value for state in FINISHED])
    theirs = [Matter.customer_id == customer.id] if customer else []
    if phone and not customer:
        theirs = [Matter.caller_phone == phone]
    if not theirs:
        return []
    return lists.of_numbers(session, principal, and_(unfinished, or_(*theirs)), MOST_OPEN)


def prefill(found: Known) -> dict[str, Any]:
    """What the form starts with: who calls, and the product of the last contact."""
    customer, contact = found.customer, found.contact
    return {
        "channel": "phone",
        "customer_id": str(customer.id) if customer else "",
        "contact_id": str(contact.id) if contact else "",
        "caller_name": contact.name if contact else "",
        "caller_phone": (contact.phone if contact else "") or (customer.phone if customer else ""),
        "caller_company": customer.name if customer else "",
        "product_id": str(found.last_product) if found.last_product else None,
    }


def documents(session: Session) -> tuple[FormDocument, FormDocument] | None:
    """The form of `register` without the fields that the page draws itself: what is said, and what comes after the
    concern. None while no process is deployed."""
    whole = labels.document_of(session, labels.REGISTER)
    if whole is None:
        return None
    shown = [one for one in whole.fields if one.name not in (*CALLER_FIELDS, *HIDDEN_FIELDS)]
    first = tuple(one for one in shown if one.name in SAID_FIELDS)
    return replace(whole, fields=first), replace(whole, fields=tuple(one for one in shown if one not in first))


def payload(session: Session, form: Any) -> dict[str, Any]:
    """What was typed at the desk, by field name of `register`."""
    whole = labels.document_of(session, labels.REGISTER)
    typed = formkit.from_html(whole, form) if whole else {}
    caller = {name: clean(form.get(name, "")).strip() or None for name in CALLER_FIELDS}
    return {**typed, **caller}


def clean(text: str) -> str:
    """A text as browsers send it, with the line ends and without the characters no database keeps."""
    return text.replace("\r\n", "\n").replace("\x00", "")


def matter_object() -> BusinessObject:
    """The matters as business object."""
    found = objects().get(queries.PROCESS_KEY)
    assert found is not None, "the matters slice registers it"
    return found


@dataclass(frozen=True, slots=True)
class NewCustomer:
    """Whether the caller becomes a customer; ``anyway``: though there is somebody like that."""

    wanted: bool
    anyway: bool


def register(session: Session, principal: Principal, values: Mapping[str, Any], adding: NewCustomer) -> Started:
    """Start a matter with its first step done; the caller is added to the customers when wanted. Raises
    ``FieldErrors``; then nothing was added."""
    with session.begin_nested():
        given = dict(values)
        if adding.wanted and not given.get("customer_id"):
            given |= _added(session, principal, given, adding)
        return matter_object().start(session, principal, given)


def _added(session: Session, principal: Principal, values: Mapping[str, Any], adding: NewCustomer) -> dict[str, Any]:
    company, name = str(values.get("caller_company") or ""), str(values.get("caller_name") or "")
    if len(company) < SHORTEST_NAME:
        raise FieldErrors({"caller_company": [_("A new customer needs a name.")]})
    if not name:
        raise FieldErrors({"caller_name": [_("This field is required.")]})
    phone = str(values.get("caller_phone") or "")
    if not adding.anyway and lookup.similar(session, principal, company=company, phone=phone):
        raise FieldErrors({"caller_company": [_("Perhaps we know this customer. Choose it, or say that it is new.")]})
    person = {"name": name, "phone": phone, "is_main": True}
    try:
        new = {"name": company, "phone": phone, "department_key": None, "contacts": [person]}
        customer = customer_service.create(session, principal.login, new, source="desk")
    except FieldErrors as refused:
        raise FieldErrors({"caller_company": refused.errors.get("name", [])}) from refused
    contact = customers.contacts(session, customer.id)[0]
    return {"customer_id": str(customer.id), "contact_id": str(contact.id)}


def supplement(
    session: Session, principal: Principal, matter: Matter, text: str, channel: str, sent: Sequence[Any] = ()
) -> None:
    """Add what the customer said to a matter that is under way and tell its process. Raises ``FieldErrors``."""
    given = {"text": text, "channel": channel, "files": list(sent)}
    variables = matter_object().message(session, principal, messages.SUPPLEMENT, matter.number, given)
    command = engine.CorrelateMessage(
        name=messages.SUPPLEMENT,
        correlation_key=matter.number,
        variables=variables,
        instance_id=matter.instance_id,
        actor=principal.login,
    )
    engine.execute(session, command)


def next_task(session: Session, principal: Principal, started: Started) -> str | None:
    """The task that waits after registration, if it is one of this person's."""
    waiting = engine.queries.open_tasks(session, started.instance_id)
    mine = [row for row in waiting if row.assignee == principal.login or principal.groups & set(row.candidate_groups)]
    return mine[0].id if mine else None
