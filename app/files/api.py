"""``/api/v1/files``: upload a file, then name its id in a form; read it back."""

from __future__ import annotations

from typing import Any

from flask import Response, request
from flask_babel import lazy_gettext as _l
from flask_smorest.fields import Upload
from marshmallow import Schema, fields

from app import db
from app.errors import FieldErrors
from app.files import service
from app.files.kinds import MAX_BYTES
from app.files.models import StoredFile
from app.files.views import as_download
from app.security import current, signed_in
from app.web.api import ApiBlueprint, ErrorSchema

blueprint = ApiBlueprint("files_api", __name__, url_prefix="/api/v1/files", description="Files that forms name by id")


class UploadSchema(Schema):
    """The file: documents, pictures, recordings, texts."""

    file = Upload(required=True)


class FileSchema(Schema):
    """One file. Fields of type ``file`` take a list of such ids."""

    id = fields.Integer(required=True)
    name = fields.String(required=True)
    media_type = fields.String(required=True, metadata={"description": "Found in the content, not believed"})
    size = fields.Integer(required=True)
    sha256 = fields.String(required=True)
    uploaded_by = fields.String(required=True)
    uploaded_at = fields.DateTime(required=True)


@blueprint.post("")
@signed_in
@blueprint.arguments(UploadSchema, location="files")
@blueprint.response(201, FileSchema)
@blueprint.alt_response(422, schema=ErrorSchema, description="No file, too large, or of a kind that is not taken")
def upload(_files: dict[str, Any]) -> StoredFile:
    """Upload a file"""
    given = request.files.get("file")
    if given is None:
        raise FieldErrors({"file": [_l("This field is required.")]})
    content = given.stream.read(MAX_BYTES + 1)
    return service.keep(db.session(), current(), given.filename or "", content)


@blueprint.get("/<int(max=4611686018427387904):file_id>")
@signed_in
@blueprint.response(200, FileSchema)
@blueprint.alt_response(404, schema=ErrorSchema, description="Unknown, or not visible to you")
def describe(file_id: int) -> StoredFile:
    """What a file is"""
    return service.file(db.session(), current(), file_id)


@blueprint.get("/<int(max=4611686018427387904):file_id>/content")
@signed_in
@blueprint.response(200, {"type": "string", "format": "binary"}, content_type="application/octet-stream")
@blueprint.alt_response(404, schema=ErrorSchema, description="Unknown, or not visible to you")
def content(file_id: int) -> Response:
    """The file itself"""
    return as_download(service.file(db.session(), current(), file_id))
