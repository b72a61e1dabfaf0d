"""What people do with a lead between its tasks: note a contact, claim it, give it back, hand it on, end it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

import app.db as db
from app import formkit
from app.errors import FieldErrors, NotVisible
from app.leads import detail, forms, queries
from app.leads.business import LeadObject
from app.leads.service import following, ownership
from app.leads.views.blueprint import SEES, blueprint, visible
from app.security import current, requires


@blueprint.post("/<number>/follow-ups")
@requires(SEES)
def add_follow_up(number: str) -> ResponseReturnValue:
    """Keep a contact with the prospect; another purchase date moves the lead at once."""
    session, principal = db.session(), current()
    lead, document = visible(session, number), forms.follow_up(session)
    given = formkit.from_html(document, request.form)
    try:
        bound = formkit.bind(document, given, groups=principal.groups)
        kept = {name: value for name, value in bound.values.items() if value is not None}
        following.add_record(session, principal, number, following.Contact(**kept))
    except FieldErrors as refused:
        page = detail.load(session, lead, principal)
        shown = {"document": document, "values": given, "errors": refused.errors}
        return render_template("leads/show.html", it=page, **shown), 422
    flash(_("The contact was noted."), "success")
    return redirect(url_for(".show", number=number), 303)


@blueprint.post("/<number>/claim")
@requires("lead.claim")
def claim(number: str) -> ResponseReturnValue:
    """Take the lead out of the pool."""
    session, principal = db.session(), current()
    try:
        lead = ownership.claim(session, principal, number)
    except FieldErrors as refused:  # somebody was faster, or the quota is used up
        flash(" ".join(str(message) for message in refused.errors[""]), "error")
        return redirect(url_for(".pool"), 303)
    flash(_("The lead is yours: %(company)s.", company=lead.company or number), "success")
    return redirect(url_for(".show", number=number), 303)


@blueprint.get("/<number>/return")
@requires(SEES)
def giving_back(number: str) -> ResponseReturnValue:
    """Why the lead goes back to the pool."""
    return _asked(number, "return")


@blueprint.post("/<number>/return")
@requires(SEES)
def give_back(number: str) -> ResponseReturnValue:
    """Give the lead back to the pool of its centre."""
    return _done(number, "return")


@blueprint.get("/<number>/owner")
@requires("lead.reassign")
def reassigning(number: str) -> ResponseReturnValue:
    """To whom the lead goes."""
    return _asked(number, "owner")


@blueprint.post("/<number>/owner")
@requires("lead.reassign")
def reassign(number: str) -> ResponseReturnValue:
    """Hand the lead to somebody else."""
    return _done(number, "owner")


@blueprint.get("/<number>/won")
@requires(SEES)
def winning(number: str) -> ResponseReturnValue:
    """What was sold for how much."""
    return _asked(number, "won")


@blueprint.post("/<number>/won")
@requires(SEES)
def win(number: str) -> ResponseReturnValue:
    """The deal is made."""
    return _done(number, "won")


@blueprint.get("/<number>/lost")
@requires(SEES)
def losing(number: str) -> ResponseReturnValue:
    """Why the deal is lost."""
    return _asked(number, "lost")


@blueprint.post("/<number>/lost")
@requires(SEES)
def lose(number: str) -> ResponseReturnValue:
    """The deal is lost."""
    return _done(number, "lost")


def _asked(number: str, action: str) -> ResponseReturnValue:
    session = db.session()
    page = detail.load(session, visible(session, number), current())
    if not page.may.take(action):
        raise NotVisible
    product = queries.product_by_code(session, page.lead.product_code)
    return _form(session, page, action, {"product_id": str(product.id) if product else None}, {})


def _done(number: str, action: str) -> ResponseReturnValue:
    session, principal = db.session(), current()
    document = _document(session, action)
    given = formkit.from_html(document, request.form)
    try:
        bound = formkit.bind(document, given, groups=principal.groups)
        flash(_carried_out(session, number, action, bound.values), "success")
    except FieldErrors as refused:
        page = detail.load(session, visible(session, number), principal)
        return _form(session, page, action, given, refused.errors), 422
    return redirect(url_for(".index" if action == "return" else ".show", number=number), 303)


def _carried_out(session: Session, number: str, action: str, values: Mapping[str, Any]) -> str:
    """Do it; what to tell the person."""
    principal = current()
    if action == "return":
        ownership.give_back(session, principal, number, values["reason"])
        return str(_("The lead %(number)s is in the pool.", number=number))
    if action == "owner":
        ownership.reassign(session, principal, number, values["owner"], values["reason"])
        return str(_("The lead was handed on."))
    given = {name: formkit.as_json(value) for name, value in values.items() if value is not None}
    variables = LeadObject().message(session, principal, ownership.CHANGED, number, given | {"outcome": action})
    ownership.tell_process(session, visible(session, number), variables, actor=principal.login)
    return str(_("The deal is noted.") if action == "won" else _("The loss is noted."))


def _document(session: Session, action: str) -> formkit.FormDocument:
    if action == "return":
        return forms.give_back()
    return forms.reassign(session) if action == "owner" else forms.result(session, action)


def _form(
    session: Session, page: detail.Detail, action: str, values: Mapping[str, Any], errors: Mapping[str, Any]
) -> str:
    document = _document(session, action)
    return render_template("leads/act.html", it=page, action=action, document=document, values=values, errors=errors)
