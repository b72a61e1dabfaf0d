"""Two languages, Chinese and English, from text files next to the code that shows the text.

English is the message id. Every slice keeps its Chinese in ``zh.po``; all of them are merged at start-up, so there is
no compiled catalogue to build, ship or forget.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from typing import TYPE_CHECKING, Any

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations
from flask import Flask, Response, g, has_request_context, request
from flask_babel import Babel, Domain, get_locale

import app.db as db
from app.security import current, identity

if TYPE_CHECKING:
    from config import Settings

LANGUAGES = {"zh": "中文", "en": "English"}
FALLBACK = "en"
COOKIE = "keliu_language"
PROGRAMS = ("/api/", "/engine-rest")
COOKIE_SECONDS = 365 * 24 * 3600


class MergedDomain(Domain):
    """Translations from the fragments in the packages instead of compiled files in one folder."""

    def get_translations(self) -> NullTranslations:
        """The catalogue of the request's language; English is the message id itself."""
        return chinese() if language() == "zh" else _ENGLISH


class _Babel(Babel):
    domain_instance = MergedDomain()


_ENGLISH = NullTranslations()


def install(app: Flask, settings: Settings) -> None:
    """Make ``_()`` and the date formats speak the reader's language."""
    _Babel(app, default_locale=FALLBACK, default_timezone=settings.zone, locale_selector=selected_language)
    app.after_request(_remember)
    app.jinja_env.globals.update(languages=LANGUAGES, current_language=language)
    chinese()


def selected_language() -> str:
    """``?lang=``, else what the signed-in person chose, else this browser's choice, else the browser's languages.
    A program says its language with every request, whatever its owner chose for the pages. Outside of a request
    (commands, workers): English, unless a locale is forced."""
    if not has_request_context():
        return FALLBACK
    program = request.path.startswith(PROGRAMS) and "Accept-Language" in request.headers
    remembered = () if program else (current().language, request.cookies.get(COOKIE))
    for chosen in (request.args.get("lang"), *remembered):
        if chosen in LANGUAGES:
            return str(chosen)
    for wanted, _quality in request.accept_languages:
        if wanted[:2].lower() in LANGUAGES:
            return wanted[:2].lower()
    return FALLBACK


def language() -> str:
    """``"zh"`` or ``"en"``: the language of this request, English outside of one."""
    locale = get_locale()
    return locale.language if locale is not None and locale.language in LANGUAGES else FALLBACK


def _remember(response: Response) -> Response:
    """Keep what the switch or ``?lang=`` chose in the browser and, for people signed in there, with the account."""
    chosen = g.get("language_chosen") or request.args.get("lang")
    if chosen not in LANGUAGES or response.status_code >= 400 or identity.is_program(request):
        return response
    if "language_chosen" not in g and current().signed_in and current().language != chosen:
        login = current().login
        db.own_transaction(lambda session: choose(session, login, str(chosen)))
    if request.cookies.get(COOKIE) != chosen:
        response.set_cookie(COOKIE, str(chosen), max_age=COOKIE_SECONDS, samesite="Lax", secure=request.is_secure)
    return response


def fragments() -> Iterator[Traversable]:
    """Every file of Chinese in the package, the common one first."""
    root = resources.files("app")
    common = root / "translations" / "zh" / "LC_MESSAGES" / "messages.po"
    if common.is_file():
        yield common
    yield from _below(root)


def _below(folder: Traversable) -> Iterator[Traversable]:
    for entry in sorted(folder.iterdir(), key=lambda item: item.name):
        if entry.name == "zh.po":
            yield entry
        elif entry.is_dir() and entry.name not in ("static", "templates", "translations", "__pycache__"):
            yield from _below(entry)


def merged_catalogue() -> Catalog:
    """All Chinese of the application in one catalogue."""
    merged = Catalog(locale="zh", charset="utf-8")
    for fragment in fragments():
        for message in read_po(io.BytesIO(fragment.read_bytes()), locale="zh", charset="utf-8"):
            if message.id and message.string:
                merged.add(message.id, message.string, context=message.context)
    return merged


@cache
def chinese() -> Translations:
    """The Chinese translations, merged once per process."""
    compiled = io.BytesIO()
    write_mo(compiled, merged_catalogue())
    compiled.seek(0)
    return Translations(compiled)


LanguageListener = Callable[[Any, str, str], None]
"""Called with session, login and language when a signed-in person chooses a language."""
_listeners: list[LanguageListener] = []


def on_language_chosen(listener: LanguageListener) -> None:
    """Let a slice keep the chosen language with the account."""
    if listener not in _listeners:
        _listeners.append(listener)


def choose(session: Any, login: str | None, chosen: str) -> None:
    """Remember ``chosen`` in this browser and, for a signed-in person, with the account."""
    g.language_chosen = chosen
    if login:
        for listener in _listeners:
            listener(session, login, chosen)
