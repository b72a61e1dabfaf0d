"""What processes, steps and elements of diagrams are called in the reader's language, as they were deployed."""

from __future__ import annotations

import json

from sqlalchemy.orm import Session

import engine
from app.web.i18n import language

KNOWN_PROCESSES = 256
_process_names: dict[str, tuple[str, str]] = {}


def step_name(session: Session, definition_id: str, node_id: str) -> str:
    """The name of a step in the reader's language."""
    return engine.queries.node_name(session, definition_id, node_id, language())


def process_name(session: Session, definition_id: str) -> str:
    """The name of a process in the reader's language: the deployed translation knows it under the process id.
    Definitions never change, so the names are read once."""
    found = _process_names.get(definition_id)
    if found is None:
        while len(_process_names) >= KNOWN_PROCESSES:
            _process_names.pop(next(iter(_process_names)), None)
        found = _process_names[definition_id] = _read_process_names(session, definition_id)
    return found[1] if language() == "en" else found[0]


def element_names(session: Session, definition_id: str) -> dict[str, str]:
    """Names of nodes, flows and lanes by element id, for a diagram whose file speaks Chinese; empty in Chinese."""
    return _english(session, definition_id) if language() == "en" else {}


def _read_process_names(session: Session, definition_id: str) -> tuple[str, str]:
    definition = engine.queries.definition(session, definition_id)
    return definition.name, _english(session, definition_id).get(definition.key) or definition.name


def _english(session: Session, definition_id: str) -> dict[str, str]:
    try:
        words = json.loads(engine.queries.part(session, definition_id, "translation", "en"))
    except engine.DefinitionNotFound:
        return {}
    return {str(element): str(name) for element, name in words.get("elements", {}).items()}
