"""Every request has an id, in the log and on its error page."""

from __future__ import annotations

import logging
import re
import sys
import time
import uuid
from typing import TYPE_CHECKING

import structlog
from flask import Flask, Response, g, request

if TYPE_CHECKING:
    from config import Settings

_GIVEN_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
QUIET_ENDPOINTS = frozenset({"static", "health.healthz", "health.readyz"})
log = structlog.get_logger("keliu.request")


def install(app: Flask, settings: Settings) -> None:
    """Number requests and log each when it is answered."""
    if not structlog.is_configured():
        configure_logging(settings)
    app.before_request(_begin)
    app.after_request(_answered)


def request_id() -> str:
    """The id of this request."""
    if "request_id" not in g:
        given = request.headers.get("X-Request-ID", "")
        g.request_id = given if _GIVEN_ID.fullmatch(given) else uuid.uuid4().hex
    found: str = g.request_id
    return found


def _begin() -> None:
    g.began = time.perf_counter()
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request_id=request_id())


def _answered(response: Response) -> Response:
    response.headers["X-Request-ID"] = request_id()
    if request.endpoint not in QUIET_ENDPOINTS:
        log.info(
            "answered",
            method=request.method,
            path=request.path,
            status=response.status_code,
            milliseconds=round((time.perf_counter() - g.get("began", time.perf_counter())) * 1000, 1),
        )
    return response


def configure_logging(settings: Settings) -> None:
    """Log to stderr as the settings say: JSON lines for machines or text for people."""
    level = logging.getLevelNamesMapping()[settings.log_level]
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if settings.log_format == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda *_names: structlog.PrintLogger(sys.stderr),  # the stderr of now, not of start-up
    )
    logging.basicConfig(level=level, format="%(levelname)s %(name)s: %(message)s")
    for noisy in ("apscheduler", "waitress.queue", "spiff"):
        logging.getLogger(noisy).setLevel(max(level, logging.WARNING))
