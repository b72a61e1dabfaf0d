"""Creating and changing customers, and keeping their search index true."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select, update
from sqlalchemy.orm import Session

import engine
from app.customers.models import Contact, Customer
from app.db import search
from app.errors import FieldErrors

SEARCH_KIND = "customer"


def name_key(name: str) -> str:
    """The name folded so that width, letter case, spaces and brackets do not make a second customer."""
    folded = unicodedata.normalize("NFKC", name).casefold()
    return "".join(character for character in folded if character.isalnum()) or folded.strip()


def create(session: Session, actor: str, values: Mapping[str, Any], *, source: str = "form") -> Customer:
    """Add a customer with its contacts (``values["contacts"]``: list of mappings). Raises ``FieldErrors`` when the
    name is taken."""
    _refuse_taken_name(session, values["name"], own_id=None)
    now = engine.now(session)
    customer = Customer(source=source, created_at=now, created_by=actor, updated_at=now, updated_by=actor)
    _assign(customer, values)
    session.add(customer)
    session.flush()
    for contact in values.get("contacts", ()):
        save_contact(session, customer, None, contact)
    reindex(session, customer)
    return customer


def change(session: Session, actor: str, customer: Customer, values: Mapping[str, Any]) -> Customer:
    """Change a customer. Raises ``FieldErrors`` when the name is taken by another."""
    _refuse_taken_name(session, values["name"], own_id=customer.id)
    _assign(customer, values)
    customer.updated_at = engine.now(session)
    customer.updated_by = actor
    session.flush()
    reindex(session, customer)
    return customer


def find_or_create(session: Session, actor: str, name: str, *, source: str, region: str = "") -> Customer:
    """The customer of that name; created with nothing but name and region when unknown."""
    found = by_name(session, name)
    return found or create(session, actor, {"name": name.strip(), "region": region}, source=source)


def by_name(session: Session, name: str) -> Customer | None:
    """The customer whose name is the same after folding (unique index on name_key)."""
    return session.scalar(select(Customer).where(Customer.name_key == name_key(name)))


def reindex(session: Session, customer: Customer) -> None:
    """Write the search text: names, pinyin and its initials, telephone numbers, contacts."""
    contacts = session.scalars(select(Contact).where(Contact.customer_id == customer.id).order_by(Contact.id)).all()
    names = [customer.name, customer.short_name, *(contact.name for contact in contacts)]
    phones = [customer.phone, *(contact.phone for contact in contacts)]
    words = [*names, customer.name_en, customer.region, *phones, *map(digits_of, phones), *pinyin_of(names)]
    search.index(session, SEARCH_KIND, str(customer.id), " ".join(dict.fromkeys(filter(None, words))))


def pinyin_of(names: Iterable[str]) -> list[str]:
    """Initials ("zs" finds 张三) and the full syllables of every Chinese name."""
    from pypinyin import Style, lazy_pinyin  # its dictionary takes long to read: for who needs it, not at every start

    words = []
    for name in filter(None, names):
        words.append("".join(lazy_pinyin(name, style=Style.FIRST_LETTER)))
        words.append("".join(lazy_pinyin(name)))
    return [word.lower() for word in words if word.isascii()]


def digits_of(phone: str) -> str:
    """The digits of a telephone number, without the code of China."""
    digits = "".join(character for character in phone if character.isascii() and character.isdigit())
    abroad = digits.removeprefix("00") if digits.startswith("00") else digits
    return abroad.removeprefix("86") if phone.lstrip().startswith(("+86", "0086")) else digits


_PLAIN = ("name", "name_en", "short_name", "value_class", "region", "industry", "phone", "address", "remark")


def _assign(customer: Customer, values: Mapping[str, Any]) -> None:
    for field in _PLAIN:
        if field in values:
            setattr(customer, field, values[field] or ("C" if field == "value_class" else ""))
    if "software_spend" in values:
        customer.software_spend = values["software_spend"]
    if "department_key" in values:
        customer.department_key = values["department_key"] or None
    customer.name_key = name_key(customer.name)


def _refuse_taken_name(session: Session, name: str, own_id: int | None) -> None:
    taken = by_name(session, name)
    if taken is not None and taken.id != own_id:
        raise FieldErrors({"name": [_l("There is a customer with this name already.")]})


def save_contact(session: Session, customer: Customer, contact_id: int | None, values: Mapping[str, Any]) -> Contact:
    """Add a contact or change one of the customer's. A new main contact takes the place of the old one."""
    contact = session.get_one(Contact, contact_id) if contact_id is not None else Contact(customer_id=customer.id)
    _assign_contact(contact, values)
    session.add(contact)
    session.flush()
    if contact.is_main:
        others = update(Contact).where(Contact.customer_id == customer.id, Contact.id != contact.id)
        session.execute(others.values(is_main=False))
    reindex(session, customer)
    return contact


def find_or_create_contact(session: Session, customer: Customer, values: Mapping[str, Any]) -> Contact:
    """The customer's contact of that name, with what was missing filled in; added when unknown."""
    statement = select(Contact).where(Contact.customer_id == customer.id, Contact.name == values["name"])
    contact = session.scalar(statement.order_by(Contact.id).limit(1))
    if contact is None:
        return save_contact(session, customer, None, values)
    for field in ("phone", "email"):
        if values.get(field) and not getattr(contact, field):
            setattr(contact, field, values[field])
    session.flush()
    return contact


def _assign_contact(contact: Contact, values: Mapping[str, Any]) -> None:
    for field in ("name", "position", "phone", "email"):
        setattr(contact, field, values.get(field) or "")
    contact.language = values.get("language") or "zh"
    contact.is_main = bool(values.get("is_main"))
