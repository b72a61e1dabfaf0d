"""The bell and the page of notices."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale
from sqlalchemy.orm import Session

import engine
from app import db
from app.accounts import queries as accounts
from app.errors import NotVisible
from app.notifications import queries, service, wording
from app.notifications.views.blueprint import blueprint
from app.security import current, polling, signed_in
from app.web import links


@dataclass(frozen=True, slots=True)
class ShownNotice:
    """A notice in the reader's words."""

    id: int
    text: str
    tone: str
    icon: str
    created_at: datetime
    unread: bool


@blueprint.get("/notices")
@signed_in
def index() -> ResponseReturnValue:
    """The newest notices first, fifty a page."""
    session, login = db.session(), current().login
    only = request.args.get("show") == "unread"
    before = request.args.get("before", type=links.row_id)
    rows = queries.notices(session, login, before=before, unread_only=only, limit=queries.PAGE + 1)
    notices = show(session, rows[: queries.PAGE])
    older = notices[-1].id if len(rows) > queries.PAGE else None
    count = queries.unread(session, login)
    return render_template(
        "notifications/index.html", notices=notices, older=older, before=before, only=only, unread=count
    )


@blueprint.get("/notices/bell")
@signed_in
@polling
def bell() -> ResponseReturnValue:
    """The bell with its count, polled by every page."""
    return render_template("notifications/_bell.html", unread=queries.unread(db.session(), current().login))


@blueprint.post("/notices/<int(max=4611686018427387904):notice_id>/read")
@signed_in
def read(notice_id: int) -> ResponseReturnValue:
    """Mark a notice read and go where it leads."""
    session, login = db.session(), current().login
    notice = queries.notice(session, login, notice_id)
    if notice is None:
        raise NotVisible()
    service.mark_read(session, login, notice_id)
    return redirect(_inside(notice.link) or url_for("notifications.index"), 303)


@blueprint.post("/notices/read")
@signed_in
def read_all() -> ResponseReturnValue:
    """Mark every notice read."""
    service.mark_read(db.session(), current().login)
    return redirect(url_for("notifications.index"), 303)


def show(session: Session, rows: tuple[queries.NoticeRow, ...]) -> list[ShownNotice]:
    """Notices in the language of the request: step and person by name, not by id."""
    language = str(get_locale() or "zh")
    actors = accounts.display_names(
        session, {str(row.facts["actor"]) for row in rows if row.facts.get("actor")}, language
    )
    shown = []
    for row in rows:
        facts = dict(row.facts)
        facts["actor"] = actors.get(str(facts.get("actor")), facts.get("actor"))
        if facts.get("definition_id") and facts.get("node_id"):
            facts["task"] = engine.queries.node_name(session, facts["definition_id"], facts["node_id"], language)
        kind = wording.notice_wording(row.template)
        text = wording.notice_text(row.template, facts, language)
        shown.append(ShownNotice(row.id, text, kind.tone, kind.icon, row.created_at, row.read_at is None))
    return shown


def _inside(link: str) -> str | None:
    """Only a path of this site is followed."""
    return link if link.startswith("/") and not link.startswith(("//", "/\\")) else None
