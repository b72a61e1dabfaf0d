"""The own account: language, password, tokens, sessions."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

import engine
from app import db
from app.accounts import browsers, queries, schemas, service
from app.accounts.views.blueprint import Errors, blueprint
from app.accounts.views.sign_in import begin_session
from app.db.request import close_reader
from app.errors import FieldErrors
from app.security import credentials, current, identity, passwords, sessions, signed_in
from app.web import i18n


@blueprint.get("/profile")
@signed_in
def profile() -> ResponseReturnValue:
    """The own account."""
    return _page({})


@blueprint.post("/profile/password")
@signed_in
@db.without_unit_of_work
def change_password() -> ResponseReturnValue:
    """Change the own password; every other session ends and this one gets a new id."""
    try:
        _change_password(current().login)
    except FieldErrors as refused:
        return _page(refused.errors), 422
    response = begin_session(current().login, url_for("accounts.profile"))
    flash(_("Your password is changed. You are signed out everywhere else."), "success")
    return response


def _change_password(login: str) -> None:
    chosen = schemas.new_password(
        login, request.form.get("new_password", ""), request.form.get("repeated_password", "")
    )
    now = engine.now(db.session())
    close_reader()
    typed = request.form.get("old_password", "")
    answer = credentials.check(db.database(), login, typed, str(request.remote_addr), lambda: now)
    if answer.locked:
        raise FieldErrors({"old_password": [_l("Too many tries. Please wait a quarter of an hour.")]})
    if answer.login is None:
        raise FieldErrors({"old_password": [_l("This is not your password.")]})
    hashed = passwords.hash_password(chosen)
    db.database().write(lambda session: service.set_password(session, login, login, hashed))


@blueprint.post("/profile/tokens")
@signed_in
def create_token() -> ResponseReturnValue:
    """Make a bearer token and show it, this once."""
    try:
        values = schemas.read(schemas.TokenForm, request.form)
    except FieldErrors as refused:
        return _page(refused.errors), 422
    now, days = engine.now(db.session()), values["days"]
    expires_at = now + timedelta(days=int(days)) if days else None
    secret = service.create_token(db.session(), current().login, values["name"], expires_at)
    return _page({}, new_token=secret), 201, {"Cache-Control": "no-store"}


@blueprint.post("/profile/tokens/<int(max=4611686018427387904):token_id>/revocation")
@signed_in
def revoke_token(token_id: int) -> ResponseReturnValue:
    """Revoke an own token."""
    name = service.revoke_token(db.session(), current().login, token_id)
    flash(_("The token “%(name)s” no longer works.", name=name), "success")
    return redirect(url_for("accounts.profile") + "#tokens", 303)


@blueprint.post("/profile/sessions/<session_id>/end")
@signed_in
def end_session(session_id: str) -> ResponseReturnValue:
    """Sign an own browser out."""
    service.end_session(db.session(), current().login, session_id)
    flash(_("That session is ended."), "success")
    return redirect(url_for("accounts.profile") + "#sessions", 303)


def _page(errors: Errors, **more: Any) -> str:
    session, login = db.session(), current().login
    now, language = engine.now(session), i18n.language()
    person = queries.user(session, login)
    supervisor = person.supervisor_login if person else None
    return render_template(
        "accounts/profile.html",
        errors=errors,
        person=person,
        supervisor=queries.display_names(session, [supervisor]).get(supervisor) if supervisor else "",
        groups=queries.group_titles(session, current().groups, language).values(),
        roles=[role.title(language) for role in queries.roles(session) if role.name in current().roles],
        tokens=sessions.tokens_of(session, login),
        sessions=sessions.open_sessions(session, login, now=now, idle=identity.security().lifetimes.idle),
        browser=browsers.shown,
        this_session=identity.session_id(),
        token_days=schemas.TOKEN_DAYS,
        minimum=passwords.MINIMUM,
        now=now,
        **more,
    )
