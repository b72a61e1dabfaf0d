"""What is found in a draft, and what can be chosen in it: data for the editors."""

from __future__ import annotations

from typing import Any

from flask import jsonify
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

import app.db as db
import engine
from app.designer import choices, gate, queries, wording
from app.designer.models import Draft
from app.designer.views.blueprint import DEPLOYS, blueprint, registries
from app.security import requires


@blueprint.post("/drafts/<int:draft_id>/check", endpoint="findings")
@requires(DEPLOYS)
@db.without_unit_of_work  # it only asks
def check_draft(draft_id: int) -> ResponseReturnValue:
    """Everything that was found, worded for the reader; nothing is changed."""
    session = db.session()
    return jsonify(findings=[as_json(one) for one in found_in(session, queries.draft(session, draft_id))])


def found_in(session: Session, draft: Draft) -> tuple[engine.Finding, ...]:
    """What the gate says about a draft now."""
    return gate.check(session, queries.contents(session, draft.id), base_of(session, draft))


def base_of(session: Session, draft: Draft) -> bytes:
    """The BPMN of the version the draft was opened from, else of the newest deployed one of the same key."""
    if draft.base_definition_id:
        return engine.queries.definition_xml(session, draft.base_definition_id)
    versions = engine.queries.definitions(session, draft.process_key, latest_only=True)
    return engine.queries.definition_xml(session, versions[0].id) if versions else b""


def as_json(finding: engine.Finding) -> dict[str, Any]:
    """A finding in words."""
    message, remedy = wording.words(finding)
    return {
        "severity": finding.severity,
        "code": finding.code,
        "file": finding.file,
        "element": finding.element,
        "line": finding.line,
        "message": message,
        "remedy": remedy,
    }


@blueprint.get("/drafts/<int:draft_id>/choices.json", endpoint="choices")
@requires(DEPLOYS)
def choices_of_draft(draft_id: int) -> ResponseReturnValue:
    """Pick lists for the editors."""
    session = db.session()
    files = queries.contents(session, queries.draft(session, draft_id).id)
    return jsonify(choices.of_draft(session, files, registries().handlers.service_topics))
