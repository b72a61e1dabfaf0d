"""What a draft changes, in words and on the diagram, and deploying it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

import app.db as db
import engine
from app.designer import comparing, deploying, diff, effects, gate, presentation, queries
from app.designer.diff import words
from app.designer.models import Draft
from app.designer.views.blueprint import DEPLOYS, blueprint, own
from app.designer.views.checking import base_of, found_in
from app.errors import FieldErrors
from app.security import current, requires
from app.web.filters import localtime
from app.web.people import display_name


@blueprint.get("/drafts/<int:draft_id>/diff", endpoint="diff")
@requires(DEPLOYS)
def show_diff(draft_id: int) -> ResponseReturnValue:
    """The differences to the deployed version, what becomes of running instances, and the button to deploy."""
    return _page(db.session(), queries.draft(db.session(), draft_id), {})


def _page(session: Session, draft: Draft, errors: Mapping[str, Any]) -> str:
    deployed, old, new = comparing.sides(session, draft)
    findings = found_in(session, draft)
    refused = gate.refuses(findings)
    return render_template(
        "designer/diff.html",
        draft=draft,
        mine=draft.owner == current().login,
        areas=words.by_area(diff.compare(old, new), presentation.group_titles(session)),
        report=presentation.report(findings, new),
        deployed=deployed,
        effects=() if refused else _effects(session, deployed, new),
        names=presentation.element_names(old) | presentation.element_names(new),
        drawn=next((name for name in sorted(new) if name.endswith(".bpmn")), ""),
        comment=request.form.get("comment", ""),
        errors=errors,
    )


def _effects(
    session: Session, deployed: tuple[engine.DefinitionRow, ...], new: Mapping[str, bytes]
) -> list[effects.Effect]:
    return [
        effect
        for row in deployed
        for effect in effects.of_files(session, row.key, new, engine.queries.definitions(session, row.key))
    ]


@blueprint.get("/drafts/<int:draft_id>/diff.json", endpoint="diff_data")
@requires(DEPLOYS)
def diff_of_draft(draft_id: int) -> ResponseReturnValue:
    """Elements to mark in the two diagrams."""
    session = db.session()
    _deployed, old, new = comparing.sides(session, queries.draft(session, draft_id))
    return marks_json(old, new)


def marks_json(old: Mapping[str, bytes], new: Mapping[str, bytes]) -> ResponseReturnValue:
    """Ids of elements by what became of them."""
    found = diff.marks(old, new, diff.compare(old, new))
    return jsonify(added=found.added, removed=found.removed, changed=found.changed, moved=found.moved)


@blueprint.get("/drafts/<int:draft_id>/names.json", endpoint="draft_names")
@requires(DEPLOYS)
def names_of_draft(draft_id: int) -> ResponseReturnValue:
    """Names of the elements in the reader's language."""
    session = db.session()
    return jsonify(presentation.english_names(queries.contents(session, queries.draft(session, draft_id).id)))


@blueprint.post("/drafts/<int:draft_id>/deploy", endpoint="deploy")
@requires(DEPLOYS)
def deploy_draft(draft_id: int) -> ResponseReturnValue:
    """Deploy the draft as the next version, unless it has errors or somebody was faster."""
    session = db.session()
    draft = own(session, draft_id)
    try:
        said, seen = request.form.get("comment", ""), request.form.getlist("seen")
        found = deploying.deploy(session, draft, said, seen, base_of(session, draft))
    except FieldErrors as refused:
        return _page(session, draft, refused.errors), 422
    except deploying.GateClosed:
        return _page(session, draft, {"": [_("The draft has errors. Nothing was deployed.")]}), 422
    except deploying.DeployedMeanwhile as faster:
        return _page(session, draft, {"": [_faster(faster.newer)]}), 409
    return _deployed(draft, found)


def _faster(newer: engine.DefinitionRow) -> str:
    return str(
        _(
            "%(person)s deployed version %(version)s at %(time)s. Look at the differences to it, then deploy again.",
            person=display_name(newer.deployed_by),
            version=newer.version,
            time=localtime(newer.deployed_at),
        )
    )


def _deployed(draft: Draft, found: engine.Deployment) -> ResponseReturnValue:
    if found.id is None:
        flash(_("The deployed version is the same already. Nothing was deployed."), "info")
        return redirect(url_for("designer.diff", draft_id=draft.id))
    return redirect(url_for("designer.deployment", deployment_id=found.id))
