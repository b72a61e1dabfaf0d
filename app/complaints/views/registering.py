"""Registering a complaint: the form of the first step, started and completed in one commit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

import app.db as db
import engine
from app import formkit
from app.complaints import queries
from app.complaints.business import FIRST_FORM, ComplaintObject
from app.complaints.views.blueprint import blueprint
from app.customers import queries as customers
from app.errors import FieldErrors
from app.formkit.drafting import DraftedPage
from app.formkit.drafts import Draft
from app.security import current, requires
from app.web.links import row_id

PAGE = DraftedPage("complaint.new", lambda payload: str(payload.get("customer") or ""))


@blueprint.get("/new")
@requires("complaint.register")
def new() -> ResponseReturnValue:
    """The form with what was typed and not sent; ``?customer=`` fills in a customer and the main contact."""
    session = db.session()
    known = _known(session, request.args.get("customer", type=row_id))
    draft = PAGE.found(known)
    values = {"received_at": engine.now(session), **(draft.over(known) if draft else known)}
    return _page(session, values, draft=draft)


def _known(session: Session, customer_id: int | None) -> dict[str, Any]:
    if customer_id is None or customers.visible_customer(session, current(), customer_id) is None:
        return {}
    contacts = customers.contacts(session, customer_id)
    return {"customer": str(customer_id), "contact": str(contacts[0].id) if contacts else None}


@blueprint.post("/new")
@requires("complaint.register")
def create() -> ResponseReturnValue:
    """Start the process and complete the first step; refused values come back at their fields."""
    session = db.session()
    document = _document(session)
    if formkit.is_redraw(request.form):
        return _page(session, formkit.from_html(document, request.form, keep_empty_rows=True))
    payload = formkit.from_html(document, request.form)
    try:
        started = ComplaintObject().start(session, current(), payload)
    except FieldErrors as refused:
        return _page(session, payload, refused.errors), 422
    PAGE.sent()
    flash(_("Complaint %(number)s is registered. The next step is under way.", number=started.business_key), "success")
    return redirect(url_for(".show", number=started.business_key), 303)


@blueprint.put("/new/drafts/<uuid:sheet>")
@requires("complaint.register")
def save_draft(sheet: UUID) -> ResponseReturnValue:
    """Keep what is typed so far."""
    return PAGE.keep(sheet, formkit.from_html(_document(db.session()), request.form))


@blueprint.delete("/new/drafts/<uuid:sheet>")
@requires("complaint.register")
def discard_draft(sheet: UUID) -> ResponseReturnValue:
    """Forget what was typed and show the form as it came."""
    return PAGE.discard(sheet, url_for(".new"))


@blueprint.post("/new/fields")
@requires("complaint.register")
@db.without_unit_of_work  # only draws: which fields follow from what is chosen so far
def new_fields() -> ResponseReturnValue:
    """The form again, with the fields that the answers given so far ask for."""
    document = _document(db.session())
    values = formkit.from_html(document, request.form, keep_empty_rows=True)
    return render_template("complaints/_record.html", document=document, values=values, errors={})


def _document(session: Session) -> formkit.FormDocument:
    definition = engine.queries.latest_definition(session, queries.PROCESS_KEY)
    return formkit.load(session, definition.id, FIRST_FORM)


def _page(
    session: Session,
    values: Mapping[str, Any],
    errors: Mapping[str, Sequence[Any]] | None = None,
    draft: Draft | None = None,
) -> str:
    shown = {"values": values, "errors": errors or {}, **PAGE.context(draft)}
    return render_template("complaints/new.html", document=_document(session), **shown)
