"""The editors of the files of a draft. What they do in the browser is in ``frontend/src/designer``."""

from __future__ import annotations

from collections.abc import Callable

from flask import redirect, render_template, url_for
from flask.typing import ResponseReturnValue

import app.db as db
from app.designer import queries
from app.designer.models import Draft
from app.designer.names import Kind, NameRefused, kind_of
from app.designer.views.blueprint import DEPLOYS, blueprint
from app.errors import NotVisible
from app.security import current, requires
from app.web.people import display_name

Editor = Callable[[Draft, str], ResponseReturnValue]


@blueprint.get("/drafts/<int:draft_id>/edit/<path:name>", endpoint="edit")
@requires(DEPLOYS)
def edit_file(draft_id: int, name: str) -> ResponseReturnValue:
    """The editor for this kind of file; a colleague's draft can be read in it."""
    draft = queries.draft(db.session(), draft_id)
    try:
        editor = EDITORS[kind_of(name)]
    except NameRefused:
        raise NotVisible from None
    return editor(draft, name)


def edit_process(draft: Draft, name: str) -> ResponseReturnValue:
    """The diagram, with the English names beside it."""
    english = f"{name.removesuffix('.bpmn')}.en.json"
    return _page("designer/edit_bpmn.html", "bpmn", "modeler", draft, name, english)


def edit_decisions(draft: Draft, name: str) -> ResponseReturnValue:
    """The decision tables."""
    return _page("designer/edit_dmn.html", "dmn", "dmn", draft, name)


def edit_translation(draft: Draft, name: str) -> ResponseReturnValue:
    """English names are edited where the elements are."""
    process = f"{name.split('.')[0]}.bpmn"
    queries.file(db.session(), draft.id, process)
    return redirect(url_for("designer.edit", draft_id=draft.id, name=process))


EDITORS: dict[Kind, Editor] = {
    Kind.BPMN: edit_process,
    Kind.DMN: edit_decisions,
    Kind.TRANSLATION: edit_translation,
}


def _page(template: str, kind: str, bundle: str, draft: Draft, name: str, english: str | None = None) -> str:
    queries.file(db.session(), draft.id, name)
    return render_template(
        template,
        kind=kind,
        bundle=bundle,
        draft=draft,
        name=name,
        english=english,
        readonly=draft.owner != current().login,
        owner=display_name(draft.owner),
    )
