"""Pages about customers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Blueprint, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

import app.db as db
from app.accounts import queries as accounts
from app.customers import lists, queries, service
from app.customers.models import Customer
from app.customers.schemas import ContactSchema, CustomerSchema, checked
from app.errors import FieldErrors, NotVisible
from app.security import current, requires
from app.web.i18n import language
from app.web.lists import respond

blueprint = Blueprint("customers", __name__, url_prefix="/customers", template_folder="templates")
SELLER_KINDS = ("centre", "office", "department")
RECENT_ORDERS = 3


@blueprint.get("")
@requires("customer.view")
def index() -> ResponseReturnValue:
    """The list, its fragment or its export."""
    return respond(lists.CUSTOMERS, "customers/index.html", "customers/_list.html")


@blueprint.get("/options")
@requires("customer.view")
def options() -> ResponseReturnValue:
    """Customers for choosing while typing: name, pinyin initials or telephone number."""
    rows = queries.options(db.session(), current(), request.args.get("q", ""))
    return jsonify([{"value": row.id, "label": row.name, "hint": row.region} for row in rows])


@blueprint.get("/new")
@requires("customer.edit")
def new() -> ResponseReturnValue:
    """An empty form."""
    return _form(None, {"value_class": "C", "department_key": current().department_key, "language": "zh"}, {})


@blueprint.post("")
@requires("customer.edit")
def create() -> ResponseReturnValue:
    """Add a customer, with its main contact if one was typed."""
    session, given = db.session(), request.form.to_dict()
    try:
        values = checked(CustomerSchema(), given) | {"contacts": _first_contact(given)}
        customer = service.create(session, current().login, values)
    except FieldErrors as refused:
        return _form(None, given, refused.errors), 422
    flash(_("%(name)s was added.", name=customer.name), "success")
    return redirect(url_for(".show", customer_id=customer.id), 303)


def _first_contact(given: Mapping[str, Any]) -> list[dict[str, Any]]:
    typed = {name.removeprefix("contact_"): value for name, value in given.items() if name.startswith("contact_")}
    if not any(value.strip() for value in typed.values()):
        return []
    try:
        return [checked(ContactSchema(), typed) | {"is_main": True}]
    except FieldErrors as refused:
        raise FieldErrors({f"contact_{name}": lines for name, lines in refused.errors.items()}) from refused


@blueprint.get("/<int:customer_id>")
@requires("customer.view")
def show(customer_id: int) -> ResponseReturnValue:
    """Everything known about a customer; complaints come as a fragment of their own slice."""
    session = db.session()
    row = _visible(session, customer_id)
    departments = accounts.department_names(session, [row.department_key or ""], language())
    return render_template(
        "customers/show.html",
        customer=row,
        department=departments.get(row.department_key or "", ""),
        contacts=queries.contacts(session, customer_id),
        contracts=queries.contracts(session, customer_id),
        orders=queries.orders(session, customer_id),
        products={product.id: product.title(language()) for product in queries.products(session)},
    )


@blueprint.get("/<int:customer_id>/card")
@requires("customer.view")
def card(customer_id: int) -> ResponseReturnValue:
    """Who a customer is in few words, as a fragment for other pages."""
    session = db.session()
    row = _visible(session, customer_id)
    return render_template(
        "customers/_card.html",
        customer=row,
        department=accounts.department_names(session, [row.department_key or ""], language()),
        contacts=queries.contacts(session, customer_id),
        orders=queries.orders(session, customer_id)[:RECENT_ORDERS],
        products={product.id: product.title(language()) for product in queries.products(session)},
    )


@blueprint.get("/<int:customer_id>/edit")
@requires("customer.edit")
def edit(customer_id: int) -> ResponseReturnValue:
    """The form with what is known."""
    row = _visible(db.session(), customer_id)
    return _form(row, {name: getattr(row, name) for name in CustomerSchema().fields}, {})


@blueprint.post("/<int:customer_id>")
@requires("customer.edit")
def change(customer_id: int) -> ResponseReturnValue:
    """Change a customer."""
    session, given = db.session(), request.form.to_dict()
    row = _visible(session, customer_id)
    try:
        service.change(session, current().login, _row(session, customer_id), checked(CustomerSchema(), given))
    except FieldErrors as refused:
        return _form(row, given, refused.errors), 422
    flash(_("The changes were saved."), "success")
    return redirect(url_for(".show", customer_id=customer_id), 303)


@blueprint.get("/<int:customer_id>/contacts/new")
@requires("customer.edit")
def new_contact(customer_id: int) -> ResponseReturnValue:
    """An empty form for a contact."""
    return _contact_form(_visible(db.session(), customer_id), None, {"language": "zh"}, {})


@blueprint.get("/<int:customer_id>/contacts/<int:contact_id>")
@requires("customer.edit")
def edit_contact(customer_id: int, contact_id: int) -> ResponseReturnValue:
    """The form of a contact."""
    row = _visible(db.session(), customer_id)
    contact = _contact(db.session(), customer_id, contact_id)
    return _contact_form(row, contact, {name: getattr(contact, name) for name in ContactSchema().fields}, {})


@blueprint.post("/<int:customer_id>/contacts", defaults={"contact_id": None})
@blueprint.post("/<int:customer_id>/contacts/<int:contact_id>")
@requires("customer.edit")
def save_contact(customer_id: int, contact_id: int | None) -> ResponseReturnValue:
    """Add or change a contact."""
    session, given = db.session(), request.form.to_dict()
    row = _visible(session, customer_id)
    contact = _contact(session, customer_id, contact_id) if contact_id is not None else None
    try:
        service.save_contact(session, _row(session, customer_id), contact_id, checked(ContactSchema(), given))
    except FieldErrors as refused:
        return _contact_form(row, contact, given, refused.errors), 422
    flash(_("The contact was saved."), "success")
    return redirect(url_for(".show", customer_id=customer_id), 303)


def _visible(session: Session, customer_id: int) -> queries.CustomerRow:
    row = queries.visible_customer(session, current(), customer_id)
    if row is None:
        raise NotVisible
    return row


def _row(session: Session, customer_id: int) -> Customer:
    return session.get_one(Customer, customer_id)


def _contact(session: Session, customer_id: int, contact_id: int) -> queries.ContactRow:
    contact = queries.contact(session, contact_id)
    if contact is None or contact.customer_id != customer_id:
        raise NotVisible
    return contact


def _form(row: queries.CustomerRow | None, values: Mapping[str, Any], errors: Mapping[str, Sequence[Any]]) -> str:
    sellers = [
        (department.key, department.name(language()))
        for department in accounts.departments(db.session())
        if department.kind in SELLER_KINDS
    ]
    return render_template("customers/form.html", customer=row, values=values, errors=errors, sellers=sellers)


def _contact_form(
    row: queries.CustomerRow,
    contact: queries.ContactRow | None,
    values: Mapping[str, Any],
    errors: Mapping[str, Sequence[Any]],
) -> str:
    return render_template("customers/contact.html", customer=row, contact=contact, values=values, errors=errors)
