"""Messages people send to a running complaint."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

import app.db as db
import engine
from app.complaints import detail
from app.complaints.business import ComplaintObject
from app.complaints.service import intake
from app.complaints.views.blueprint import SEES, blueprint, visible
from app.errors import FieldErrors, NotVisible
from app.security import current, requires


@blueprint.post("/<number>/messages/<name>")
@requires(SEES)
def send(number: str, name: str) -> ResponseReturnValue:
    """Deliver a message to the complaint, with what was written about it."""
    session, principal = db.session(), current()
    complaint = visible(session, number)
    if name not in detail.MESSAGES:
        raise NotVisible
    text = request.form.get("text", "")
    try:
        _deliver(number, name, text)
    except FieldErrors as refused:
        page = detail.load(session, complaint, principal)
        shown = {"message": name, "message_text": text, "message_errors": refused.errors}
        return render_template("complaints/show.html", it=page, **shown), 422
    flash(_("It was passed on."), "success")
    return redirect(url_for(".show", number=number), 303)


@blueprint.post("/<number>/summary")
@requires("complaint.register")
def change_summary(number: str) -> ResponseReturnValue:
    """Write a better summary beside the customer's unchanged words."""
    session, principal = db.session(), current()
    complaint = visible(session, number)
    text = request.form.get("summary", "").replace("\r\n", "\n").replace("\x00", "")
    try:
        intake.change_summary(session, principal, complaint, text)
    except FieldErrors as refused:
        page = detail.load(session, complaint, principal)
        shown = {"summary_text": text, "summary_errors": refused.errors["summary"]}
        return render_template("complaints/show.html", it=page, **shown), 422
    flash(_("The changes were saved."), "success")
    return redirect(url_for(".show", number=number), 303)


def _deliver(number: str, name: str, text: str) -> None:
    if not text.strip():
        raise FieldErrors({"text": [_("Please write what it is about.")]})
    session, principal = db.session(), current()
    given = {"text": text.replace("\r\n", "\n").replace("\x00", "")[: detail.LONGEST_MESSAGE]}
    variables = ComplaintObject().message(session, principal, name, number, given)
    command = engine.CorrelateMessage(name=name, correlation_key=number, variables=variables, actor=principal.login)
    engine.execute(session, command)
