"""Who is calling: customers and their people by telephone number, name, company or pinyin initials."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.customers import queries, service
from app.customers.models import Contact, Customer
from app.customers.queries import ContactRow, CustomerRow
from app.db import search
from app.security import Principal

MOST = 12
SHORTEST_NUMBER = 6
"""Fewer digits say nothing about who somebody is."""
_NUMBER = re.compile(r"[\d\s()+./\-\u2010-\u2015\uff08\uff09\uff0b]+")
_ENDINGS = re.compile(r"(股份有限公司|有限责任公司|有限公司|集团|公司|co\.?,? ?ltd\.?|ltd\.?|inc\.?)$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Caller:
    """A customer, and the person there whom the search meant (None: only the company matched)."""

    customer: CustomerRow
    contact: ContactRow | None

    @property
    def phone(self) -> str:
        """Where this caller is reached."""
        return (self.contact.phone if self.contact else "") or self.customer.phone


def callers(session: Session, principal: Principal, text: str, limit: int = MOST) -> list[Caller]:
    """People and companies that match every word of ``text``, people first; empty for a text without words. A
    telephone number is found however it is written."""
    words = _number(text) or text
    wanted = search.query_tokens(words)
    if not wanted:
        return []
    statement = queries.rows().where(Customer.id.in_(queries.visible(principal)), queries.matching(session, words))
    customers = [CustomerRow(*row) for row in session.execute(statement.order_by(Customer.name).limit(limit))]
    people = _contacts(session, [row.id for row in customers])
    found = [caller for row in customers for caller in _of_customer(row, people.get(row.id, []), wanted)]
    return sorted(found, key=lambda caller: caller.contact is None)[:limit]


def similar(session: Session, principal: Principal, *, company: str, phone: str) -> list[Caller]:
    """Customers that may be the same as a new one: the same telephone number, or a name with the same core."""
    found: dict[int, Caller] = {}
    number = _number(phone)
    for text in (number if len(number) >= SHORTEST_NUMBER else "", _core(company)):
        for caller in callers(session, principal, text, MOST) if text else ():
            found.setdefault(caller.customer.id, caller)
    return list(found.values())


def _number(text: str) -> str:
    """The digits of a telephone number as they are indexed; empty for any other text."""
    return service.digits_of(text) if _NUMBER.fullmatch(text.strip()) else ""


def _core(company: str) -> str:
    """A company's name without what every company's name ends with; empty when too little is left to compare."""
    name = company.strip()
    while (shorter := _ENDINGS.sub("", name).strip()) != name:
        name = shorter
    return name if len(name) > 1 else ""


def _contacts(session: Session, customer_ids: list[int]) -> dict[int, list[ContactRow]]:
    statement = (
        select(*(getattr(Contact, name) for name in ContactRow.__dataclass_fields__))
        .where(Contact.customer_id.in_(customer_ids))
        .order_by(Contact.is_main.desc(), Contact.id)
    )
    found: dict[int, list[ContactRow]] = {}
    for row in session.execute(statement):
        found.setdefault(row.customer_id, []).append(ContactRow(*row))
    return found


def _of_customer(customer: CustomerRow, people: list[ContactRow], wanted: Iterable[tuple[str, bool]]) -> list[Caller]:
    """The people who are meant; the company itself when nobody is."""
    meant = [Caller(customer, contact) for contact in people if _is_meant(contact, customer, wanted)]
    return meant or [Caller(customer, None)]


def _is_meant(contact: ContactRow, customer: CustomerRow, wanted: Iterable[tuple[str, bool]]) -> bool:
    own = _tokens(contact.name, contact.phone)
    company = _tokens(customer.name, customer.phone) | _tokens(customer.short_name, "") | _tokens(customer.region, "")
    hits = [_has(own, token, prefix) for token, prefix in wanted]
    rest = [_has(company, token, prefix) for token, prefix in wanted]
    return any(hits) and all(hit or other for hit, other in zip(hits, rest, strict=True))


def _tokens(name: str, phone: str) -> frozenset[str]:
    words = [name, phone, service.digits_of(phone), *service.pinyin_of([name])]
    return frozenset(search.tokens_of(" ".join(words)))


def _has(tokens: frozenset[str], token: str, prefix: bool) -> bool:
    return token in tokens or (prefix and any(one.startswith(token) for one in tokens))
