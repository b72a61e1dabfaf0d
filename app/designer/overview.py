"""What is deployed, with who runs on it: numbers only, a designer sees no customer here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

import engine
from engine.tables import deployment, process_definition, process_instance

OPEN = ("active", "suspended")
ROLLED_BACK = "roll back to "
"""Beginning of the source of a roll back; the version follows."""


@dataclass(frozen=True, slots=True)
class Process:
    """A deployed process: its newest version, how many versions there are, and what runs on them."""

    newest: engine.DefinitionRow
    versions: int
    running: int
    on_older: int


@dataclass(frozen=True, slots=True)
class Version:
    """One version, with the deployment that brought it."""

    definition: engine.DefinitionRow
    comment: str
    source: str
    running: int
    ended: int

    @property
    def rolled_back_to(self) -> str:
        """Which version was deployed again, if that is what it was."""
        return self.source.removeprefix(ROLLED_BACK) if self.source.startswith(ROLLED_BACK) else ""


def processes(session: Session) -> tuple[Process, ...]:
    """Every deployed process by key."""
    versions: dict[str, list[engine.DefinitionRow]] = {}
    for row in engine.queries.definitions(session):
        versions.setdefault(row.key, []).append(row)
    counted = running(session, [row.id for rows in versions.values() for row in rows])
    found = []
    for rows in versions.values():
        total = sum(counted.get(row.id, 0) for row in rows)
        found.append(Process(rows[0], len(rows), total, total - counted.get(rows[0].id, 0)))
    return tuple(found)


def running(session: Session, definition_ids: Sequence[str]) -> Mapping[str, int]:
    """How many instances run on each version (ix_process_instance_definition_id_state)."""
    return _count(session, definition_ids, OPEN)


def _count(session: Session, definition_ids: Sequence[str], states: Sequence[str]) -> dict[str, int]:
    row = process_instance.c
    counted = select(row.definition_id, func.count()).where(
        row.definition_id.in_(definition_ids), row.state.in_(states)
    )
    return {found[0]: found[1] for found in session.execute(counted.group_by(row.definition_id))}


def versions(session: Session, key: str) -> tuple[Version, ...]:
    """The versions of a process, the newest first; none when it was never deployed."""
    rows = engine.queries.definitions(session, key)
    ids = [row.id for row in rows]
    open_ones, ended = running(session, ids), _count(session, ids, ("completed", "cancelled"))
    joined = select(process_definition.c.id, deployment.c.name, deployment.c.source).join(
        deployment, deployment.c.id == process_definition.c.deployment_id
    )
    said = {found.id: found for found in session.execute(joined.where(process_definition.c.key == key))}
    return tuple(
        Version(row, said[row.id].name, said[row.id].source or "", open_ones.get(row.id, 0), ended.get(row.id, 0))
        for row in rows
    )
