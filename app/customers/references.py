"""Customers and what belongs to them, as things a form can point to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Flask
from sqlalchemy import ColumnElement, Select, String, func, or_, select
from sqlalchemy import cast as sql_cast
from sqlalchemy.orm import Session

from app import formkit
from app.customers import queries
from app.customers.models import Contact, Contract, Customer, CustomerOrder, Product
from app.formkit import Choice
from app.security import Principal


def register(app: Flask) -> None:
    """Serve the kinds ``customer``, ``contact``, ``product``, ``order`` and ``contract``."""
    formkit.add_reference(app, "customer", _search_customers, _customer_labels)
    formkit.add_reference(app, "product", _search_products, _product_labels)
    for kind in _BELONGING:
        formkit.add_reference(app, kind, *_belonging(kind))


def _search_customers(session: Session, principal: Principal, words: str, limit: int) -> Sequence[Choice]:
    return [Choice(str(row.id), row.name) for row in queries.options(session, principal, words)[:limit]]


def _customer_labels(session: Session, principal: Principal, values: Sequence[str]) -> Mapping[str, str]:
    statement = select(Customer.id, Customer.name).where(
        Customer.id.in_(_ids(values)), Customer.id.in_(queries.visible(principal))
    )
    return {str(key): name for key, name in session.execute(statement)}


def _search_products(session: Session, principal: Principal, words: str, limit: int) -> Sequence[Choice]:
    wanted = words.casefold()
    found = [row for row in queries.products(session) if wanted in f"{row.code} {row.name} {row.name_en}".casefold()]
    return [Choice(str(row.id), f"{row.code} · {row.name}") for row in found[:limit]]


def _product_labels(session: Session, principal: Principal, values: Sequence[str]) -> Mapping[str, str]:
    statement = select(Product.id, Product.code, Product.name).where(Product.id.in_(_ids(values)))
    return {str(key): f"{code} · {name}" for key, code, name in session.execute(statement)}


_BELONGING: Mapping[str, tuple[Any, Any]] = {
    "contact": (Contact, Contact.name),
    "order": (CustomerOrder, CustomerOrder.number),
    "contract": (Contract, Contract.number),
}
"""Kind → its model and the column it is named by. The label also says whose it is."""


def _belonging(kind: str) -> tuple[Any, Any]:
    model, name = _BELONGING[kind]

    def rows(principal: Principal) -> Select[*tuple[Any, ...]]:
        visible = queries.visible(principal)
        statement = select(model.id, name, Customer.name).join(Customer, Customer.id == model.customer_id)
        return statement.where(Customer.id.in_(visible))

    def search(session: Session, principal: Principal, words: str, limit: int) -> Sequence[Choice]:
        statement = rows(principal)
        for word in words.split():
            statement = statement.where(_contains(session, name, word))
        found = session.execute(statement.order_by(Customer.name, name, model.id).limit(limit))
        return [Choice(str(key), _label(text, customer)) for key, text, customer in found]

    def labels(session: Session, principal: Principal, values: Sequence[str]) -> Mapping[str, str]:
        found = session.execute(rows(principal).where(model.id.in_(_ids(values))))
        return {str(key): _label(text, customer) for key, text, customer in found}

    return search, labels


def _contains(session: Session, name: Any, word: str) -> ColumnElement[bool]:
    """The thing's own name, or its customer's name, initials or telephone number."""
    own = func.lower(sql_cast(name, String)).contains(word.lower(), autoescape=True)
    return or_(own, queries.matching(session, word))


def _label(text: str, customer: str) -> str:
    return f"{text} · {customer}"


def _ids(values: Sequence[str]) -> list[int]:
    return [int(value) for value in values if value.isascii() and value.isdigit() and len(value) < 19]
