"""The options of references, for the page."""

from __future__ import annotations

from flask import Blueprint, abort, render_template, request

from app import db
from app.formkit import references
from app.security import current, signed_in

blueprint = Blueprint("formkit", __name__, template_folder="templates")


@blueprint.get("/references/<kind>")
@signed_in
def options(kind: str) -> str:
    """``<option>`` elements of what the words in ``q`` may mean."""
    if references.source(kind) is None:
        abort(404)
    words = request.args.get("q", "")
    found = references.search(db.session(), current(), kind, words)
    return render_template("formkit/_options.html", choices=found, words=words)
