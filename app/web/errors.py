"""Every refusal in the reader's words, with what to do next; one page for people, a hook for programs.

A :class:`Problem` is the answer in data. HTML pages render it; an API slice registers how its paths say it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import structlog
from flask import Flask, Response, current_app, make_response, render_template, request
from flask_babel import gettext as _
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException

import app.db as db
import engine
from app.db.request import close_reader
from app.errors import Busy, FieldErrors, NotAllowedHere, NotVisible, SomebodyFaster
from app.security.permissions import PERMISSIONS
from app.web import refusals, wording
from app.web.i18n import language
from app.web.rendering import wants_fragment
from app.web.requests import request_id

if TYPE_CHECKING:
    from config import Settings

EXTENSION = "keliu.problem_speakers"
RETRY_SECONDS = "5"
SAFE = ("GET", "HEAD", "OPTIONS")
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Problem:
    """An error as data: what happened and what to do, in the reader's language."""

    status: int
    code: str
    title: str
    message: str
    advice: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


Speaker = Callable[[Problem], Response]


def install(app: Flask, _settings: Settings) -> None:
    """Answer every exception with a page (or what the path's speaker makes of it)."""
    app.extensions[EXTENSION] = {}
    for kind in (HTTPException, engine.EngineError, FieldErrors, NotVisible, NotAllowedHere, Busy, PoolTimeout):
        app.register_error_handler(kind, answer)
    app.register_error_handler(Exception, answer)


def speak(app: Flask, prefix: str, speaker: Speaker) -> None:
    """Let ``speaker`` answer the errors of all paths that begin with ``prefix`` (an API's JSON)."""
    app.extensions[EXTENSION][prefix] = speaker


def answer(error: Exception) -> Response:
    """The response to an exception. Never raises: a page that cannot be rendered is replaced by plain words."""
    if isinstance(error, HTTPException) and error.response is not None:
        return make_response(error.response)
    if isinstance(error, HTTPException) and (error.code or 500) < 400:
        return make_response(error)  # redirects of the router
    if isinstance(error, NotAllowedHere):
        refusals.keep(error.permission)
    problem = problem_of(error)
    if problem.status >= 500 and not isinstance(error, HTTPException):
        log.error("failed", exc_info=error, status=problem.status)
    response = _spoken(problem)
    response.status_code = problem.status
    response.headers.update(problem.headers)
    return response


def _spoken(problem: Problem) -> Response:
    speakers: dict[str, Speaker] = current_app.extensions[EXTENSION]
    for prefix, speaker in speakers.items():
        if request.path.startswith(prefix):
            return speaker(problem)
    template = "errors/_problem.html" if wants_fragment() else "errors/problem.html"
    try:
        return make_response(render_template(template, problem=problem))
    except Exception:  # the database may be what is broken, and the layout asks it
        log.exception("error_page_failed")
        close_reader()
        return make_response(render_template("errors/bare.html", problem=problem))


def problem_of(error: Exception) -> Problem:
    """What to tell about ``error``. Unknown ones become a 500 that tells nothing but the request id."""
    if isinstance(error, engine.EngineError):
        return _engine_problem(error)
    if isinstance(error, FieldErrors):
        lines = [str(message) for messages in error.errors.values() for message in messages]
        if isinstance(error, SomebodyFaster):
            return Problem(409, type(error).__name__, _("Someone was faster"), " ".join(lines))
        title = _("Some values were refused")
        return Problem(422, "FieldErrors", title, " ".join(lines), facts={"errors": error.errors})
    if isinstance(error, NotVisible):
        return _http_problem(404)
    if isinstance(error, NotAllowedHere):
        return _refused(error.permission)
    if isinstance(error, CSRFError):
        return _http_problem(400, code="CsrfFailed")
    if isinstance(error, HTTPException):
        return _http_problem(error.code or 500, headers=_kept_headers(error))
    if isinstance(error, (Busy, PoolTimeout)) or _unreachable(error):
        code = "Uncertain" if _perhaps_done(error) else ""
        return _http_problem(503, code=code, headers={"Retry-After": RETRY_SECONDS})
    return _http_problem(500, facts={"request_id": request_id()})


def _refused(permission: str) -> Problem:
    """Named, so that whoever needs the permission can ask for it."""
    words, known = wording.http_words(403), PERMISSIONS.get(permission)
    if known is None:
        return Problem(403, words.code, words.title, words.message, words.advice)
    message = _("It needs the permission “%(permission)s”.", permission=known.title(language()))
    return Problem(403, words.code, words.title, f"{words.message} {message}", words.advice, {"permission": permission})


def _engine_problem(error: engine.EngineError) -> Problem:
    words = wording.engine_words(error)
    return Problem(words.status, error.code, words.title, words.message, words.advice, error.facts)


def _http_problem(
    status: int, *, code: str = "", facts: Mapping[str, Any] | None = None, headers: Mapping[str, str] | None = None
) -> Problem:
    words = wording.http_words(status, code)
    return Problem(status, code or words.code, words.title, words.message, words.advice, facts or {}, headers or {})


def _kept_headers(error: HTTPException) -> dict[str, str]:
    """What the exception says besides the status: ``Allow``, ``Retry-After``, ``WWW-Authenticate``."""
    kept = ("allow", "retry-after", "www-authenticate")
    return {name: value for name, value in error.get_headers() if name.lower() in kept}


def _perhaps_done(error: Exception) -> bool:
    """The connection was lost under way, during the commit perhaps: then only the database knows."""
    return isinstance(error, DBAPIError) and error.connection_invalidated and request.method not in SAFE


def _unreachable(error: Exception) -> bool:
    """The database is away. A broken statement is our fault and stays a 500."""
    if not isinstance(error, DBAPIError):
        return False
    if error.connection_invalidated:
        return True
    if not isinstance(error, OperationalError):
        return False
    state = getattr(error.orig, "sqlstate", None)
    if db.database().dialect == "postgresql":
        return state is None or state[:2] in ("08", "57", "53")
    return "locked" in str(error.orig) or "unable to open" in str(error.orig)
