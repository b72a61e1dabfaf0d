"""What a test run begins with: the company's reference data, invented customers, and the files to try."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from sqlalchemy import Table, func, insert, select, text
from sqlalchemy.orm import Session

import engine
from app.registries import Registries
from engine.tables import deployment, process_definition, process_definition_call, process_definition_part

NOBODYS = "-"
"""In place of what may not be copied: a hash no password has."""
CHUNK = 500


def fill(world: Session, company: Session, found: Registries, files: Mapping[str, bytes], owner: str) -> None:
    """Copy, invent, deploy. Raises :class:`engine.DeploymentRefused` when the files have errors."""
    world.execute(text("PRAGMA defer_foreign_keys=ON"))  # people have supervisors that come later
    for reference in found.references:
        table = reference.model.__table__
        rows = [dict(row) for row in company.execute(select(table)).mappings()]
        for row in rows:
            row.update(dict.fromkeys(reference.blank, NOBODYS))
        _insert(world, table, rows)
    _copy_deployed(world, company)
    for invent in found.samples:
        invent(world)
    engine.execute(world, engine.Deploy(name="test run", files=files, actor=owner))


def _copy_deployed(world: Session, company: Session) -> None:
    """The versions in force, those with a tag of their own, and those they are bound to call: a process tried may call
    them and be called."""
    newest = [row.id for row in engine.queries.definitions(company, latest_only=True)]
    newest += _tagged(company)
    calls = _calls(company, newest)
    ids = {*newest, *(row["called_definition_id"] for row in calls)}
    definitions = _rows(company, process_definition, process_definition.c.id.in_(sorted(ids)))
    for row in definitions:
        row["state"] = "active"  # what is suspended in the company can be tried all the same
    deployments = sorted({row["deployment_id"] for row in definitions})
    _insert(world, deployment, _rows(company, deployment, deployment.c.id.in_(deployments)))
    _insert(world, process_definition, definitions)
    part = process_definition_part
    _insert(world, part, _rows(company, part, part.c.definition_id.in_(sorted(ids))))
    _insert(world, process_definition_call, calls)


def _tagged(company: Session) -> list[str]:
    """The newest version with each tag: calls look for it by that."""
    version = process_definition.c
    tagged = (
        select(version.key, func.max(version.version).label("version"))
        .where(version.version_tag.is_not(None))
        .group_by(version.key, version.version_tag)
        .subquery()
    )
    joined = select(version.id).join(tagged, (tagged.c.key == version.key) & (tagged.c.version == version.version))
    return list(company.scalars(joined))


def _calls(company: Session, callers: Collection[str]) -> list[dict[str, Any]]:
    """Who is bound to call whom, the callers of callers first found as well."""
    found: list[dict[str, Any]] = []
    seen: set[str] = set()
    while callers:
        seen |= set(callers)
        call = process_definition_call
        rows = _rows(company, call, call.c.definition_id.in_(sorted(callers)))
        found += rows
        callers = {row["called_definition_id"] for row in rows} - seen
    return found


def _rows(session: Session, table: Table, wanted: Any) -> list[dict[str, Any]]:
    return [dict(row) for row in session.execute(select(table).where(wanted)).mappings()]


def _insert(session: Session, table: Any, rows: Iterable[Mapping[str, Any]]) -> None:
    given = list(rows)
    for start in range(0, len(given), CHUNK):
        session.execute(insert(table), given[start : start + CHUNK])
