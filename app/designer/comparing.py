"""A draft beside what is deployed: files of both sides, and what is newest now."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy.orm import Session

import engine
from app.designer import queries
from app.designer.models import Draft
from engine import drawing


def keys_in(files: Mapping[str, bytes]) -> tuple[str, ...]:
    """The processes drawn in the files."""
    drawn = (
        process.key for name in sorted(files) if name.endswith(".bpmn") for process in drawing.read(name, files[name])
    )
    return tuple(dict.fromkeys(drawn))


def newest(session: Session, files: Mapping[str, bytes]) -> tuple[engine.DefinitionRow, ...]:
    """The newest deployed versions of the processes drawn in the files."""
    found = (engine.queries.definitions(session, key, latest_only=True) for key in keys_in(files))
    return tuple(rows[0] for rows in found if rows)


def files_of(session: Session, definitions: tuple[engine.DefinitionRow, ...]) -> dict[str, bytes]:
    """The files of all these versions together."""
    found: dict[str, bytes] = {}
    for row in definitions:
        found |= engine.queries.definition_files(session, row.id)
    return found


def sides(
    session: Session, draft: Draft
) -> tuple[tuple[engine.DefinitionRow, ...], dict[str, bytes], dict[str, bytes]]:
    """The deployed versions a draft would replace, their files, and those of the draft."""
    new = queries.contents(session, draft.id)
    deployed = newest(session, new)
    return deployed, files_of(session, deployed), new
