"""Drafts: what a designer works on, how one begins, and how it goes away."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

import app.db as db
import engine
from app.accounts import queries as accounts
from app.designer import blank, overview, presentation, queries, service, uploads
from app.designer.models import Draft
from app.designer.views.blueprint import DEPLOYS, SEES, blueprint, own
from app.designer.views.checking import found_in
from app.errors import FieldErrors
from app.security import current, requires
from app.web.i18n import language


@blueprint.get("")
@requires(SEES)
def index() -> ResponseReturnValue:
    """Own drafts, those of colleagues, and what is deployed."""
    session, person = db.session(), current()
    mine = queries.drafts_of(session, person.login) if person.has(DEPLOYS) else ()
    others = queries.drafts_of_others(session, person.login) if person.has(DEPLOYS) else ()
    processes = overview.processes(session)
    logins = {draft.owner for draft in others} | {process.newest.deployed_by for process in processes}
    return render_template(
        "designer/index.html",
        mine=mine,
        others=others,
        processes=processes,
        names=presentation.process_names(session, processes),
        people=presentation.people(session, logins),
    )


@blueprint.get("/tips")
@requires(SEES)
def tips() -> ResponseReturnValue:
    """What to think of when a process is designed anew."""
    return render_template("designer/tips.html")


@blueprint.get("/drafts/new")
@requires(DEPLOYS)
def new_draft() -> ResponseReturnValue:
    """The three ways to begin."""
    return _beginning({}, {})


def _beginning(values: Mapping[str, str], errors: Mapping[str, Any]) -> str:
    session = db.session()
    groups = [(group.name, group.title(language())) for group in accounts.groups(session)]
    processes = overview.processes(session)
    names = presentation.process_names(session, processes)
    return render_template(
        "designer/new.html", groups=groups, processes=processes, names=names, values=values, errors=errors
    )


@blueprint.post("/drafts/blank")
@requires(DEPLOYS)
def draft_blank() -> ResponseReturnValue:
    """A draft with the smallest process."""
    session, given = db.session(), {name: request.form.get(name, "") for name in ("key", "name_zh", "name_en", "group")}
    titles = {group.name: (group.title_zh, group.title_en) for group in accounts.groups(session)}
    try:
        wanted = blank.check(given["key"].strip(), given["name_zh"], given["name_en"], given["group"], titles)
        return _begun(service.new(session, current().login, wanted))
    except FieldErrors as refused:
        return _beginning(given, refused.errors), 422


@blueprint.post("/drafts/upload")
@requires(DEPLOYS)
def draft_upload() -> ResponseReturnValue:
    """A draft of uploaded files."""
    title = request.form.get("title", "")
    try:
        files = uploads.read(request.files.getlist("files"))
        return _begun(service.create(db.session(), current().login, title or presentation.title_of(files), files))
    except FieldErrors as refused:
        return _beginning({"title": title}, refused.errors), 422


@blueprint.post("/versions/<definition_id>/draft")
@requires(DEPLOYS)
def draft_of_version(definition_id: str) -> ResponseReturnValue:
    """A draft of a deployed version."""
    return _begun(service.from_definition(db.session(), current().login, definition_id))


@blueprint.post("/drafts/<int:draft_id>/copy")
@requires(DEPLOYS)
def copy_draft(draft_id: int) -> ResponseReturnValue:
    """A draft of one's own like a colleague's."""
    session = db.session()
    found = queries.draft(session, draft_id)
    files = queries.contents(session, found.id)
    return _begun(service.create(session, current().login, found.title, files, found.base_definition_id))


def _begun(draft: Draft) -> ResponseReturnValue:
    return redirect(url_for("designer.draft", draft_id=draft.id))


@blueprint.get("/drafts/<int:draft_id>")
@requires(DEPLOYS)
def draft(draft_id: int) -> ResponseReturnValue:
    """One draft: its files, what was found, what to do next."""
    return _page(db.session(), queries.draft(db.session(), draft_id), {})


def _page(session: Session, found: Draft, errors: Mapping[str, Any]) -> str:
    findings = found_in(session, found)
    files = queries.contents(session, found.id)
    return render_template(
        "designer/draft.html",
        draft=found,
        mine=found.owner == current().login,
        files=presentation.files(queries.files(session, found.id), files),
        report=presentation.report(findings, files),
        base=_base(session, found),
        people=presentation.people(session, {found.owner}),
        errors=errors,
    )


def _base(session: Session, found: Draft) -> engine.DefinitionRow | None:
    return engine.queries.definition(session, found.base_definition_id) if found.base_definition_id else None


@blueprint.post("/drafts/<int:draft_id>/files")
@requires(DEPLOYS)
def add_files(draft_id: int) -> ResponseReturnValue:
    """More files, or newer ones in place of those there."""
    session = db.session()
    found = own(session, draft_id)
    try:
        files = uploads.read(request.files.getlist("files"))
        service.add_files(session, found, files, current().login)
    except FieldErrors as refused:
        return _page(session, found, refused.errors), 422
    flash(_("Files taken over: %(count)s", count=len(files)), "success")
    return _begun(found)


@blueprint.post("/drafts/<int:draft_id>/title")
@requires(DEPLOYS)
def rename_draft(draft_id: int) -> ResponseReturnValue:
    """Another title."""
    session = db.session()
    found = own(session, draft_id)
    try:
        service.rename(session, found, request.form.get("title", ""))
    except FieldErrors as refused:
        return _page(session, found, refused.errors), 422
    return _begun(found)


@blueprint.post("/drafts/<int:draft_id>/files/<path:name>/delete")
@requires(DEPLOYS)
def delete_draft_file(draft_id: int, name: str) -> ResponseReturnValue:
    """Take a file out of the draft."""
    session = db.session()
    found = own(session, draft_id)
    service.remove_file(session, found, queries.file(session, found.id, name).name)
    return _begun(found)


@blueprint.post("/drafts/<int:draft_id>/delete")
@requires(DEPLOYS)
def delete_draft(draft_id: int) -> ResponseReturnValue:
    """The draft is gone with its files; what was deployed from it stays."""
    session = db.session()
    service.discard(session, own(session, draft_id))
    flash(_("The draft was deleted."), "success")
    return redirect(url_for("designer.index"))
