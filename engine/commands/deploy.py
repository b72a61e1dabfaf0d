"""Deployments: BPMN, decision tables, forms and translations together, immutable."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from engine import decisions
from engine.commands import lengths, pins, searching, starts
from engine.commands.audit import audit
from engine.commands.model import Deploy, Result
from engine.context import now, runtime
from engine.errors import DeploymentRefused
from engine.model import Finding
from engine.queries.definitions import definition
from engine.rows import DefinitionRow, Deployment
from engine.spiff import Compiled, CompiledProcess, compile_files
from engine.store.tables import deployment as dep
from engine.store.tables import process_definition as pd
from engine.store.tables import process_definition_part as pdp


@dataclass(frozen=True, slots=True)
class Part:
    """A file deployed with a process. ``name`` is the decision id, the form key or the language."""

    kind: str
    name: str
    resource: str
    content: bytes


def deploy(session: Session, command: Deploy) -> Result:
    """Every process whose content is new has one more version; a process that did not change keeps its version.

    Raises DeploymentRefused(findings); then nothing is deployed.
    """
    compiled, findings = _examined(session, command.files, drawings=command.drawings)
    command = replace(command, files={**compiled.forms, **command.files})
    if any(finding.severity == "error" for finding in findings):
        raise DeploymentRefused(findings)
    at = now(session)
    content = {process.key: _parts(process, command.files) for process in compiled.processes}
    by_key = {process.key: process for process in compiled.processes}
    own = {key: _digest(process, command.files, content[key]) for key, process in by_key.items()}
    digests = {key: pins.digest(session, process, by_key, own) for key, process in by_key.items()}
    current = {key: _unchanged(session, key, digests[key]) for key in by_key}
    new = [process for process in compiled.processes if current[process.key] is None]
    deployment_id = _insert_deployment(session, command, at, findings) if new else None
    if deployment_id is not None:
        for process in new:
            parts, digest = content[process.key], digests[process.key]
            current[process.key] = _insert(session, command, deployment_id, at, process, parts, digest)
        pins.pin(session, new, {key: str(found) for key, found in current.items()})
        starts.arm(session, [(process.key, str(current[process.key])) for process in new])
        audit(session, command, None, command.name, {"definitions": sorted(str(found) for found in current.values())})
    rows = tuple(definition(session, str(current[process.key])) for process in compiled.processes)
    return Result(deployment=_result(command, deployment_id, at, rows, findings))


def check_files(session: Session, files: Mapping[str, bytes], *, drawings: bool = False) -> tuple[Finding, ...]:
    """What :class:`Deploy` would find in these files; nothing is deployed. With an error among them it would refuse."""
    return _examined(session, files, drawings=drawings)[1]


def _examined(session: Session, files: Mapping[str, bytes], *, drawings: bool) -> tuple[Compiled, tuple[Finding, ...]]:
    compiled = compile_files(files, drawings=drawings)
    files = {**compiled.forms, **files}
    findings = (
        compiled.findings
        + _file_findings(files)
        + _process_findings(session, files, compiled.processes)
        + pins.findings(session, compiled.processes)
    )
    return compiled, findings


def _result(
    command: Deploy,
    deployment_id: str | None,
    at: datetime,
    rows: tuple[DefinitionRow, ...],
    findings: tuple[Finding, ...],
) -> Deployment:
    return Deployment(
        id=deployment_id,
        name=command.name,
        deployed_at=at,
        deployed_by=command.actor,
        definitions=rows,
        findings=findings,
        changed=deployment_id is not None,
    )


def _file_findings(files: Mapping[str, bytes]) -> tuple[Finding, ...]:
    """Translations and forms must be JSON objects: others read them from the definition later."""
    found = list(lengths.of_files(files))
    for name in sorted(files):
        if name.endswith(".json"):
            try:
                fine = _is_form_or_translation(name, json.loads(files[name]))
            except (ValueError, RecursionError):
                fine = False
            if not fine:
                found.append(Finding("error", "json_unreadable", name, None, None))
    return tuple(found)


def _is_form_or_translation(name: str, content: Any) -> bool:
    """What is inside a form is for others to judge; a translation says the names of elements."""
    if not isinstance(content, dict):
        return False
    names = content.get("elements", {})
    return "/" in name or (isinstance(names, dict) and all(isinstance(text, str) for text in names.values()))


def _process_findings(
    session: Session, files: Mapping[str, bytes], processes: tuple[CompiledProcess, ...]
) -> tuple[Finding, ...]:
    found = [] if processes else [Finding("error", "no_process", "", None, None)]
    served = runtime(session).handlers.service_topics
    for process in processes:
        found.extend(lengths.of_process(process))
        found.extend(searching.findings(process, files))
        for node_id, node in process.nodes.items():
            if node.topic and node.topic not in served:
                facts = {"topic": node.topic}
                found.append(Finding("warning", "topic_without_handler", process.resource, node_id, None, facts))
            if node.form_key and f"{node.form_key}.json" not in files:
                facts = {"form_key": node.form_key}
                found.append(Finding("warning", "form_missing", process.resource, node_id, None, facts))
    return tuple(found)


def _parts(process: CompiledProcess, files: Mapping[str, bytes]) -> list[Part]:
    parts = [
        Part("dmn", decision.id, name, files[name])
        for name in sorted(files)
        if name.endswith(".dmn")
        for decision in decisions.parse(name, files[name]).decisions
        if decision.id in process.decisions
    ]
    for key in sorted(process.form_keys):
        name = f"{key}.json"
        if name in files:
            parts.append(Part("form", key, name, files[name]))
    for name in sorted(files):
        if name.startswith(f"{process.key}.") and name.endswith(".json") and "/" not in name:
            language = name.removeprefix(f"{process.key}.").removesuffix(".json")
            parts.append(Part("translation", language, name, files[name]))
    return parts


def _digest(process: CompiledProcess, files: Mapping[str, bytes], parts: list[Part]) -> str:
    digest = hashlib.sha256(files[process.resource])
    for part in parts:
        digest.update(f"\n{part.kind}:{part.name}:".encode())
        digest.update(hashlib.sha256(part.content).digest())
    return digest.hexdigest()


def _unchanged(session: Session, key: str, digest: str) -> str | None:
    """The latest version's id if its content is the same."""
    query = select(pd.c.id, pd.c.sha256).where(pd.c.key == key).order_by(pd.c.version.desc()).limit(1)
    row = session.execute(query).first()
    if row is None or row.sha256 != digest:
        return None
    return str(row.id)


