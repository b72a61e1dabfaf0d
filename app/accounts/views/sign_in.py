"""Signing in and out."""

from __future__ import annotations

from flask import g, make_response, redirect, render_template, request, url_for
from flask import session as signed_cookie
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

import engine
from app import db
from app.accounts import service
from app.accounts.views.blueprint import blueprint
from app.db.request import close_reader
from app.security import credentials, current, identity, public, sessions, signed_in
from app.web import links


@blueprint.get("/login")
@public
def login() -> ResponseReturnValue:
    """The page to sign in on."""
    if current().signed_in:
        return redirect(links.back(), 303)
    return _page()


@blueprint.post("/login")
@public
@db.without_unit_of_work
def sign_in() -> ResponseReturnValue:
    """Check login and password and begin a session."""
    now = engine.now(db.session())
    close_reader()
    name, password = request.form.get("login", ""), request.form.get("password", "")
    answer = credentials.check(db.database(), name, password, str(request.remote_addr), lambda: now)
    if answer.locked:
        return _page(_("Too many tries. Please wait a quarter of an hour, or ask an administrator.")), 429
    if answer.login is None:
        return _page(_("Login or password is not right.")), 401
    return begin_session(answer.login, links.back())


@blueprint.post("/logout")
@signed_in
def sign_out() -> ResponseReturnValue:
    """End this session for good."""
    session_id = identity.session_id()
    if session_id:
        service.end_session(db.session(), current().login, session_id)
    signed_cookie.clear()
    response = make_response(redirect(url_for("accounts.login"), 303))
    identity.clear_cookie(response)
    return response


def begin_session(login: str, target: str) -> ResponseReturnValue:
    """A new session for ``login``, a new CSRF token, and on to ``target``. A session this browser had ends, whosever
    it was."""
    secret, old, before = "", identity.session_id(), current()

    def work(session: Session) -> None:
        nonlocal secret
        now = engine.now(session)
        if old:
            sessions.end_session(session, before.login, old, now)
        secret = sessions.open_session(
            session,
            login,
            now=now,
            lifetimes=identity.security().lifetimes,
            address=str(request.remote_addr),
            user_agent=request.user_agent.string,
        )

    db.database().write(work)
    signed_cookie.clear()
    g.pop("csrf_token", None)
    response = make_response(redirect(target, 303))
    identity.set_cookie(response, secret)
    return response


def _page(error: str = "") -> str:
    return render_template(
        "accounts/login.html", error=error, login=request.form.get("login", ""), next=request.values.get("next", "")
    )
