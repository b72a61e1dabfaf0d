"""What templates may call: assets, icons, menu; and whole page or fragment, as the browser asks."""

from __future__ import annotations

import hashlib
import json
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, make_response, render_template, request, url_for
from markupsafe import Markup

from app.security import current
from app.web import navigation
from app.web.i18n import language
from app.web.requests import request_id

if TYPE_CHECKING:
    from config import Settings


def install(app: Flask, _settings: Settings) -> None:
    """Give templates their functions."""
    app.jinja_env.globals.update(
        asset=asset,
        icon=icon,
        navigation_entries=navigation.entries,
        request_id=request_id,
        static_url=static_url,
        merged_query=merged_query,
        has_endpoint=lambda name: name in app.view_functions,
        current_address=current_address,
        search_address=navigation.search_address,
        account_links=navigation.account_links,
    )
    app.context_processor(lambda: {"principal": current()})


def asset(name: str) -> str:
    """The address of a bundled file (``app.js``); empty when the bundle was not built: pages work without it."""
    hashed = _manifest().get(name)
    return url_for("static", filename=f"dist/{hashed}") if hashed else ""


@cache
def _manifest() -> dict[str, str]:
    file = resources.files("app") / "static" / "dist" / "manifest.json"
    found: dict[str, str] = json.loads(file.read_text("utf-8")) if file.is_file() else {}
    return found


def static_url(name: str) -> str:
    """The address of a file that is not bundled, with a fingerprint so that browsers notice a new one."""
    return url_for("static", filename=name, v=_fingerprint(name))


@cache
def _fingerprint(name: str) -> str:
    return hashlib.sha256((resources.files("app") / "static" / name).read_bytes()).hexdigest()[:12]


def icon(name: str, label: str = "", classes: str = "icon") -> Markup:
    """An icon of the sprite. Decorative unless it has a ``label`` of its own."""
    spoken = Markup('role="img" aria-label="{}"').format(label) if label else Markup('aria-hidden="true"')
    return Markup('<svg class="{}" {} focusable="false"><use href="{}#{}"></use></svg>').format(
        classes, spoken, static_url("icons.svg"), name
    )


def merged_query(**changes: Any) -> str:
    """The address of this page with some query parameters changed; None removes one."""
    arguments: dict[str, Any] = {**(request.view_args or {}), **request.args.to_dict(flat=False)}
    for name, value in changes.items():
        if value is None or value == "":
            arguments.pop(name, None)
        else:
            arguments[name] = value
    arguments.pop("lang", None)
    return url_for(request.endpoint or "web.start", **arguments)


def current_address() -> str:
    """Path and query of the page, for coming back to it; the start page after a form was sent."""
    if request.method != "GET":
        return ""
    return merged_query() if request.endpoint else ""


def wants_fragment() -> bool:
    """True when htmx asks for a part of the page, not for the page."""
    return "HX-Request" in request.headers and "HX-Boosted" not in request.headers


def unless_known(html: str) -> Response:
    """A fragment that the page asks for every few seconds, or 304 when the browser has just this one. ``__ETAG__`` in
    it becomes its tag, which the browser sends back when it asks again."""
    tag = hashlib.sha256(f"{language()}{html}".encode()).hexdigest()[:32]
    response = make_response(html.replace("__ETAG__", tag))
    response.set_etag(tag)
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["Vary"] = "Cookie"
    response.make_conditional(request)
    return response


def page_or_fragment(page: str, fragment: str, **context: Any) -> str:
    """Render ``fragment`` for htmx, the whole ``page`` (which includes the fragment) for everybody else."""
    return render_template(fragment if wants_fragment() else page, **context)
