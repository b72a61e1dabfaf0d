"""The page on which somebody who leaves hands everything over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app import db
from app.absences import handover
from app.absences.views import blueprint
from app.accounts import queries as accounts
from app.errors import FieldErrors, NotVisible
from app.registries import Handover
from app.security import current, requires
from app.web.i18n import language


@blueprint.get("/absences/handover")
@requires("account.manage")
def handover_page() -> ResponseReturnValue:
    """Choose who leaves; then what there is, and to whom it goes."""
    return _page(request.args.get("leaver", ""), {}, {})


@blueprint.post("/absences/handover")
@requires("account.manage")
def hand_over() -> ResponseReturnValue:
    """Everything goes to the successors and the account is closed; refusals come back at their fields."""
    session, leaver = db.session(), request.form.get("leaver", "")
    default = request.form.get("successor", "")
    chosen = {one.key: request.form.get(one.key, "") or default for one in _handovers()}
    try:
        with session.begin_nested():
            counts = handover.leave(session, current().login, _handovers(), leaver, chosen)
    except FieldErrors as refused:
        return _page(leaver, refused.errors, request.form), 422
    name = accounts.display_names(session, [leaver], language()).get(leaver, leaver)
    flash(
        _("%(name)s has handed over %(count)s things. The account is closed.", name=name, count=sum(counts.values())),
        "success",
    )
    return redirect(url_for("accounts.user", login=leaver), 303)


def _handovers() -> Sequence[Handover]:
    found: list[Handover] = current_app.extensions["keliu.registries"].handovers
    return found


def _page(leaver: str, errors: Mapping[str, Sequence[Any]], values: Mapping[str, str]) -> str:
    session = db.session()
    person = accounts.user(session, leaver) if leaver else None
    if leaver and person is None:
        raise NotVisible
    everybody = [(row.login, row.shown(language())) for row in accounts.users(session)]
    return render_template(
        "absences/handover.html",
        person=person,
        kinds=handover.kinds(session, _handovers(), leaver) if person else (),
        people=[one for one in everybody if one[0] != leaver],
        everybody=everybody,
        errors=errors,
        values=values,
        lang=language(),
    )
