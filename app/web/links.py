"""Addresses that stay on this site."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import request, url_for
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


def start_page() -> str:
    """Where a person begins."""
    try:
        return url_for("web.start")
    except (RuntimeError, NotFound):
        return "/"


def back(default: str | None = None) -> str:
    """``next`` of the form or query, made safe."""
    return safe_next(request.values.get("next"), default)
