"""Every request has an id, in the log and on its error page."""

from __future__ import annotations

import logging
import re
import sys
import time
import uuid
from typing import TYPE_CHECKING, TextIO

import structlog
from flask import Flask, Response, g, request

if TYPE_CHECKING:
    from config import Settings

_GIVEN_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
QUIET_ENDPOINTS = frozenset({"static", "health.healthz", "health.readyz"})
EXTRAS = structlog.stdlib.ExtraAdder(("command", "instance_id", "job_id", "worker", "milliseconds"))
"""What lines of the engine carry besides their words."""
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


class _StandardError(logging.StreamHandler[TextIO]):
    """Writes to the standard error of now, not to that of start-up."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> TextIO:  # type: ignore[override]  # an attribute there
        return sys.stderr


def configure_logging(settings: Settings) -> None:
    """Log to stderr as the settings say: JSON lines for machines or text for people, the libraries' lines too."""
    level = logging.getLevelNamesMapping()[settings.log_level]
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if settings.log_format == "json"
        else structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
    )
    # A traceback with the values of variables would carry passwords and personal data into the log.
    rendering: list[structlog.typing.Processor] = [renderer]
    if settings.log_format == "json":
        rendering.insert(0, structlog.processors.format_exc_info)
    structlog.configure(
        processors=[*shared, *rendering],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda *_names: structlog.PrintLogger(sys.stderr),
    )
    _capture_libraries(level, shared, rendering)


def _capture_libraries(
    level: int, shared: list[structlog.typing.Processor], rendering: list[structlog.typing.Processor]
) -> None:
    """Let what logs through the standard library look like our own lines."""
    handler = _StandardError()
    remove = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    name = structlog.stdlib.add_logger_name
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(foreign_pre_chain=[*shared, name, EXTRAS], processors=[remove, *rendering])
    )
    root = logging.getLogger()
    root.handlers = [known for known in root.handlers if not isinstance(known, _StandardError)] + [handler]
    root.setLevel(level)
    for noisy in ("apscheduler", "waitress.queue", "spiff", "alembic"):
        logging.getLogger(noisy).setLevel(max(level, logging.WARNING))
