"""Administration: the channels of teams."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app import db
from app.accounts import queries as accounts
from app.db.request import close_reader
from app.errors import FieldErrors, NotVisible
from app.notifications import channels as service
from app.notifications import courier, house, schemas
from app.notifications.labels import CHANNEL_KINDS, reason
from app.notifications.models import ChannelKind, TeamChannel
from app.notifications.views.blueprint import MANAGE, Errors, blueprint
from app.notifications.wording import KINDS
from app.security import current, requires
from app.web import i18n

ID = "<int(max=4611686018427387904):channel_id>"


@blueprint.get("/admin/channels")
@requires(MANAGE)
def channels() -> ResponseReturnValue:
    """All channels."""
    session = db.session()
    rows = service.all_channels(session)
    names = accounts.department_names(
        session, [row.department_key for row in rows if row.department_key], i18n.language()
    )
    return render_template(
        "notifications/channels.html", channels=rows, departments=names, kinds=CHANNEL_KINDS, hint=service.hint
    )


@blueprint.get("/admin/channels/new")
@requires(MANAGE)
def new_channel() -> ResponseReturnValue:
    """The form for a new channel."""
    return _form({}, None)


@blueprint.post("/admin/channels/new")
@requires(MANAGE)
def create_channel() -> ResponseReturnValue:
    """Add a channel."""
    return _save(None)


@blueprint.get(f"/admin/channels/{ID}")
@requires(MANAGE)
def channel(channel_id: int) -> ResponseReturnValue:
    """One channel."""
    return _form({}, _known(channel_id))


@blueprint.post(f"/admin/channels/{ID}")
@requires(MANAGE)
def update_channel(channel_id: int) -> ResponseReturnValue:
    """Change a channel."""
    return _save(_known(channel_id))


@blueprint.post(f"/admin/channels/{ID}/test")
@requires(MANAGE)
@db.without_unit_of_work
def test_channel(channel_id: int) -> ResponseReturnValue:
    """Really send a greeting, and show what was answered."""
    _known(channel_id)
    close_reader()
    outcome = _greet(channel_id)
    if outcome.result == "delivered":
        flash(_("The channel took it: %(answer)s", answer=outcome.detail), "success")
    else:
        said = f"{reason(outcome.reason)} {outcome.detail}".strip()
        flash(_("It did not arrive. %(answer)s", answer=said), "error")
    return redirect(url_for("notifications.channel", channel_id=channel_id), 303)


def _greet(channel_id: int) -> courier.Outcome:
    """Nobody waits for our lock while the other side thinks."""
    database = db.database()
    kind, message, allow, slot = database.write(lambda session: service.greeting(session, channel_id))
    if not slot:
        return courier.Outcome("later", "too_many")
    outcome = courier.post(kind, message, allow)
    database.write(lambda session: service.greeted(session, channel_id, slot, outcome))
    return outcome


def _known(channel_id: int) -> TeamChannel:
    row = db.session().get(TeamChannel, channel_id)
    if row is None:
        raise NotVisible
    return row


def _save(row: TeamChannel | None) -> ResponseReturnValue:
    session = db.session()
    try:
        with session.begin_nested():
            values = schemas.channel(request.form, _departments(), house.of(session).webhook_allow)
            saved = service.save(session, current().login, values, row.id if row else None)
    except FieldErrors as refused:
        return _form(refused.errors, row), 422
    flash(_("Saved."), "success")
    secret = saved.secret if row is None and saved.kind == ChannelKind.WEBHOOK else ""
    if secret and not values["secret"]:
        return _form({}, saved, new_secret=secret), 201, {"Cache-Control": "no-store"}
    return redirect(url_for("notifications.channel", channel_id=saved.id), 303)


def _departments() -> dict[str, str]:
    language = i18n.language()
    return {row.key: "　" * row.depth + row.name(language) for row in accounts.departments(db.session())}


def _form(errors: Errors, row: TeamChannel | None, *, new_secret: str = "") -> str:
    stored: dict[str, Any] = {name: getattr(row, name) if row else "" for name in ("name", "kind", "department_key")}
    stored |= {"language": row.language if row else "zh", "kinds": row.kinds if row else ["overdue"]}
    stored |= {"active": row.active if row else True, "url": ""}
    if request.method == "POST" and errors:
        stored |= {name: request.form.get(name, "") for name in ("name", "kind", "url", "department_key", "language")}
        stored |= {"kinds": request.form.getlist("kinds"), "active": bool(request.form.get("active"))}
    return render_template(
        "notifications/channel.html",
        errors=errors,
        row=row,
        values=stored,
        hint=service.hint(row) if row else "",
        has_secret=bool(row and row.secret),
        new_secret=new_secret,
        channel_kinds=list(CHANNEL_KINDS.items()),
        departments=list(_departments().items()),
        kinds=KINDS,
    )
