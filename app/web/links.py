"""Addresses that stay on this site."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Response, request, url_for
from werkzeug.exceptions import NotFound


def safe_next(target: str | None, default: str | None = None) -> str:
    """``target`` if it is a path of this site, otherwise ``default`` (the start page). Never another host."""
    fallback = default or start_page()
    if not target or not target.startswith("/") or target.startswith(("//", "/\\")):
        return fallback
    if any(ord(character) < 32 or character == "\\" for character in target):
        return fallback
    parts = urlsplit(target)
    return fallback if parts.scheme or parts.netloc else target


def row_id(text: str) -> int:
    """The number of a row out of a query, for ``request.args.get(…, type=row_id)``. Raises ValueError for what no
    database would look up."""
    number = int(text) if text.isascii() and len(text) < 20 else -1
    if not 0 <= number < 2**63:
        raise ValueError(text)
    return number


def start_page() -> str:
    """Where a person begins."""
    try:
        return url_for("web.start")
    except (RuntimeError, NotFound):
        return "/"


def back(default: str | None = None) -> str:
    """``next`` of the form or query, made safe."""
    return safe_next(request.values.get("next"), default)


def go(url: str) -> Response:
    """After an action of a script: htmx goes there itself, a browser without it follows."""
    if request.headers.get("HX-Request"):
        return Response(status=204, headers={"HX-Redirect": url})
    return Response(status=303, headers={"Location": url})
