"""Files of a draft: editors read and save them here, people take them home."""

from __future__ import annotations

import io
import zipfile

from flask import Response, jsonify, request
from flask.typing import ResponseReturnValue
from flask.views import MethodView
from flask_babel import gettext as _

import app.db as db
from app.designer import queries, service
from app.designer.views.blueprint import DEPLOYS, blueprint, own
from app.errors import FieldErrors
from app.security import current, requires
from app.web.filters import localtime
from app.web.people import display_name


class DraftFileView(MethodView):
    """One file. Its revision is the ETag; who saves sends the one that was read as ``If-Match`` (0: a new file)."""

    @requires(DEPLOYS)
    def get(self, draft_id: int, name: str) -> ResponseReturnValue:
        """The content, as text: a browser must never take it for a page."""
        session = db.session()
        found = queries.file(session, queries.draft(session, draft_id).id, name)
        response = Response(bytes(found.content), content_type="text/plain; charset=utf-8")
        response.headers["Content-Disposition"] = "attachment"
        response.set_etag(str(found.revision))
        return response

    @requires(DEPLOYS)
    def put(self, draft_id: int, name: str) -> ResponseReturnValue:
        """Save it. 412 with who saved when, if somebody else did meanwhile; 422 for content that is none."""
        session = db.session()
        draft = own(session, draft_id)
        read = request.headers.get("If-Match", "").strip('" ')
        if not (read.isascii() and read.isdigit() and len(read) < 10):
            return jsonify(message=_("Say which revision you read: If-Match.")), 428
        try:
            revision = service.save_file(session, draft, name, request.get_data(), int(read), current().login)
        except FieldErrors as refused:
            return jsonify(message=" ".join(str(text) for text in refused.errors["files"])), 422
        except service.SavedByAnother as newer:
            return _newer(newer)
        return jsonify(revision=revision)


blueprint.add_url_rule(
    "/drafts/<int:draft_id>/files/<path:name>", view_func=DraftFileView.as_view("draft_file"), methods=["GET", "PUT"]
)


def _newer(newer: service.SavedByAnother) -> ResponseReturnValue:
    if newer.at is None:
        message = _("The file has been deleted since you opened it.")
    else:
        person, time = display_name(newer.by), localtime(newer.at)
        message = _("%(person)s saved this file at %(time)s, after you opened it.", person=person, time=time)
    at = newer.at.isoformat() if newer.at else None
    return jsonify(message=message, revision=newer.revision, savedBy=newer.by, savedAt=at), 412


@blueprint.get("/drafts/<int:draft_id>/files.zip")
@requires(DEPLOYS)
def draft_zip(draft_id: int) -> ResponseReturnValue:
    """All files of a draft."""
    session = db.session()
    draft = queries.draft(session, draft_id)
    return as_zip(queries.contents(session, draft.id), draft.process_key or f"draft-{draft.id}")


def as_zip(files: dict[str, bytes], name: str) -> Response:
    """An archive to download. ``name``: letters, digits, - and _ are kept."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(files):
            archive.writestr(file, files[file])
    safe = "".join(sign for sign in name if sign.isascii() and (sign.isalnum() or sign in "-_")) or "process"
    disposition = f'attachment; filename="{safe}.zip"'
    return Response(packed.getvalue(), mimetype="application/zip", headers={"Content-Disposition": disposition})
