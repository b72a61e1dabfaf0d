"""The session of the request being served.

Safe methods get a read-only session, opened when first asked for. Unsafe methods run as one unit of work (see
:meth:`run_request`). Work that must survive a refusal goes through :func:`own_transaction`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import structlog
from flask import Flask, Response, current_app, g, request
from flask import session as cookie
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.db.database import Database

T = TypeVar("T")
EXTENSION = "keliu.database"
log = structlog.get_logger(__name__)
View = TypeVar("View", bound=Callable[..., Any])
_BOUND = ("db_elsewhere", "db_reading", "db_writing", "db_afterwards")
"""What ``g`` holds of a database."""


class _Refused(Exception):
    """Carries a response that says no out of the unit of work, so that everything is rolled back."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status)
        self.response = response


def install(app: Flask, database: Database) -> None:
    """Bind ``database`` to ``app``; sessions end with the application context."""
    app.extensions[EXTENSION] = database
    app.teardown_appcontext(lambda _error: close_reader())


def database() -> Database:
    """The database of the current application, or the one that stands in for it (:func:`elsewhere`)."""
    found: Database = g.get("db_elsewhere") or current_app.extensions[EXTENSION]
    return found


def session() -> Session:
    """The request's session: the unit of work's while one runs, otherwise a read-only one."""
    writing: Session | None = g.get("db_writing")
    if writing is not None:
        return writing
    if "db_reading" not in g:
        g.db_reading = database().reader()
    reading: Session = g.db_reading
    return reading


def close_reader() -> None:
    """End the read-only session of this context, if one was opened."""
    reading: Session | None = g.pop("db_reading", None)
    if reading is None:
        return
    try:
        reading.close()
    except DBAPIError as error:  # who has read everything is answered, even if the database has just gone
        log.info("reader_lost", error=str(error.orig))


@contextmanager
def elsewhere(other: Database) -> Iterator[None]:
    """Within the block ``database()`` and ``session()`` mean ``other``: whatever business code does, it does there."""
    kept = {name: g.pop(name) for name in _BOUND if name in g}
    g.db_elsewhere = other
    try:
        yield
    finally:
        close_reader()
        for name in _BOUND:
            g.pop(name, None)
        for name, value in kept.items():
            setattr(g, name, value)


def without_unit_of_work(view: View) -> View:
    """Mark an unsafe view that opens its transactions itself with ``database().write`` (login: it hashes for 100 ms,
    and nobody else may wait for the write lock meanwhile). Its ``session()`` is read-only."""
    view.__unit_of_work__ = False  # type: ignore[attr-defined]  # a mark on the function, read by the dispatcher
    return view


def own_transaction(work: Callable[[Session], Any]) -> None:
    """Run ``work`` in a transaction of its own that is committed whatever becomes of the request.

    Inside a unit of work it runs right after that ended (SQLite has one writer at a time), otherwise at once.
    """
    if g.get("db_writing") is None:
        database().write(work)
    else:
        g.db_afterwards.append(work)


def run_request(app: Flask, dispatch: Callable[[], Any]) -> Response:
    """Run a view as one unit of work: an exception or a response of 400 and above rolls back, anything else commits.

    The view may run up to three times; flashes, cookies and uploaded files start afresh each time.
    """
    close_reader()
    before = dict(cookie)
    attempts = 0
    afterwards: list[Callable[[Session], Any]] = []
    g.db_afterwards = afterwards

    def work(writing: Session) -> Response:
        nonlocal attempts
        attempts += 1
        g.db_writing = writing
        if attempts > 1:
            _start_afresh(before)
            afterwards.clear()
        response = app.make_response(dispatch())
        if response.status_code >= 400:
            raise _Refused(response)
        return response

    try:
        return database().write(_ending(work))
    except _Refused as refused:
        return refused.response
    finally:
        for later in afterwards:
            database().write(later)


def _start_afresh(before: dict[str, Any]) -> None:
    cookie.clear()
    cookie.update(before)
    for uploads in request.files.listvalues():
        for upload in uploads:
            upload.stream.seek(0)


def _ending(work: Callable[[Session], Response]) -> Callable[[Session], Response]:
    """Forget the session when the work ends: prompt jobs and error pages must not find it."""

    def run(writing: Session) -> Response:
        try:
            return work(writing)
        finally:
            g.pop("db_writing", None)

    return run
