"""Headers that make browsers refuse what we never do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Flask, Response, request

if TYPE_CHECKING:
    from config import Settings

POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self'",
        "style-src 'self'",
        "style-src-attr 'unsafe-inline'",  # bpmn-js positions its canvas with style attributes
        "img-src 'self' data:",
        "font-src 'self' data:",
        "connect-src 'self'",
        "form-action 'self'",
        "object-src 'none'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
YEAR = 365 * 24 * 3600


def install(app: Flask, settings: Settings) -> None:
    """Send them with every response; a view may set a stricter one itself."""
    fixed = {
        "Content-Security-Policy": POLICY,
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
        "Cross-Origin-Opener-Policy": "same-origin",
    }
    if settings.secure:
        fixed["Strict-Transport-Security"] = f"max-age={YEAR}; includeSubDomains"

    @app.after_request
    def harden(response: Response) -> Response:
        for name, value in fixed.items():
            response.headers.setdefault(name, value)
        _cache(response)
        return response


def _cache(response: Response) -> None:
    """Hashed bundles for ever, pages never: they show personal data and outlive a sign-out in caches."""
    if request.endpoint == "static":
        if request.path.startswith("/static/dist/") or "v" in request.args:
            response.headers["Cache-Control"] = f"public, max-age={YEAR}, immutable"
    elif "Cache-Control" not in response.headers:
        response.headers["Cache-Control"] = "no-store"
