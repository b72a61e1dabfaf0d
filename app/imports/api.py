"""``/api/v1/imports``: a file in, progress, and the refused rows back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Response, request, url_for
from flask_smorest.fields import Upload
from marshmallow import Schema, fields
from sqlalchemy.orm import Session
from werkzeug.exceptions import Conflict

from app import db
from app.errors import FieldErrors
from app.imports import files, queries, schemas, service, wording
from app.imports.mapping import MappingRefused
from app.imports.models import ImportRun, RowState
from app.imports.views import own_run, target_of
from app.security import current, signed_in
from app.web.api import ApiBlueprint, ErrorSchema
from app.web.i18n import language

blueprint = ApiBlueprint("imports_api", __name__, url_prefix="/api/v1/imports", description="Files in, bad rows out")


class UploadSchema(Schema):
    """The file. CSV (UTF-8 or GB18030) or XLSX."""

    file = Upload(required=True)


class UploadFormSchema(Schema):
    """What goes with the file."""

    target = fields.String(load_default="complaints", metadata={"description": "What the rows are"})
    mapping = fields.String(
        load_default="",
        metadata={"description": "The mapping document as JSON; left out, one that fits the header is found"},
    )
    start = fields.Boolean(load_default=True, metadata={"description": "Begin at once; false to look at it first"})


class ImportSchema(Schema):
    """One import and how far it is."""

    id = fields.Integer(required=True)
    target = fields.String(required=True)
    filename = fields.String(required=True)
    state = fields.String(required=True, metadata={"description": "prepared, running, completed or cancelled"})
    total = fields.Integer(required=True)
    done = fields.Integer(required=True)
    created = fields.Integer(required=True)
    existing = fields.Integer(required=True, metadata={"description": "Rows that had come in before"})
    failed = fields.Integer(required=True)
    created_at = fields.DateTime(required=True)
    started_at = fields.DateTime(required=True, allow_none=True)
    ended_at = fields.DateTime(required=True, allow_none=True)
    mapping = fields.Raw(required=True, attribute="document")
    bad_rows = fields.Method("bad_rows_url", metadata={"description": "Address of the refused rows as CSV"})

    def bad_rows_url(self, run: ImportRun) -> str:
        """Where the refused rows are."""
        return url_for("imports_api.bad_rows", run_id=run.id)


@blueprint.get("")
@signed_in
@blueprint.response(200, ImportSchema(many=True))
def imports() -> Any:
    """List the caller's newest imports"""
    return queries.runs_of(db.session(), current().login)


@blueprint.post("")
@signed_in
@blueprint.arguments(UploadSchema, location="files")
@blueprint.arguments(UploadFormSchema, location="form")
@blueprint.response(201, ImportSchema)
@blueprint.alt_response(422, schema=ErrorSchema)
@db.without_unit_of_work  # reading a large workbook takes seconds, and nobody may wait for the write lock meanwhile
def upload(given: dict[str, Any], form: dict[str, Any]) -> Any:
    """Send a file and begin to import it"""
    target = target_of(form["target"])
    name = given["file"].filename or "upload.csv"
    try:
        table = files.read(given["file"].stream.read(files.MAX_BYTES + 1), name)
    except files.FileRefused as refused:
        raise FieldErrors({"file": [wording.file_refused(refused)]}) from None

    def keep(session: Session) -> ImportRun:
        run = service.prepare(session, current(), target, table, filename=name, language=language())
        if form["mapping"]:
            _choose(session, run, form["mapping"])
        if form["start"]:
            if not run.document["fields"]:
                raise FieldErrors({"mapping": [wording.MAPPING["no_fields"]]})
            service.start(session, run)
        return run

    return db.database().write(keep)


def _choose(session: Session, run: ImportRun, text: str) -> None:
    target = target_of(run.target)
    try:
        mapping = schemas.mapping_from_json(text.encode(), target.key, target.fields(session))
        service.choose_mapping(session, run, mapping)
    except MappingRefused as refused:
        raise FieldErrors({"mapping": [wording.mapping_refused(refused)]}) from None


@blueprint.get("/<int:run_id>")
@signed_in
@blueprint.response(200, ImportSchema)
@blueprint.alt_response(404, schema=ErrorSchema)
def run(run_id: int) -> Any:
    """Get how far an import is and what came of it"""
    return own_run(db.session(), run_id)[0]


@blueprint.get("/<int:run_id>/bad-rows")
@signed_in
@blueprint.response(200, content_type="text/csv")
def bad_rows(run_id: int) -> Response:
    """Get the refused rows with their reasons as CSV, or as JSON when the caller accepts JSON"""
    found, _target = own_run(db.session(), run_id)
    if request.accept_mimetypes.best_match(["text/csv", "application/json"]) == "application/json":
        rows = queries.rows_in(db.session(), found.id, RowState.FAILED)
        listed = [
            {"row": row.row_number, "reason": row.reason, "values": dict(zip(found.header, row.cells, strict=True))}
            for row in rows
        ]
        return Response(json.dumps(listed, ensure_ascii=False), mimetype="application/json")
    return Response(service.bad_rows_file(db.session(), found), content_type="text/csv; charset=utf-8")


@blueprint.post("/<int:run_id>/start")
@signed_in
@blueprint.response(200, ImportSchema)
@blueprint.alt_response(409, schema=ErrorSchema)
def start(run_id: int) -> Any:
    """Begin an import that was prepared"""
    found, _target = own_run(db.session(), run_id)
    if not found.document["fields"]:
        raise FieldErrors({"mapping": [wording.MAPPING["no_fields"]]})
    with refused_as_conflict():
        service.start(db.session(), found)
    return found


@blueprint.delete("/<int:run_id>")
@signed_in
@blueprint.response(200, ImportSchema)
@blueprint.alt_response(409, schema=ErrorSchema)
def cancel(run_id: int) -> Any:
    """Take over no further rows; what came in before stays"""
    found, _target = own_run(db.session(), run_id)
    with refused_as_conflict():
        service.cancel(db.session(), found)
    return found


@contextmanager
def refused_as_conflict() -> Iterator[None]:
    """409 when the run has begun or ended meanwhile."""
    try:
        yield
    except service.RunNotInState as refused:
        raise Conflict(str(wording.RUN_MOVED_ON) % {"state": refused.state}) from refused
