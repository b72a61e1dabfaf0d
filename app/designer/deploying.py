"""From a draft to a version, and back to an earlier version. Nothing with errors passes."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.orm import Session

import engine
from app.designer import comparing, gate, queries, service
from app.designer.models import Draft
from app.designer.overview import ROLLED_BACK
from app.errors import FieldErrors
from engine.tables import deployment as deployment_table
from engine.tables import process_definition, process_definition_call

FROM_DRAFT = "workshop"
"""What a deployment names as its source."""
LONGEST_COMMENT = 200


class GateClosed(Exception):
    """The files have errors; nothing was deployed. ``findings``: everything that was found in ``files``."""

    def __init__(self, findings: tuple[engine.Finding, ...], files: Mapping[str, bytes]) -> None:
        super().__init__(f"{len(findings)} findings")
        self.findings, self.files = findings, files


class DeployedMeanwhile(Exception):
    """Somebody deployed another version since the designer looked at the differences."""

    def __init__(self, newer: engine.DefinitionRow) -> None:
        super().__init__(newer.id)
        self.newer = newer


def comment_of(text: str) -> str:
    """A comment or reason people can read later. Raises FieldErrors("comment")."""
    found = " ".join(text.split())
    if not found or not found.isprintable():
        raise FieldErrors({"comment": [_l("Say in a few words what changes and why.")]})
    if len(found) > LONGEST_COMMENT:
        raise FieldErrors({"comment": [_l("At most %(count)s characters.", count=LONGEST_COMMENT)]})
    return found


def deploy(session: Session, draft: Draft, comment: str, seen: Collection[str], base: bytes) -> engine.Deployment:
    """The draft is deployed by its owner, and is a draft of the new version now. ``seen``: the versions it was compared
    with. Raises FieldErrors("comment"), DeployedMeanwhile, GateClosed."""
    said, files = comment_of(comment), queries.contents(session, draft.id)
    _pass_gate(gate.check(session, files, base), files)
    for row in comparing.newest(session, files):
        if row.id not in seen:
            raise DeployedMeanwhile(row)
    command = engine.Deploy(name=said, files=files, actor=draft.owner, source=FROM_DRAFT)
    found = engine.execute(session, command).deployment
    assert found is not None, "a deployment says what it did"
    mine = [row.id for row in found.definitions if row.key == draft.process_key]
    draft.base_definition_id = mine[0] if mine else draft.base_definition_id
    return found


def _pass_gate(found: tuple[engine.Finding, ...], files: Mapping[str, bytes]) -> None:
    if gate.refuses(found):
        raise GateClosed(found, files)


def roll_back(session: Session, definition_id: str, reason: str, actor: str) -> engine.Deployment:
    """The files of an earlier version are the newest version. Raises FieldErrors("comment"), DefinitionNotFound,
    GateClosed when the version has errors today: its groups may be gone, or a program deployed it past the gate."""
    said, row = comment_of(reason), engine.queries.definition(session, definition_id)
    files = engine.queries.definition_files(session, definition_id)
    fitting = service.fitting_files(files, row.key)
    base = engine.queries.definition_xml(session, definition_id)
    _pass_gate(gate.check(session, fitting, base, drawings=True), fitting)
    command = engine.Deploy(name=said, files=files, actor=actor, source=f"{ROLLED_BACK}{row.version}", drawings=True)
    found = engine.execute(session, command).deployment
    assert found is not None, "a deployment says what it did"
    return found


def brought_by(session: Session, deployment_id: str) -> tuple[engine.DefinitionRow, ...]:
    """The versions a deployment brought (ix_process_definition_deployment_id)."""
    row = process_definition.c
    ids = session.scalars(select(row.id).where(row.deployment_id == deployment_id).order_by(row.key))
    return tuple(engine.queries.definition(session, one) for one in ids)


def comment_and_source(session: Session, deployment_id: str) -> tuple[str, str]:
    """What was said when it was deployed, and where it came from."""
    row = deployment_table.c
    found = session.execute(select(row.name, row.source).where(row.id == deployment_id)).first()
    return (found.name, found.source or "") if found else ("", "")


def callers_left_behind(session: Session, row: engine.DefinitionRow) -> tuple[engine.DefinitionRow, ...]:
    """Newest versions of other processes that still call an earlier version of this one."""
    call = process_definition_call.c
    ids = session.scalars(
        select(call.definition_id).where(call.called_key == row.key, call.called_definition_id != row.id)
    )
    callers = (engine.queries.definition(session, one) for one in ids)
    newest = {one.key: one.id for one in engine.queries.definitions(session, latest_only=True)}
    return tuple(one for one in callers if newest[one.key] == one.id and one.key != row.key)
