"""Uploading from a form, and downloads. Files are never shown by the browser, only saved."""

from __future__ import annotations

import io

from flask import Blueprint, Response, abort, render_template, request, send_file

from app import db
from app.errors import FieldErrors, NotVisible
from app.files import service
from app.files.kinds import MAX_BYTES
from app.files.models import StoredFile
from app.security import current, signed_in

blueprint = Blueprint("files", __name__, url_prefix="/files", template_folder="templates")
MAX_AT_ONCE = 20


@blueprint.post("")
@signed_in
def upload() -> tuple[str, int]:
    """Keep the files of one input; answers list items with the ids, for the form, or what was refused."""
    stored, errors = [], []
    for given in request.files.getlist("upload")[:MAX_AT_ONCE]:
        try:
            content = given.stream.read(MAX_BYTES + 1)
            stored.append(service.keep(db.session(), current(), given.filename or "", content))
        except FieldErrors as refused:
            errors += refused.errors["file"]
    if not stored and not errors:
        abort(400)
    shown = render_template("files/_items.html", files=stored, errors=errors, field=_field())
    return shown, 422 if errors and not stored else 200


@blueprint.get("/<int(max=4611686018427387904):file_id>/item")
@signed_in
def item(file_id: int) -> str:
    """One list item of a form that holds the file already; empty once the file is gone."""
    try:
        found = [service.file(db.session(), current(), file_id)]
    except NotVisible:
        found = []
    return render_template("files/_items.html", files=found, errors=[], field=_field())


@blueprint.get("/<int(max=4611686018427387904):file_id>")
@signed_in
def download(file_id: int) -> Response:
    """The file, to be saved."""
    return as_download(service.file(db.session(), current(), file_id))


def as_download(found: StoredFile) -> Response:
    """A response the browser saves and never interprets."""
    response = send_file(
        io.BytesIO(found.content), mimetype=found.media_type, as_attachment=True, download_name=found.name, etag=False
    )
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _field() -> str:
    name = request.args.get("field", "files")
    if not name.isidentifier() or len(name) > 63:
        abort(400)
    return name
