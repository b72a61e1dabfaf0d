"""The start page and the language switch of the header. (Light or dark is kept by the browser alone.)"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, Flask, abort, redirect, request, url_for
from flask.typing import ResponseReturnValue

import app.db as db
from app.security import current, public
from app.web import i18n, links, navigation

if TYPE_CHECKING:
    from config import Settings

blueprint = Blueprint("web", __name__)


def install(app: Flask, _settings: Settings) -> None:
    """Add the routes."""
    app.register_blueprint(blueprint)


@blueprint.get("/")
@public
def start() -> ResponseReturnValue:
    """To the first page the person may open; to the sign-in page when nobody is signed in."""
    if not current().signed_in:
        return redirect(url_for("accounts.sign_in"))
    return redirect(navigation.first_page())


@blueprint.post("/preferences/language")
@public
def choose_language() -> ResponseReturnValue:
    """Remember the language in this browser and with the account, and go back."""
    chosen = request.form.get("lang", "")
    if chosen not in i18n.LANGUAGES:
        abort(400)
    i18n.choose(db.session(), current().login if current().signed_in else None, chosen)
    return redirect(links.back(), 303)
