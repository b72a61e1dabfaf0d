"""Deployed processes and their files. Definition rows never change, so names are cached for ever."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine import decisions
from engine.errors import DefinitionNotFound
from engine.rows import DefinitionRow
from engine.store.rows import DEFINITION, definition_row
from engine.store.tables import process_definition as pd
from engine.store.tables import process_definition_part as pdp


def definitions(session: Session, key: str | None = None, latest_only: bool = False) -> tuple[DefinitionRow, ...]:
    """All versions by key, newest first (uq_process_definition_key_version)."""
    query = select(*DEFINITION).order_by(pd.c.key, pd.c.version.desc())
    if key is not None:
        query = query.where(pd.c.key == key)
    if latest_only:
        newest = select(pd.c.key, func.max(pd.c.version).label("version")).group_by(pd.c.key).subquery()
        query = query.join(newest, (pd.c.key == newest.c.key) & (pd.c.version == newest.c.version))
    return tuple(definition_row(row) for row in session.execute(query))


def definition(session: Session, definition_id: str) -> DefinitionRow:
    """One version. Raises DefinitionNotFound."""
    row = session.execute(select(*DEFINITION).where(pd.c.id == definition_id)).first()
    if row is None:
        raise DefinitionNotFound(definition_id=definition_id)
    return definition_row(row)


def latest_definition(session: Session, key: str) -> DefinitionRow:
    """The version a start uses now: the newest active one. Raises DefinitionNotFound."""
    query = select(*DEFINITION).where(pd.c.key == key, pd.c.state == "active").order_by(pd.c.version.desc()).limit(1)
    row = session.execute(query).first()
    if row is None:
        raise DefinitionNotFound(process_key=key)
    return definition_row(row)


def definition_xml(session: Session, definition_id: str) -> bytes:
    """The BPMN file as it was deployed. Raises DefinitionNotFound."""
    found = session.execute(select(pd.c.xml).where(pd.c.id == definition_id)).scalar_one_or_none()
    if found is None:
        raise DefinitionNotFound(definition_id=definition_id)
    return bytes(found)


def parts(session: Session, definition_id: str) -> dict[tuple[str, str], bytes]:
    """Everything deployed with a definition: {(kind, name): content}."""
    query = select(pdp.c.kind, pdp.c.name, pdp.c.content).where(pdp.c.definition_id == definition_id)
    return {(row.kind, row.name): bytes(row.content) for row in session.execute(query)}


def definition_files(session: Session, definition_id: str) -> dict[str, bytes]:
    """The files a definition was deployed from, by name: those another deployment of it would take. Raises
    DefinitionNotFound."""
    found = definition(session, definition_id)
    drawn = (pd.c.deployment_id == found.deployment_id) & (pd.c.resource == found.resource)
    files = {found.resource: definition_xml(session, definition_id)}
    joined = select(pdp.c.resource, pdp.c.content).join(pd, pd.c.id == pdp.c.definition_id).where(drawn)
    return files | {row.resource: bytes(row.content) for row in session.execute(joined)}


def part(session: Session, definition_id: str, kind: str, name: str) -> bytes:
    """One decision table, form or translation of a definition. Raises DefinitionNotFound."""
    query = select(pdp.c.content).where(pdp.c.definition_id == definition_id, pdp.c.kind == kind, pdp.c.name == name)
    found = session.execute(query).scalar_one_or_none()
    if found is None:
        raise DefinitionNotFound(definition_id=definition_id, kind=kind, name=name)
    return bytes(found)


def decide(
    session: Session, definition_id: str, decision: str, variables: Mapping[str, Any]
) -> tuple[Mapping[str, Any], ...]:
    """What a decision table of a definition answers, by output name; nothing is recorded. ``decision`` may be any table
    in a file of which the definition uses one. Raises DefinitionNotFound, or DecisionFailed as the process would."""
    files = select(pdp.c.content).where(pdp.c.definition_id == definition_id, pdp.c.kind == "dmn")
    for content in session.scalars(files.order_by(pdp.c.name)):
        found = _tables(bytes(content)).get(decision)
        if found is not None:
            return tuple(dict(row) for row in decisions.evaluate(found, variables).outputs)
    raise DefinitionNotFound(definition_id=definition_id, kind="dmn", name=decision)


@lru_cache(maxsize=64)
def _tables(content: bytes) -> Mapping[str, decisions.Decision]:
    """The tables of a file by id."""
    return {table.id: table for table in decisions.parse("deployed.dmn", content).decisions}


def node_name(session: Session, definition_id: str, node_id: str, language: str) -> str:
    """The name of a node in ``zh`` or ``en``; the Chinese one, else the id, when there is no translation."""
    names = _names.get(definition_id)
    if names is None:
        nodes = definition(session, definition_id).nodes
        both = {key: (node.get("name") or key, node.get("name_en")) for key, node in nodes.items()}
        names = _names.put(definition_id, {key: (zh, en or zh) for key, (zh, en) in both.items()})
    chinese, english = names.get(node_id, (node_id, node_id))
    return english if language == "en" else chinese


class _Names:
    """Names by definition id, at most 256 definitions (the oldest is forgotten)."""

    def __init__(self) -> None:
        self._found: dict[str, dict[str, tuple[str, str]]] = {}

    def get(self, definition_id: str) -> dict[str, tuple[str, str]] | None:
        return self._found.get(definition_id)

    def put(self, definition_id: str, names: dict[str, tuple[str, str]]) -> dict[str, tuple[str, str]]:
        while len(self._found) >= 256:
            self._found.pop(next(iter(self._found)), None)
        self._found[definition_id] = names
        return names


_names = _Names()
