"""Files for REST clients: upload, then name the ids in a form."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, abort, request

from app import db
from app.files import service
from app.files.kinds import MAX_BYTES
from app.files.models import StoredFile
from app.files.views import as_download
from app.security import current, signed_in

blueprint = Blueprint("files_api", __name__, url_prefix="/api/v1/files")


@blueprint.post("")
@signed_in
def upload() -> tuple[dict[str, Any], int]:
    """``multipart/form-data`` with a part ``file``; answers 201 with the id that forms take."""
    given = request.files.get("file")
    if given is None:
        abort(400)
    content = given.stream.read(MAX_BYTES + 1)
    return _described(service.keep(db.session(), current(), given.filename or "", content)), 201


@blueprint.get("/<int:file_id>")
@signed_in
def describe(file_id: int) -> dict[str, Any]:
    """Name, type and size."""
    return _described(service.file(db.session(), current(), file_id))


@blueprint.get("/<int:file_id>/content")
@signed_in
def content(file_id: int) -> Response:
    """The file itself."""
    return as_download(service.file(db.session(), current(), file_id))


def _described(found: StoredFile) -> dict[str, Any]:
    return {
        "id": found.id,
        "name": found.name,
        "media_type": found.media_type,
        "size": found.size,
        "sha256": found.sha256,
        "uploaded_by": found.uploaded_by,
        "uploaded_at": found.uploaded_at.isoformat(),
    }
