"""Creating and changing customers, and keeping their search index true."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any

from flask_babel import lazy_gettext as _l
from pypinyin import Style, lazy_pinyin
from sqlalchemy import select
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
    _replace_contacts(session, customer, values.get("contacts", ()))
    reindex(session, customer)
    return customer


def change(session: Session, actor: str, customer: Customer, values: Mapping[str, Any]) -> Customer:
    """Change a customer and its contacts. Raises ``FieldErrors`` when the name is taken by another."""
    _refuse_taken_name(session, values["name"], own_id=customer.id)
    _assign(customer, values)
    customer.updated_at = engine.now(session)
    customer.updated_by = actor
    if "contacts" in values:
        _replace_contacts(session, customer, values["contacts"])
    session.flush()
    reindex(session, customer)
    return customer


def find_or_create(session: Session, actor: str, name: str, *, source: str) -> Customer:
    """The customer of that name; created with nothing but the name when unknown."""
    found = by_name(session, name)
    return found or create(session, actor, {"name": name.strip()}, source=source)


def by_name(session: Session, name: str) -> Customer | None:
    """The customer whose name is the same after folding (unique index on name_key)."""
    return session.scalar(select(Customer).where(Customer.name_key == name_key(name)))


def reindex(session: Session, customer: Customer) -> None:
    """Write the search text: names, pinyin and its initials, telephone numbers, contacts."""
    contacts = session.scalars(select(Contact).where(Contact.customer_id == customer.id).order_by(Contact.id)).all()
    names = [customer.name, customer.short_name, *(contact.name for contact in contacts)]
    phones = [customer.phone, *(contact.phone for contact in contacts)]
    words = [*names, customer.name_en, customer.region, *phones, *map(_digits, phones), *_pinyin(names)]
    search.index(session, SEARCH_KIND, str(customer.id), " ".join(dict.fromkeys(filter(None, words))))


def _pinyin(names: Iterable[str]) -> list[str]:
    """Initials ("zs" finds 张三) and the full syllables of every Chinese name."""
    words = []
    for name in filter(None, names):
        words.append("".join(lazy_pinyin(name, style=Style.FIRST_LETTER)))
        words.append("".join(lazy_pinyin(name)))
    return [word.lower() for word in words if word.isascii()]


def _digits(phone: str) -> str:
    return "".join(filter(str.isdigit, phone))


_PLAIN = ("name", "name_en", "short_name", "value_class", "region", "industry", "phone", "address", "remark")


def _assign(customer: Customer, values: Mapping[str, Any]) -> None:
    for field in _PLAIN:
        if field in values:
            setattr(customer, field, values[field] or ("C" if field == "value_class" else ""))
    if "department_key" in values:
        customer.department_key = values["department_key"] or None
    customer.name_key = name_key(customer.name)


def _refuse_taken_name(session: Session, name: str, own_id: int | None) -> None:
    taken = by_name(session, name)
    if taken is not None and taken.id != own_id:
        raise FieldErrors({"name": [_l("There is a customer with this name already.")]})


def _replace_contacts(session: Session, customer: Customer, contacts: Iterable[Mapping[str, Any]]) -> None:
    """Change contacts by id, add the new ones. A contact that is left out stays: complaints may point to it."""
    known = {contact.id: contact for contact in session.scalars(_contacts_of(customer.id))}
    for given in contacts:
        contact = known.get(int(given["id"])) if given.get("id") else None
        if contact is None:
            contact = Contact(customer_id=customer.id)
            session.add(contact)
        for field in ("name", "position", "phone", "email"):
            setattr(contact, field, given.get(field) or "")
        contact.language = given.get("language") or "zh"
        contact.is_main = bool(given.get("is_main"))
    session.flush()


def _contacts_of(customer_id: int) -> Any:
    return select(Contact).where(Contact.customer_id == customer_id)