def _insert_deployment(session: Session, command: Deploy, at: datetime, findings: tuple[Finding, ...]) -> str:
    deployment_id = str(uuid.uuid4())
    values = {
        "id": deployment_id,
        "name": command.name[:200],
        "deployed_at": at,
        "deployed_by": command.actor,
        "findings": [_finding(finding) for finding in findings],
        "source": None if command.source is None else command.source[:200],
    }
    session.execute(insert(dep).values(values))
    return deployment_id


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "severity": finding.severity,
        "code": finding.code,
        "file": finding.file,
        "element": finding.element,
        "line": finding.line,
        "facts": dict(finding.facts),
    }


def _insert(
    session: Session,
    command: Deploy,
    deployment_id: str,
    at: datetime,
    process: CompiledProcess,
    parts: list[Part],
    digest: str,
) -> str:
    version = (session.execute(select(func.max(pd.c.version)).where(pd.c.key == process.key)).scalar() or 0) + 1
    definition_id = f"{process.key[:80]}:{version}:{uuid.uuid4().hex[:8]}"
    values = {
        "id": definition_id,
        "deployment_id": deployment_id,
        "key": process.key,
        "version": version,
        "name": process.name or process.key,
        "resource": process.resource,
        "xml": command.files[process.resource],
        "sha256": digest,
        "nodes": _nodes(process, parts),
        "start_messages": sorted(process.start_messages),
        "search_variables": list(process.search_variables),
        "version_tag": process.version_tag,
        "state": "active",
        "deployed_at": at,
        "deployed_by": command.actor,
    }
    session.execute(insert(pd).values(values))
    _insert_parts(session, definition_id, parts)
    return definition_id


def _insert_parts(session: Session, definition_id: str, parts: list[Part]) -> None:
    values = [
        {
            "definition_id": definition_id,
            "kind": part.kind,
            "name": part.name,
            "resource": part.resource,
            "content": part.content,
            "sha256": hashlib.sha256(part.content).hexdigest(),
        }
        for part in parts
    ]
    if values:
        session.execute(insert(pdp), values)


def _nodes(process: CompiledProcess, parts: list[Part]) -> dict[str, Any]:
    """What screens need to know about the nodes without reading the BPMN."""
    found = (json.loads(part.content) for part in parts if (part.kind, part.name) == ("translation", "en"))
    translation: dict[str, Any] = next(found, {})
    names = translation.get("elements", {})
    return {
        node_id: {
            "type": node.type,
            "name": node.name,
            "name_en": names.get(node_id),
            "lane": node.lane,
            "form_key": node.form_key,
            "candidate_groups": list(node.candidate_groups),
            "service_level": node.service_level,
            "documentation": node.documentation,
        }
        | ({"signal": node.begins_by[1]} if node.begins_by and node.begins_by[0] == "signal" else {})
        for node_id, node in process.nodes.items()
    }
