"""The customer said something more about a matter that is under way."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

import app.db as db
from app.errors import FieldErrors
from app.matters import desk, detail
from app.matters.views.blueprint import blueprint, visible
from app.security import current, requires


@blueprint.post("/<number>/supplements")
@requires("matter.register")
def add(number: str) -> ResponseReturnValue:
    """Keep the words as they were said and tell who has the matter."""
    session, principal = db.session(), current()
    matter = visible(session, number)
    text, channel = desk.clean(request.form.get("text", "")), request.form.get("channel", matter.channel)
    try:
        desk.supplement(session, principal, matter, text, channel)
    except FieldErrors as refused:
        page = detail.load(session, matter, principal)
        shown: dict[str, Any] = {
            "added_text": text,
            "added_channel": channel,
            "added_errors": refused.errors,
        }
        return render_template("matters/show.html", it=page, **shown), 422
    flash(_("It was passed on."), "success")
    return redirect(url_for(".show", number=number), 303)
