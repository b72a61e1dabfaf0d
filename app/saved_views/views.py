"""Routes of saved views. Each leads back to the list."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Blueprint, current_app, flash, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.routing import BuildError

import app.db as db
from app.accounts import queries as accounts
from app.errors import FieldErrors, NotVisible
from app.saved_views import queries, service
from app.saved_views.models import SavedView
from app.security import current, signed_in
from app.web import links
from app.web.i18n import language

blueprint = Blueprint("saved_views", __name__, url_prefix="/views", template_folder="templates")


def views_of(page: str) -> list[tuple[queries.ViewRow, str, str, bool]]:
    """For the template: the views of a list, each with its address, who shares it (empty: oneself) and whether it is
    what the list shows now."""
    session, login = db.session(), current().login
    found = queries.views(session, page, login or "")
    names = accounts.display_names(session, {view.owner for view in found if not view.mine}, language())
    now = service.tidy(request.query_string.decode("utf-8", "replace"))
    return [(view, _address(page, view.query), names.get(view.owner, ""), view.query == now) for view in found]


@blueprint.post("")
@signed_in
def create() -> ResponseReturnValue:
    """Keep what a list shows."""
    page = request.form.get("page", "")
    query, back = _shown(), _list(page)
    address = f"{back}?{query}" if query else back
    try:
        with db.session().begin_nested():
            view = service.keep(db.session(), _login(), page, request.form.get("title", ""), query, shared=_shared())
    except FieldErrors as refused:
        flash(" ".join(str(line) for line in refused.errors["title"]), "error")
    else:
        flash(_("The view “%(title)s” is saved.", title=view.title), "success")
        address = _address(page, view.query)
    return links.go(address)


@blueprint.post("/<int:view_id>")
@signed_in
def change(view_id: int) -> ResponseReturnValue:
    """Rename a view, share it or keep it to oneself."""
    session = db.session()
    try:
        with session.begin_nested():
            view = service.rename(session, _login(), view_id, request.form.get("title", ""), shared=_shared())
    except FieldErrors as refused:
        flash(" ".join(str(line) for line in refused.errors["title"]), "error")
        return links.go(_after(queries.own(session, view_id, _login())))
    flash(_("The view “%(title)s” is saved.", title=view.title), "success")
    return links.go(_after(view))


@blueprint.delete("/<int:view_id>")
@signed_in
def delete(view_id: int) -> ResponseReturnValue:
    """Forget a view."""
    view = service.forget(db.session(), _login(), view_id)
    flash(_("The view “%(title)s” is deleted.", title=view.title), "success")
    return links.go(_list(view.page))


def _login() -> str:
    return current().login or ""


def _shared() -> bool:
    return bool(request.form.get("shared"))


def _shown() -> str:
    """What the list shows now: the browser's address when a script sent the form, for the list changes in place."""
    now = urlsplit(request.headers.get("HX-Current-URL", "")).query
    return service.tidy(now or request.form.get("query", ""))


def _list(page: str) -> str:
    """The address of a list. Raises ``NotVisible`` for what is no page of its own."""
    if page not in current_app.view_functions:
        raise NotVisible
    try:
        return url_for(page)
    except BuildError:
        raise NotVisible from None


def _address(page: str, query: str) -> str:
    return f"{_list(page)}?{query}" if query else _list(page)


def _after(view: SavedView | None) -> str:
    if view is None:
        raise NotVisible
    return _address(view.page, view.query)
