"""What a person wants to hear, and where."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app import db
from app.errors import FieldErrors
from app.notifications import house, labels, schemas
from app.notifications import preferences as service
from app.notifications.views.blueprint import Errors, blueprint
from app.notifications.wording import KINDS
from app.security import current, signed_in
from app.web.rendering import page_or_fragment


@blueprint.get("/notices/preferences")
@signed_in
def preferences() -> ResponseReturnValue:
    """The own choice: a page, and a part of the account page."""
    return page_or_fragment("notifications/preferences.html", "notifications/_preferences.html", **_context({}))


@blueprint.post("/notices/preferences")
@signed_in
def save_preferences() -> ResponseReturnValue:
    """Choose."""
    try:
        values = schemas.preferences(request.form)
    except FieldErrors as refused:
        return render_template("notifications/preferences.html", **_context(refused.errors)), 422
    service.save(db.session(), current().login, **values)
    flash(_("Saved."), "success")
    return redirect(url_for("notifications.preferences"), 303)


def _context(errors: Errors) -> Mapping[str, Any]:
    login = current().login
    mine = service.of(db.session(), [login])[login]
    values: dict[str, Any] = {"email": mine.own_email, "working_hours": mine.working_hours}
    for kind in KINDS:
        values |= {f"page_{kind}": mine.wish(kind).page, f"email_{kind}": mine.wish(kind).email.value}
    if request.method == "POST":
        values = {name: request.form.get(name, "") for name in values}
    here = house.of(db.session())
    return {
        "errors": errors,
        "values": values,
        "kinds": KINDS,
        "paces": list(labels.PACES.items()),
        "usual": f"{login}@{here.mail_domain}" if here.mail_domain else "",
        "server": bool(here.smtp_url),
    }
