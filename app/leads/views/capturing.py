"""Capturing a lead: what is known of the prospect, and a warning while it is typed when somebody is there already."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

import app.db as db
from app import formkit
from app.accounts import queries as accounts
from app.customers import queries as customers
from app.customers import service as customer_service
from app.errors import FieldErrors
from app.formkit.drafting import DraftedPage
from app.formkit.drafts import Draft
from app.leads import forms, labels, queries
from app.leads.business import LeadObject, may_qualify
from app.leads.views.blueprint import blueprint
from app.security import current, requires
from app.web.i18n import language
from app.web.links import row_id

PAGE = DraftedPage("lead.new", lambda payload: str(payload.get("company") or "").strip().casefold())


@blueprint.get("/new")
@requires("lead.capture")
def new() -> ResponseReturnValue:
    """The form with what was typed and not sent; ``?customer=`` fills in what is known of a customer."""
    session = db.session()
    known = _known(session, request.args.get("customer", type=row_id))
    draft = PAGE.found(known)
    return _page(session, draft.over(known) if draft else known, draft=draft)


def _known(session: Session, customer_id: int | None) -> dict[str, Any]:
    found = customers.visible_customer(session, current(), customer_id) if customer_id is not None else None
    if found is None:
        return {}
    contact = next(iter(customers.contacts(session, found.id)), None)
    person = {"contact_name": contact.name, "phone": contact.phone, "email": contact.email} if contact else {}
    return {"company": found.name, "phone": found.phone, "region": found.region} | person


@blueprint.post("/new")
@requires("lead.capture")
def create() -> ResponseReturnValue:
    """Capture the lead: it waits to be qualified, or is followed up at once."""
    session, principal = db.session(), current()
    document = _document(session)
    if formkit.is_redraw(request.form):
        return _page(session, formkit.from_html(document, request.form, keep_empty_rows=True))
    payload = formkit.from_html(document, request.form)
    try:
        bound = formkit.bind(document, payload, groups=principal.groups)
        values = {name: formkit.as_json(value) for name, value in bound.values.items() if value not in (None, "", [])}
        values |= {"outcome": "qualified"} if _at_once() else {}
        started = LeadObject().start(session, principal, values, may_wait=not _at_once())
    except FieldErrors as refused:
        return _page(session, payload, refused.errors), 422
    PAGE.sent()
    flash(_("Lead %(number)s is captured.", number=started.business_key), "success")
    return redirect(url_for(".show", number=started.business_key), 303)


@blueprint.put("/new/drafts/<uuid:sheet>")
@requires("lead.capture")
def save_draft(sheet: UUID) -> ResponseReturnValue:
    """Keep what is typed so far."""
    return PAGE.keep(sheet, formkit.from_html(_document(db.session()), request.form))


@blueprint.delete("/new/drafts/<uuid:sheet>")
@requires("lead.capture")
def discard_draft(sheet: UUID) -> ResponseReturnValue:
    """Forget what was typed and show the form as it came."""
    return PAGE.discard(sheet, url_for(".new"))


@blueprint.get("/duplicates")
@requires("lead.capture")
def duplicates() -> ResponseReturnValue:
    """Leads and customers that may be the same, for a warning below the field that is being typed in."""
    session, principal = db.session(), current()
    company, phone = request.args.get("company", "")[:200], request.args.get("phone", "")[:40]
    key = customer_service.name_key(company) if company.strip() else ""
    found = queries.duplicates(session, company_key=key, phone_key="".join(filter(str.isdigit, phone)))
    known = customer_service.by_name(session, company) if key else None
    return render_template(
        "leads/_duplicates.html",
        found=found,
        seen=queries.seen_of(session, principal, [row.number for row in found]),
        customer=known,
        states=labels.states(),
        people=accounts.display_names(session, [row.owner for row in found if row.owner], language()),
    )


def _at_once() -> bool:
    return may_qualify(current()) and request.values.get("at_once", "") == "1"


def _document(session: Session) -> formkit.FormDocument:
    return forms.qualify_at_once(session) if _at_once() else forms.capture(session)


def _page(
    session: Session,
    values: Mapping[str, Any],
    errors: Mapping[str, Sequence[Any]] | None = None,
    draft: Draft | None = None,
) -> str:
    shown = {"values": values, "errors": errors or {}, "at_once": _at_once(), "may_qualify": may_qualify(current())}
    return render_template("leads/new.html", document=_document(session), **shown, **PAGE.context(draft))
