"""The request hook: who is asking, and may they call this route at all? One place for all routes.

It runs before the unit of work of a request begins, so that a slow password check never holds the write lock.
A route that declares no access is refused: forgetting a guard can't open a door.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import structlog
from flask import Flask, Request, Response, abort, current_app, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import Unauthorized

import engine
from app import db
from app.db.request import close_reader
from app.errors import Busy, NotAllowedHere, NotVisible
from app.security import credentials, sessions
from app.security.guards import PUBLIC, Access, access_of, is_polling
from app.security.models import UserSession
from app.security.principal import ANONYMOUS, Principal, PrincipalLoader, current, impersonate

API_PREFIX = "/api/"
ENGINE_REST_PREFIX = "/engine-rest"
"""Programs' entrances: a token or a Basic credential, no cookies."""

EXTENSION = "keliu.security"
SIGN_IN = "accounts.login"
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Security:
    """What the hook needs to know about this application."""

    load: PrincipalLoader
    lifetimes: sessions.Lifetimes
    cookie: str
    secure: bool
    remembered: credentials.RememberedCredentials


def install(app: Flask, *, lifetimes: sessions.Lifetimes, secure: bool) -> None:
    """Guard every route of ``app``; ``secure`` when people come over TLS. Nobody can sign in before
    :func:`people_come_from` says who knows them."""
    name = "__Host-keliu-session" if secure else "keliu_session"
    app.extensions[EXTENSION] = Security(_nobody, lifetimes, name, secure, credentials.RememberedCredentials())
    app.before_request(enter)
    app.after_request(_send_new_cookie)


def people_come_from(app: Flask, load: PrincipalLoader) -> None:
    """Let ``load`` build the principals of ``app`` from now on."""
    app.extensions[EXTENSION] = replace(app.extensions[EXTENSION], load=load)


def _nobody(_session: Session, _login: str) -> Principal | None:
    return None


def security() -> Security:
    """The installed settings of the current application."""
    found: Security = current_app.extensions[EXTENSION]
    return found


def enter() -> Any:
    """Find out who is asking and refuse what the route's declared access does not allow."""
    impersonate(ANONYMOUS)
    if request.url_rule is None or request.endpoint is None:
        if not is_program(request):
            impersonate(_identified(PUBLIC))  # the routing error becomes a 404 or 405 page, with the person's menu
        return None
    if not request.path.isprintable():
        raise NotVisible  # nothing is called so, and PostgreSQL refuses to be asked for a NUL
    access = declared_access(current_app, request.endpoint, request.method)
    if access is None:
        raise RuntimeError(f"route {request.endpoint!r} ({request.method}) declares no access")
    if request.endpoint == "static":
        return None
    impersonate(_identified(access))
    if current().signed_in:
        structlog.contextvars.bind_contextvars(user=current().login)
    return _refusal(access)


def declared_access(app: Any, endpoint: str, method: str) -> Access | None:
    """What a route declares; static files are public, and so is asking a route for its methods."""
    if endpoint == "static" or endpoint.endswith(".static") or method == "OPTIONS":
        return PUBLIC
    return access_of(app.view_functions[endpoint], method)


def is_program(asked: Request) -> bool:
    """Whether the request came in by a programs' entrance."""
    return asked.path.startswith((API_PREFIX, ENGINE_REST_PREFIX))


def _refusal(access: Access) -> Any:
    principal = current()
    if access == PUBLIC:
        return None
    if not principal.signed_in:
        return _ask_to_sign_in()
    if access.permission is not None and not principal.has(access.permission):
        raise NotAllowedHere(access.permission)
    return None


def _ask_to_sign_in() -> ResponseReturnValue:
    if is_program(request):
        raise Unauthorized(www_authenticate=WWWAuthenticate("Bearer", {"realm": "keliu"}))
    if request.headers.get("HX-Request"):
        # A fragment must not be replaced by the sign-in page: the whole page goes there and comes back.
        shown = urlsplit(request.headers.get("HX-Current-URL", ""))
        target = shown.path + (f"?{shown.query}" if shown.query else "")
        return Response(status=401, headers={"HX-Redirect": url_for(SIGN_IN, next=target or None)})
    if request.method not in ("GET", "HEAD"):
        return redirect(url_for(SIGN_IN), 303)
    target = request.full_path if request.query_string else request.path
    return redirect(url_for(SIGN_IN, next=None if target == "/" else target))


