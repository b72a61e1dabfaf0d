"""The options of references: a fragment of options for the page, JSON for REST clients."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, abort, jsonify, render_template, request

from app import db
from app.formkit import references
from app.security import current, signed_in

blueprint = Blueprint("formkit", __name__, template_folder="templates")
api = Blueprint("formkit_api", __name__)
MAX_OPTIONS = 100


@blueprint.get("/references/<kind>")
@signed_in
def options(kind: str) -> str:
    """``<option>`` elements of what the words in ``q`` may mean."""
    return render_template("formkit/_options.html", choices=_found(kind, references.SHOWN), words=request.args.get("q"))


@api.get("/api/v1/references/<kind>")
@signed_in
def options_json(kind: str) -> Response:
    """``{"options": [{"value", "label"}]}`` as in a form document; ``?q=`` searches, ``?limit=`` up to 100."""
    limit = request.args.get("limit", references.SHOWN, type=int)
    found = _found(kind, max(1, min(limit, MAX_OPTIONS)))
    shown = [{"value": choice.value, "label": {"zh": choice.label, "en": choice.label}} for choice in found]
    return jsonify(options=shown)


def _found(kind: str, limit: int) -> Any:
    if references.source(kind) is None:
        abort(404)
    return references.search(db.session(), current(), kind, request.args.get("q", ""), limit)
