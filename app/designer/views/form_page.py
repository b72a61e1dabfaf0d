"""The page of the form editor: list of fields, properties of the chosen one, previews."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import render_template, request, url_for
from flask_babel import gettext as _
from markupsafe import Markup
from sqlalchemy.orm import Session

from app import formkit
from app.accounts import queries as accounts
from app.designer import service
from app.designer.forms import document, preview, properties
from app.designer.forms.document import Json, NotEditable
from app.designer.models import Draft, DraftFile
from app.errors import NotVisible
from app.formkit import FormDocument, Text, references, widgets
from app.security import current
from app.web.filters import localtime
from app.web.i18n import language
from app.web.people import display_name

PREFIX = "p-"
"""Before the names of the fields in which a field is edited: previews stand on the same page."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """The field whose properties are shown. ``columns``: whether it has columns, to which more can be added."""

    path: str
    heading: str
    form: Markup
    errors: Mapping[str, Sequence[Any]]
    columns: bool


def page(
    session: Session,
    draft: Draft,
    file: DraftFile,
    path: str,
    *,
    typed: Mapping[str, Any] | None = None,
    errors: Mapping[str, Sequence[Any]] | None = None,
    newer: service.SavedByAnother | None = None,
    tried: bool = False,
    template: str = "designer/edit_form.html",
) -> str:
    """The editor as the file is, with what came back refused."""
    basic = {"draft": draft, "name": file.name, "file": file, "readonly": draft.owner != current().login}
    basic |= {"owner": display_name(draft.owner), "errors": errors or {}, "newer": _newer(newer)}
    try:
        data = document.read(bytes(file.content))
    except NotEditable:
        return render_template("designer/form_unreadable.html", **basic)
    found = document.problems(data)
    return render_template(
        template,
        **basic,
        title={code: document.text_in(data.get("title"), code) for code in document.LANGUAGES},
        rows=document.rows(data, language(), found),
        problems=[(document.edited_path(one.path), one.path, one.message) for one in found],
        types=[(kind.value, title.in_language(language())) for kind, title in properties.TYPES.items()],
        column_types=[(kind.value, properties.TYPES[kind].in_language(language())) for kind in properties.IN_COLUMNS],
        chosen=_chosen(session, draft, file, data, path, typed, errors),
        **_previews(data, draft, file.name, tried=tried),
    )


def _previews(data: Json, draft: Draft, name: str, *, tried: bool) -> dict[str, Any]:
    shown, left_out = document.shown(data)
    if shown is None:
        return {"previews": (), "left_out": left_out}
    if tried:
        return {"previews": preview.tried(shown, request.form, draft.id, name), "left_out": left_out}
    return {"previews": preview.both(shown, draft.id, name), "left_out": left_out}


def _chosen(
    session: Session,
    draft: Draft,
    file: DraftFile,
    data: Json,
    path: str,
    typed: Mapping[str, Any] | None,
    errors: Mapping[str, Sequence[Any]] | None,
) -> Chosen | None:
    """The properties of the field at ``path``; None when there is no such field."""
    try:
        listed, index = document.place(data, path)
    except NotEditable:
        return None
    field = listed[index]
    form = editor(session, field, path)
    said = errors if typed is not None else properties.errors_at(path, field, document.problems(data))
    values = typed if typed is not None else properties.values_of(field)
    heading = document.text_of(field.get("label"), language()) or str(field.get("name", ""))
    drawn = properties_of(form, values, said or {}, draft.id, file.name)
    shown = {f"{PREFIX}{name}" if name else "": messages for name, messages in (said or {}).items()}
    return Chosen(path, heading, drawn, shown if typed is not None else {}, field.get("type") == "rows")


def properties_of(
    form: FormDocument, values: Mapping[str, Any], errors: Mapping[str, Sequence[Any]], draft_id: int, name: str
) -> Markup:
    """The drawn properties of one field."""
    found = widgets.renamed(widgets.draw(form, values, errors), PREFIX)
    url = url_for("designer.form_field_fields", draft_id=draft_id, name=name)
    return Markup(render_template("designer/_trial_fields.html", widgets=found, errors={}, url=url))


def editor(session: Session, field: Json, path: str) -> FormDocument:
    """The form for the properties of a field."""
    groups = {group.name: Text(group.title_zh, group.title_en) for group in accounts.groups(session)}
    return properties.editor(references.kinds(), groups, field, column="." in path)


def typed(session: Session, file: DraftFile, path: str) -> dict[str, Any] | None:
    """What was typed into the properties of the field at ``path``; None when something else was sent."""
    if not any(name.startswith(PREFIX) for name in request.form):
        return None
    try:
        listed, index = document.place(data_of(file), path)
    except NotEditable:
        return None
    form = editor(session, listed[index], path)
    return formkit.from_html(form, formkit.without_prefix(request.form, PREFIX), keep_empty_rows=True)


def data_of(file: DraftFile) -> Json:
    """The form as it is in the draft. Raises NotVisible for a file that can't be edited here."""
    try:
        return document.read(bytes(file.content))
    except NotEditable:
        raise NotVisible() from None


def _newer(newer: service.SavedByAnother | None) -> str:
    if newer is None:
        return ""
    if newer.at is None:
        return str(_("The file has been deleted since you opened it."))
    facts = {"person": display_name(newer.by), "time": localtime(newer.at)}
    return str(_("%(person)s saved this file at %(time)s, after you opened it.", **facts))