def _identified(access: Access) -> Principal:
    if is_program(request):
        return _by_header() if access != PUBLIC or request.authorization else ANONYMOUS
    secret = request.cookies.get(security().cookie)
    return _by_cookie(secret) if secret else ANONYMOUS


def _by_cookie(secret: str) -> Principal:
    reading, now = db.session(), engine.now(db.session())
    row = sessions.find_session(reading, secret, now=now, idle=security().lifetimes.idle)
    principal = security().load(reading, row.login) if row else None
    if row is None or principal is None:
        return ANONYMOUS
    g.session_id = row.id
    _follow(row, now)
    return principal


def _follow(row: UserSession, now: datetime) -> None:
    """Write down that the person is there, and give the session a new id when the person's rights changed."""
    view = current_app.view_functions.get(str(request.endpoint))
    if view is None or is_polling(view, request.method) or request.headers.get("X-Keliu-Poll"):
        return
    session_id, agent = row.id, request.user_agent.string
    if row.rotate and request.method == "GET" and not request.headers.get("HX-Request"):
        close_reader()
        g.new_secret = db.database().write(
            lambda writing: sessions.rotate(writing, session_id, now=now, user_agent=agent)
        )
        if g.new_secret:
            g.session_id = sessions.digest(g.new_secret)
    elif now - row.last_seen_at >= sessions.TOUCH_EVERY:
        _note(lambda writing: sessions.touch(writing, session_id, now))


def _note(work: Callable[[Session], None]) -> None:
    """Write down that somebody was here; not worth failing the request when the database is busy."""
    try:
        db.own_transaction(work)
    except Busy:
        log.info("activity_not_noted")


def _by_header() -> Principal:
    given = request.authorization
    if given is None:
        return ANONYMOUS
    if given.type == "bearer" and given.token:
        return _by_token(given.token)
    if given.type == "basic":
        return _by_password(str(given.username or ""), str(given.password or ""))
    return ANONYMOUS


def _by_token(secret: str) -> Principal:
    reading, now = db.session(), engine.now(db.session())
    token = sessions.find_token(reading, secret, now=now)
    principal = security().load(reading, token.login) if token else None
    if token is None or principal is None:
        return ANONYMOUS
    token_id = token.id
    if token.last_used_at is None or now - token.last_used_at >= sessions.TOUCH_EVERY:
        _note(lambda writing: sessions.use_token(writing, token_id, now))
    return principal


def _by_password(login: str, password: str) -> Principal:
    reading, remembered, login = db.session(), security().remembered, credentials.normalised(login)
    now, expected = engine.now(reading), credentials.stored_hash(reading, login)
    if expected is None or not remembered.knows(login, password, expected, now):
        close_reader()
        answer = credentials.check(db.database(), login, password, str(request.remote_addr), lambda: now)
        if answer.locked:
            abort(429)
        if answer.login is None or expected is None:
            return ANONYMOUS
        remembered.remember(login, password, expected, now)
    return security().load(db.session(), login) or ANONYMOUS


def _send_new_cookie(response: Response) -> Response:
    secret = g.get("new_secret")
    if secret:
        set_cookie(response, secret)
    return response


def set_cookie(response: Response, secret: str) -> None:
    """Give the browser its session id: not readable by scripts, not sent by other sites' forms, over TLS only there."""
    response.set_cookie(security().cookie, secret, httponly=True, secure=security().secure, samesite="Lax", path="/")


def clear_cookie(response: Response) -> None:
    """Take the session id away."""
    response.delete_cookie(security().cookie, httponly=True, secure=security().secure, samesite="Lax", path="/")


def session_id() -> str | None:
    """The stored id of the session of this request, None for programs and strangers."""
    found: str | None = g.get("session_id")
    return found
