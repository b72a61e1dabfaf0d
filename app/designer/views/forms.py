"""The editor of forms: every change is saved at once, with and without scripts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

import app.db as db
from app import formkit
from app.designer import queries, service
from app.designer.forms import document, fresh, preview, properties
from app.designer.forms.document import Json, NotEditable
from app.designer.models import Draft, DraftFile
from app.designer.names import Kind, NameRefused, kind_of
from app.designer.views import form_page
from app.designer.views.blueprint import DEPLOYS, blueprint, own
from app.designer.views.editing import EDITORS
from app.designer.views.form_page import PREFIX
from app.errors import FieldErrors, NotVisible
from app.formkit import FieldType
from app.formkit.parsing import MAX_BYTES
from app.security import current, requires

Change = Callable[[Json], str]
"""Changes the form; returns the path of the field to show next."""


def edit_form(draft: Draft, name: str) -> ResponseReturnValue:
    """The editor, the beginning of a form that does not exist yet, or why the file is none."""
    session = db.session()
    files = queries.contents(session, draft.id)
    if name not in files:
        return render_template("designer/form_new.html", draft=draft, name=name, tasks=fresh.tasks(files), errors={})
    return form_page.page(session, draft, queries.file(session, draft.id, name), request.args.get("field", ""))


EDITORS[Kind.FORM] = edit_form


@blueprint.get("/drafts/<int:draft_id>/forms")
@requires(DEPLOYS)
def form_new(draft_id: int) -> ResponseReturnValue:
    """For which task a form is to be made."""
    draft = queries.draft(db.session(), draft_id)
    tasks = fresh.tasks(queries.contents(db.session(), draft.id))
    return render_template("designer/form_new.html", draft=draft, name="", tasks=tasks, errors={})


@blueprint.post("/drafts/<int:draft_id>/forms")
@requires(DEPLOYS)
def form_create(draft_id: int) -> ResponseReturnValue:
    """A form for a task of the draft, or under a key."""
    session = db.session()
    draft = own(session, draft_id)
    files = queries.contents(session, draft.id)
    tasks = {task.key: task for task in fresh.tasks(files)}
    key = request.form.get("key", "").strip() or request.form.get("task", "")
    name = f"{key}.json"
    try:
        _check_new(name, files)
        found = tasks.get(key)
        made = fresh.form(
            key, found.name if found else "", found.name_en if found else "", found.outcomes if found else ()
        )
        service.save_file(session, draft, name, document.write(made), 0, current().login)
    except FieldErrors as refused:
        page = {"draft": draft, "name": name, "tasks": list(tasks.values()), "errors": refused.errors}
        return render_template("designer/form_new.html", **page), 422
    if found and not found.chosen:
        flash(_("Now choose the form %(key)s at the task in the diagram.", key=key), "info")
    return redirect(url_for("designer.edit", draft_id=draft.id, name=name), 303)


def _check_new(name: str, files: Mapping[str, bytes]) -> None:
    try:
        is_form = kind_of(name) is Kind.FORM
    except NameRefused:
        is_form = False
    if not is_form:
        raise FieldErrors({"key": [_("The key is written like complaint/judge.")]})
    if name in files:
        raise FieldErrors({"key": [_("The draft has a form of this key already.")]})


@blueprint.post("/drafts/<int:draft_id>/forms/<path:name>/title")
@requires(DEPLOYS)
def form_title(draft_id: int, name: str) -> ResponseReturnValue:
    """The title in both languages; the key follows the name of the file."""

    def change(data: Json) -> str:
        data["key"] = name.removesuffix(".json")
        data["title"] = {code: request.form.get(f"title_{code}", "").strip()[:500] for code in document.LANGUAGES}
        return request.form.get("field", "")

    return _changed(draft_id, name, change)


@blueprint.post("/drafts/<int:draft_id>/forms/<path:name>/list")
@requires(DEPLOYS)
def form_list(draft_id: int, name: str) -> ResponseReturnValue:
    """Add, move or remove a field: ``do`` is ``up:3``, ``down:3.0``, ``remove:3``; ``add`` with a type."""
    doing, _colon, path = request.form.get("do", "").partition(":")

    def change(data: Json) -> str:
        if doing == "add":
            return document.add(data, _type(), path)
        if doing == "remove":
            document.remove(data, path)
            return ""
        return document.move(data, path, {"up": -1, "down": 1}.get(doing, 0))

    return _changed(draft_id, name, change, moved=doing if doing in ("up", "down") else "")


def _type() -> FieldType:
    try:
        return FieldType(request.form.get("type", ""))
    except ValueError:
        return FieldType.TEXT


@blueprint.post("/drafts/<int:draft_id>/forms/<path:name>/field")
@requires(DEPLOYS)
def form_field(draft_id: int, name: str) -> ResponseReturnValue:
    """Change one field. What can't be kept comes back with what was typed."""
    session, path = db.session(), request.form.get("field", "")
    if formkit.is_redraw(request.form):
        file = queries.file(session, own(session, draft_id).id, name)
        return form_page.page(
            session, queries.draft(session, draft_id), file, path, typed=form_page.typed(session, file, path)
        )

    def change(data: Json) -> str:
        listed, index = document.place(data, path)
        form = form_page.editor(session, listed[index], path)
        bound = formkit.bind(form, formkit.from_html(form, formkit.without_prefix(request.form, PREFIX)))
        listed[index] = properties.changed(listed[index], bound.values)
        return path

    return _changed(draft_id, name, change)


