"""Administration: what is sent out, what waits, and what nobody tries any more."""

from __future__ import annotations

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from app import db
from app.errors import NotVisible
from app.notifications import courier, house, labels, queries
from app.notifications.lists import DELIVERIES
from app.notifications.models import Delivery
from app.notifications.views.blueprint import MANAGE, blueprint
from app.security import requires
from app.web.lists import respond

ID = "<int(max=4611686018427387904):delivery_id>"


@blueprint.get("/admin/deliveries")
@requires(MANAGE)
def deliveries() -> ResponseReturnValue:
    """Everything that left or is to leave the house, the newest first."""
    session = db.session()
    return respond(
        DELIVERIES,
        "notifications/deliveries.html",
        "notifications/_deliveries.html",
        failed=queries.failed(session),
        held=queries.held(session),
        server=bool(house.of(session).smtp_url),
        states=labels.STATES,
    )


@blueprint.post(f"/admin/deliveries/{ID}/resend")
@requires(MANAGE)
def resend(delivery_id: int) -> ResponseReturnValue:
    """Try one delivery again."""
    _known(delivery_id)
    if courier.resend(db.session(), delivery_id):
        flash(_("It is tried again now."), "success")
    else:
        flash(_("It is not among those that failed any more."), "warning")
    return _back()


@blueprint.post("/admin/deliveries/resend")
@requires(MANAGE)
def resend_all() -> ResponseReturnValue:
    """Try everything again that nobody tries any more."""
    count = courier.resend_all(db.session())
    flash(ngettext("%(num)s message is tried again now.", "%(num)s messages are tried again now.", count), "success")
    return _back()


@blueprint.post(f"/admin/deliveries/{ID}/drop")
@requires(MANAGE)
def drop(delivery_id: int) -> ResponseReturnValue:
    """It need not be sent any more."""
    _known(delivery_id)
    if courier.drop(db.session(), delivery_id):
        flash(_("It is not sent any more."), "success")
    else:
        flash(_("It is not among those that failed any more."), "warning")
    return _back()


def _known(delivery_id: int) -> None:
    if db.session().get(Delivery, delivery_id) is None:
        raise NotVisible


def _back() -> ResponseReturnValue:
    state = "failed" if request.form.get("from") == "failed" else None
    return redirect(url_for("notifications.deliveries", state=state), 303)
