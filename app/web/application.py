"""The Flask application: one unit of work per request, safe defaults, nothing of any slice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Flask, request
from flask.typing import ResponseReturnValue
from flask_wtf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix

from app.db.request import run_request
from app.web import errors, filters, headers, health, i18n, preferences, rendering, requests

if TYPE_CHECKING:
    from config import Settings

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
MIB = 1024 * 1024
csrf = CSRFProtect()


class Application(Flask):
    """Runs every unsafe request in one transaction: see :mod:`app.db.request`."""

    def dispatch_request(self) -> ResponseReturnValue:
        """Call the view, in a unit of work when the method may change something."""
        if request.method in SAFE_METHODS or request.routing_exception is not None:
            return super().dispatch_request()
        view = self.view_functions[request.endpoint or ""]
        if not getattr(view, "__unit_of_work__", True):
            return super().dispatch_request()
        return run_request(self, super().dispatch_request)


def create(settings: Settings) -> Application:
    """An application without slices: languages, layout, errors, headers, health."""
    app = Application("app", template_folder="web/templates", static_folder="static")
    app.config.from_mapping(
        SECRET_KEY=settings.secret_key,
        MAX_CONTENT_LENGTH=settings.max_upload_mb * MIB,
        MAX_FORM_MEMORY_SIZE=2 * MIB,
        MAX_FORM_PARTS=5_000,
        SESSION_COOKIE_NAME="__Host-keliu-page" if settings.secure else "keliu_page",
        SESSION_COOKIE_SECURE=settings.secure,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        WTF_CSRF_TIME_LIMIT=None,  # a token lives as long as its session; people leave pages open for days
        SEND_FILE_MAX_AGE_DEFAULT=3600,
    )
    app.extensions["keliu.settings"] = settings
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    csrf.init_app(app)
    for part in (requests, i18n, rendering, filters, headers, errors, health, preferences):
        part.install(app, settings)
    return app
