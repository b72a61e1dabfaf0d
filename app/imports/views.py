"""Pages of the import: upload, mapping and preview, progress, result."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app import db
from app.errors import NotAllowedHere, NotVisible
from app.imports import files, queries, schemas, service, wording
from app.imports.mapping import MappingRefused, Rule, parse
from app.imports.models import ImportRun, RowState, RunState
from app.imports.targets import EXTENSION, ImportTarget, ImportTargets
from app.security import current, polling, signed_in
from app.web import links
from app.web.i18n import language

blueprint = Blueprint("imports", __name__, url_prefix="/imports", template_folder="templates")


def targets() -> list[ImportTarget]:
    """What this person may import. Raises NotAllowedHere when there is nothing."""
    registered: ImportTargets = current_app.extensions[EXTENSION]
    allowed = [target for target in registered if current().has(target.permission)]
    if not allowed:
        raise NotAllowedHere()
    return allowed


def target_of(key: str) -> ImportTarget:
    """The target of this key, if this person may import it. Raises NotVisible."""
    for target in targets():
        if target.key == key:
            return target
    raise NotVisible()


def own_run(session: Session, run_id: int) -> tuple[ImportRun, ImportTarget]:
    """The run of this person with its target. Raises NotVisible for anybody else's."""
    run = queries.run(session, run_id)
    if run is None or run.created_by != current().login:
        raise NotVisible()
    return run, target_of(run.target)


@blueprint.get("")
@signed_in
def index() -> ResponseReturnValue:
    """Upload a file; the runs before."""
    return _index()


def _index(error: str = "", chosen: str = "") -> str:
    before = request.args.get("before", type=links.row_id)
    runs = queries.runs_of(db.session(), current().login, before=before, limit=queries.PAGE + 1)
    older = runs[queries.PAGE - 1].id if len(runs) > queries.PAGE else None
    return render_template(
        "imports/index.html",
        targets=targets(),
        runs=runs[: queries.PAGE],
        older=older,
        errors={"file": [error]} if error else {},
        chosen=chosen,
        language=language(),
    )


@blueprint.post("")
@signed_in
@db.without_unit_of_work  # reading a large workbook takes seconds, and nobody may wait for the write lock meanwhile
def upload() -> ResponseReturnValue:
    """Read the file and keep its rows as a prepared run."""
    target = target_of(request.form.get("target", ""))
    given = request.files.get("file")
    try:
        if given is None or not given.filename:
            raise files.FileRefused("empty")
        name = given.filename
        table = files.read(given.stream.read(files.MAX_BYTES + 1), name)
    except files.FileRefused as refused:
        return _index(wording.file_refused(refused), target.key), 422

    def keep(session: Session) -> int:
        run = service.prepare(session, current(), target, table, filename=name, language=language())
        return run.id

    return redirect(url_for("imports.show", run_id=db.database().write(keep)), 303)


@blueprint.get("/<int:run_id>")
@signed_in
def show(run_id: int) -> ResponseReturnValue:
    """Mapping and preview of a prepared run; progress or result of one that began."""
    run, target = own_run(db.session(), run_id)
    if run.state == RunState.PREPARED.value:
        return _prepared(run, target)
    return render_template("imports/run.html", run=run, target=target, language=language(), bad=_some_bad_rows(run))


def _some_bad_rows(run: ImportRun) -> Any:
    return queries.rows_in(db.session(), run.id, RowState.FAILED, limit=50)


def _prepared(run: ImportRun, target: ImportTarget, error: str = "", form: Any = None) -> str:
    session = db.session()
    fields = target.fields(session)
    rules = parse(run.document).fields if run.document["fields"] else {}
    return render_template(
        "imports/prepared.html",
        run=run,
        target=target,
        fields=fields,
        options={field.name: field.options(session) for field in fields if field.options},
        rules={field.name: rules.get(field.name, Rule()) for field in fields},
        values_as_text=schemas.values_as_text,
        values_in=lambda column: queries.distinct_values(session, run.id, run.header.index(column)),
        missing=service.missing_fields(run, fields),
        rows=list(service.preview(session, current(), run, target)) if rules and not error else [],
        error=error,
        form=form,
        language=language(),
    )


@blueprint.post("/<int:run_id>/mapping")
@signed_in
def change_mapping(run_id: int) -> ResponseReturnValue:
    """Use the rules of the form or an uploaded document; keep them under a name if one is given."""
    session = db.session()
    run, target = own_run(session, run_id)
    try:
        service.choose_mapping(session, run, _mapping(session, run, target))
    except MappingRefused as refused:
        return _prepared(run, target, wording.mapping_refused(refused), request.form), 422
    except service.RunNotInState:
        flash(_("This import has already begun."), "warning")
    name = request.form.get("save_as", "").strip()
    if name:
        service.save_mapping(session, current(), run, name)
        flash(_("The mapping is saved; the next file with these columns will find it."), "success")
    return redirect(url_for("imports.show", run_id=run.id), 303)


def _mapping(session: Session, run: ImportRun, target: ImportTarget) -> Any:
    document = request.files.get("document")
    fields = target.fields(session)
    if document is not None and document.filename:
        return schemas.mapping_from_json(document.stream.read(1_000_000), target.key, fields)
    return schemas.mapping_from_form(target.key, fields, run.header, request.form)


@blueprint.post("/<int:run_id>/start")
@signed_in
def start(run_id: int) -> ResponseReturnValue:
    """Begin; workers take the rows over in chunks."""
    run, _target = own_run(db.session(), run_id)
    if not run.document["fields"]:
        return _prepared(run, _target, str(wording.MAPPING["no_fields"])), 422
    try:
        service.start(db.session(), run)
    except service.RunNotInState:
        flash(_("This import has already begun."), "warning")
    return redirect(url_for("imports.show", run_id=run.id), 303)


@blueprint.post("/<int:run_id>/cancel")
@signed_in
def cancel(run_id: int) -> ResponseReturnValue:
    """Take over no further rows."""
    run, _target = own_run(db.session(), run_id)
    try:
        service.cancel(db.session(), run)
        flash(_("The import is cancelled. What came in before stays."), "success")
    except service.RunNotInState:
        flash(_("This import has already ended."), "warning")
    return redirect(url_for("imports.show", run_id=run.id), 303)


@blueprint.get("/<int:run_id>/progress")
@signed_in
@polling
def progress(run_id: int) -> ResponseReturnValue:
    """The part of the page that asks for itself until the run has ended."""
    run, target = own_run(db.session(), run_id)
    return render_template("imports/_progress.html", run=run, target=target, bad=_some_bad_rows(run))


@blueprint.get("/<int:run_id>/handed-back.csv")
@signed_in
def handed_back(run_id: int) -> ResponseReturnValue:
    """The refused rows with their reasons, to be corrected and imported again."""
    run, _target = own_run(db.session(), run_id)
    return _download(service.bad_rows_file(db.session(), run), "text/csv; charset=utf-8", f"handed-back-{run.id}.csv")


@blueprint.get("/<int:run_id>/mapping.json")
@signed_in
def mapping_document(run_id: int) -> ResponseReturnValue:
    """The mapping as a document, for another installation or the command line."""
    run, _target = own_run(db.session(), run_id)
    return _download(service.mapping_json(run), "application/json", f"mapping-{run.id}.json")


def _download(data: bytes, kind: str, name: str) -> Response:
    return Response(data, content_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})
