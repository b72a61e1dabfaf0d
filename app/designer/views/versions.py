"""Deployed versions: who deployed what when, differences between any two, roll back, suspend. Whoever may see process
definitions looks; only designers change."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from flask import Response, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

import app.db as db
import engine
from app.designer import deploying, diff, effects, overview, presentation
from app.designer.diff import words
from app.designer.views.blueprint import DEPLOYS, SEES, blueprint
from app.designer.views.comparing import marks_json
from app.designer.views.files import as_zip
from app.errors import FieldErrors, NotVisible
from app.process_names import element_names, process_name
from app.security import current, requires


@blueprint.get("/processes/<key>")
@requires(SEES)
def process(key: str) -> ResponseReturnValue:
    """All versions of a process, and the diagram of one."""
    return _page(db.session(), key, request.args.get("version", ""))


def _page(
    session: Session,
    key: str,
    version_id: str,
    errors: Mapping[str, Any] = MappingProxyType({}),
    refused: presentation.Report | None = None,
) -> str:
    versions = overview.versions(session, key)
    if not versions:
        raise NotVisible()
    rows = {version.definition.id: version.definition for version in versions}
    shown = rows.get(version_id, versions[0].definition)
    return render_template(
        "designer/process.html",
        key=key,
        name=process_name(session, versions[0].definition.id),
        versions=versions,
        shown=shown,
        people=presentation.people(session, {row.deployed_by for row in rows.values()}),
        left_behind=sum(version.running for version in versions if version.definition.id != versions[0].definition.id),
        migrators=presentation.migrators(session),
        errors=errors,
        refused=refused,
        reason=request.form.get("comment", ""),
    )


def _row(definition_id: str) -> engine.DefinitionRow:
    return engine.queries.definition(db.session(), definition_id)


@blueprint.get("/versions/<definition_id>/diagram.bpmn")
@requires(SEES)
def version_xml(definition_id: str) -> ResponseReturnValue:
    """The diagram of a version, as text: a browser must never take it for a page."""
    content = engine.queries.definition_xml(db.session(), definition_id)
    return Response(content, content_type="text/plain; charset=utf-8")


@blueprint.get("/versions/<definition_id>/names.json")
@requires(SEES)
def version_names(definition_id: str) -> ResponseReturnValue:
    """Names of its elements in the reader's language."""
    return jsonify(element_names(db.session(), _row(definition_id).id))


@blueprint.get("/versions/<definition_id>/files.zip")
@requires(DEPLOYS)
def version_zip(definition_id: str) -> ResponseReturnValue:
    """Everything deployed with a version."""
    row = _row(definition_id)
    return as_zip(engine.queries.definition_files(db.session(), row.id), f"{row.key}-{row.version}")


@blueprint.get("/processes/<key>/compare")
@requires(SEES)
def compare(key: str) -> ResponseReturnValue:
    """What is different between two versions."""
    session = db.session()
    old, new = _pair(session, key)
    changes = diff.compare(_files(session, old), _files(session, new))
    name = process_name(session, new.id)
    areas = words.by_area(changes, presentation.group_titles(session))
    return render_template("designer/compare.html", key=key, name=name, old=old, new=new, areas=areas)


@blueprint.get("/processes/<key>/compare.json")
@requires(SEES)
def compare_data(key: str) -> ResponseReturnValue:
    """Elements to mark in the diagrams of two versions."""
    session = db.session()
    old, new = _pair(session, key)
    return marks_json(_files(session, old), _files(session, new))


def _pair(session: Session, key: str) -> tuple[engine.DefinitionRow, engine.DefinitionRow]:
    """The versions the address names, by number. Raises NotVisible."""
    rows = {str(row.version): row for row in engine.queries.definitions(session, key)}
    old, new = (rows.get(request.args.get(side, "")) for side in ("old", "new"))
    if old is None or new is None:
        raise NotVisible()
    return old, new


def _files(session: Session, row: engine.DefinitionRow) -> dict[str, bytes]:
    return engine.queries.definition_files(session, row.id)


@blueprint.get("/deployments/<deployment_id>")
@requires(DEPLOYS)
def deployment(deployment_id: str) -> ResponseReturnValue:
    """What a deployment did, and what there is to do next."""
    session = db.session()
    rows = deploying.brought_by(session, deployment_id)
    if not rows:
        raise NotVisible()
    comment, source = deploying.comment_and_source(session, deployment_id)
    return render_template(
        "designer/deployment.html",
        rows=[(row, process_name(session, row.id), _outlook(session, row)) for row in rows],
        names={row.key: process_name(session, row.id) for row in rows},
        comment=comment,
        source=source,
        person=presentation.people(session, {rows[0].deployed_by})[rows[0].deployed_by],
        migrators=presentation.migrators(session),
        callers=[
            (one, process_name(session, one.id)) for row in rows for one in deploying.callers_left_behind(session, row)
        ],
    )


def _outlook(session: Session, row: engine.DefinitionRow) -> tuple[effects.Effect, ...]:
    return effects.of_version(session, row, engine.queries.definitions(session, row.key))


@blueprint.post("/versions/<definition_id>/roll-back")
@requires(DEPLOYS)
def roll_back(definition_id: str) -> ResponseReturnValue:
    """Deploy an earlier version again, as the newest one."""
    session = db.session()
    row = _row(definition_id)
    try:
        found = deploying.roll_back(session, row.id, request.form.get("comment", ""), current().login)
    except FieldErrors as refused:
        return _page(session, row.key, row.id, refused.errors), 422
    except deploying.GateClosed as closed:
        report = presentation.report(closed.findings, closed.files)
        return _page(session, row.key, row.id, refused=report), 422
    if found.id is None:
        flash(_("The newest version is the same already. Nothing was deployed."), "info")
        return redirect(url_for("designer.process", key=row.key))
    return redirect(url_for("designer.deployment", deployment_id=found.id))


@blueprint.post("/versions/<definition_id>/state")
@requires(DEPLOYS)
def set_version_state(definition_id: str) -> ResponseReturnValue:
    """Nobody starts this version any more, or somebody may again. What runs on it goes on."""
    row, suspended = _row(definition_id), request.form.get("state") == "suspended"
    command = engine.SuspendDefinition(definition_id=row.id, suspended=suspended, actor=current().login)
    engine.execute(db.session(), command)
    done = (
        _("Version %(version)s can't be started any more.") if suspended else _("Version %(version)s can be started.")
    )
    flash(done % {"version": row.version}, "success")
    return redirect(url_for("designer.process", key=row.key))