@blueprint.post("/drafts/<int:draft_id>/forms/<path:name>/field/fields")
@requires(DEPLOYS)
@db.without_unit_of_work  # only draws: which properties the chosen type has
def form_field_fields(draft_id: int, name: str) -> ResponseReturnValue:
    """The properties again, as the chosen type has them."""
    session, path = db.session(), request.form.get("field", "")
    file = queries.file(session, queries.draft(session, draft_id).id, name)
    listed, index = document.place(form_page.data_of(file), path)
    form = form_page.editor(session, listed[index], path)
    return str(form_page.properties_of(form, form_page.typed(session, file, path) or {}, {}, draft_id, name))


@blueprint.post("/drafts/<int:draft_id>/forms/<path:name>/import")
@requires(DEPLOYS)
def form_import(draft_id: int, name: str) -> ResponseReturnValue:
    """Another file in place of this one."""
    uploaded = request.files.get("file")
    content = uploaded.read(MAX_BYTES + 1) if uploaded else b""

    def change(data: Json) -> str:
        try:
            found = document.read(content)
        except NotEditable:
            raise FieldErrors({"file": [_("This is no form.")]}) from None
        data.clear()
        data.update(found)
        data["key"] = name.removesuffix(".json")
        return ""

    return _changed(draft_id, name, change, anything=True)


@blueprint.post("/drafts/<int:draft_id>/forms/<path:name>/preview")
@requires(DEPLOYS)
@db.without_unit_of_work  # only draws and checks
def form_preview(draft_id: int, name: str) -> ResponseReturnValue:
    """Check what was filled in in the preview."""
    session = db.session()
    draft = queries.draft(session, draft_id)
    file = queries.file(session, draft.id, name)
    return form_page.page(session, draft, file, request.form.get("field", ""), tried=True)


@blueprint.post("/drafts/<int:draft_id>/forms/<path:name>/preview/fields")
@requires(DEPLOYS)
@db.without_unit_of_work  # only draws
def form_preview_fields(draft_id: int, name: str) -> ResponseReturnValue:
    """The previewed form again, with the fields that the answers given so far ask for."""
    session = db.session()
    file = queries.file(session, queries.draft(session, draft_id).id, name)
    shown = document.shown(form_page.data_of(file))[0]
    form, wanted = request.form.copy(), request.args.get("shown", "")
    form.update({"shown": wanted, "_refresh": "1"})
    found = preview.tried(shown, form, draft_id, name) if shown else ()
    return next((str(one.form) for one in found if one.language == wanted), "")


def _changed(
    draft_id: int, name: str, change: Change, *, anything: bool = False, moved: str = ""
) -> ResponseReturnValue:
    """Save the changed form under the fence of its revision; what stands in the way is said on the page. ``moved``: the
    button that was pressed, where the keyboard stays."""
    session = db.session()
    draft = own(session, draft_id)
    file = queries.file(session, draft.id, name)
    try:
        data: Json = {} if anything else form_page.data_of(file)
        path = change(data)
        service.save_file(session, draft, name, document.write(data), _revision(), current().login)
    except NotEditable:
        raise NotVisible() from None
    except FieldErrors as refused:
        return _refused(session, draft, file, 422, errors=refused.errors)
    except service.SavedByAnother as newer:
        return _refused(session, draft, file, 412, newer=newer)
    if request.headers.get("HX-Request"):
        session.refresh(file)
        return form_page.page(session, draft, file, path, template="designer/_form_saved.html")
    here = url_for("designer.edit", draft_id=draft.id, name=name, field=path or None, moved=moved or None)
    return redirect(here, 303)


def _refused(session: Session, draft: Draft, file: DraftFile, status: int, **why: Any) -> ResponseReturnValue:
    """The page with what was typed; a script that saves while somebody types only hears why."""
    path = request.form.get("field", "")
    if request.headers.get("HX-Request"):
        return form_page.page(session, draft, file, path, template="designer/_form_saved.html", **why)
    return form_page.page(session, draft, file, path, typed=form_page.typed(session, file, path), **why), status


def _revision() -> int:
    given = request.form.get("revision", "")
    return int(given) if given.isascii() and given.isdigit() and len(given) < 10 else -1
