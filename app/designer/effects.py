"""What a new version means for instances that run: they stay on their version until somebody migrates them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, func, select, union
from sqlalchemy.orm import Session

import engine
from app.designer import overview
from engine import drawing
from engine.tables import job, process_instance, subscription, user_task

LISTENING = ("boundaryEvent", "startEvent")
"""What is there only to interrupt: it never keeps an instance from migrating."""
WAITING_JOBS = (engine.JobKind.TIMER.value, engine.JobKind.SERVICE_TASK.value)


@dataclass(frozen=True, slots=True)
class Effect:
    """The instances of one version, by what migrating them would take. Counted by where they stand; the rehearsal of
    a migration looks at each of them."""

    version: engine.DefinitionRow
    running: int
    by_themselves: int
    with_mapping: int
    blocked: int
    nodes: tuple[str, ...]
    """Where instances stand that the other version does not have in the same way."""


def of_files(
    session: Session, key: str, files: Mapping[str, bytes], versions: Iterable[engine.DefinitionRow]
) -> tuple[Effect, ...]:
    """The effect of deploying ``files`` on each version with running instances. Raises engine.DeploymentRefused for
    files without such a process."""
    kinds = {
        node.id: node.type
        for name in files
        if name.endswith(".bpmn")
        for process in drawing.read(name, files[name])
        if process.key == key
        for _, node in process.scope.walk()
    }
    rows = tuple(versions)
    counts = overview.running(session, [row.id for row in rows])
    return tuple(
        _effect(session, row, counts[row.id], engine.foresee_plan(session, row.id, key, files), kinds)
        for row in rows
        if counts.get(row.id)
    )


def of_version(
    session: Session, target: engine.DefinitionRow, versions: Iterable[engine.DefinitionRow]
) -> tuple[Effect, ...]:
    """The effect of migrating to a version that is deployed."""
    kinds = {node_id: str(node["type"]) for node_id, node in target.nodes.items()}
    rows = tuple(row for row in versions if row.id != target.id)
    counts = overview.running(session, [row.id for row in rows])
    return tuple(
        _effect(session, row, counts[row.id], engine.generate_plan(session, row.id, target.id), kinds)
        for row in rows
        if counts.get(row.id)
    )


def _effect(
    session: Session, row: engine.DefinitionRow, running: int, mapping: Mapping[str, str], kinds: Mapping[str, str]
) -> Effect:
    nodes = row.nodes
    lost = [one for one in nodes if one not in mapping and str(nodes[one]["type"]) not in LISTENING]
    occupied = tuple(standing(session, row.id, lost)) if lost else ()
    hopeless = [one for one in occupied if nodes[one]["type"] not in kinds.values()]
    stuck = _count_at(session, row.id, occupied) if occupied else 0
    blocked = _count_at(session, row.id, hopeless) if hopeless else 0
    return Effect(row, running, running - stuck, stuck - blocked, blocked, occupied)


def standing(session: Session, definition_id: str, nodes: Sequence[str] | None = None) -> dict[str, int]:
    """How many instances of a version stand at each node (of these)."""
    found = _standing(definition_id, nodes).subquery()
    counted = select(found.c.node_id, func.count(found.c.instance_id.distinct())).group_by(found.c.node_id)
    return {row[0]: row[1] for row in session.execute(counted.order_by(found.c.node_id))}


def standing_at(definition_id: str, node: str) -> Select[tuple[str]]:
    """The instances of a version that stand at a node."""
    return select(_standing(definition_id, (node,)).subquery().c.instance_id)


def places(session: Session, definition_id: str, instance_ids: Sequence[str]) -> dict[str, list[str]]:
    """At which nodes each of these instances stands."""
    found = _standing(definition_id, None).subquery()
    rows = select(found.c.instance_id, found.c.node_id).where(found.c.instance_id.in_(instance_ids))
    stands: dict[str, list[str]] = {}
    for instance_id, node_id in session.execute(rows.order_by(found.c.instance_id, found.c.node_id)):
        stands.setdefault(instance_id, []).append(node_id)
    return stands


def _count_at(session: Session, definition_id: str, nodes: Sequence[str]) -> int:
    found = _standing(definition_id, nodes).subquery()
    return session.scalar(select(func.count(found.c.instance_id.distinct()))) or 0


def _standing(definition_id: str, nodes: Sequence[str] | None) -> Select[tuple[str, str]]:
    """Instance and node of everything that waits (ix_process_instance_definition_id_state, then the indexes by
    instance)."""
    mine = (process_instance.c.definition_id == definition_id, process_instance.c.state.in_(overview.OPEN))

    def at(table: object, *conditions: ColumnElement[bool]) -> Select[tuple[str, str]]:
        columns = table.c  # type: ignore[attr-defined]  # one of the engine's tables
        found = select(columns.instance_id, columns.node_id).join(
            process_instance, process_instance.c.id == columns.instance_id
        )
        here = () if nodes is None else (columns.node_id.in_(nodes),)
        return found.where(*mine, *conditions, *here)

    waiting_jobs = (job.c.state.in_(engine.UNFINISHED_JOBS), job.c.kind.in_(WAITING_JOBS))
    both = union(at(user_task, user_task.c.state.in_(engine.OPEN_TASKS)), at(job, *waiting_jobs), at(subscription))
    rows = both.subquery()
    return select(rows.c.instance_id, rows.c.node_id)
