"""Which version of a process a call activity calls.

Most are pinned when the caller is deployed and stay the same ever after. What an expression names, or a tag, is looked
up when the call is reached.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Row, Select, insert, select
from sqlalchemy.orm import Session

from engine.model import CallRequest, Finding
from engine.spiff import CompiledProcess
from engine.spiff.source import CallText
from engine.store.tables import process_definition as pd
from engine.store.tables import process_definition_call as pdc


def findings(session: Session, processes: Sequence[CompiledProcess]) -> tuple[Finding, ...]:
    """Calls of processes that are neither in this deployment nor there already."""
    here = {process.key for process in processes}
    found = []
    for process in processes:
        for key, call in process.bindings.items():
            if not key or (key in here and call.binding != "version"):
                continue
            if call.binding == "deployment" or _deployed(session, call) is None:
                node = next(node_id for node_id, info in process.nodes.items() if info.called == key)
                facts = {"reference": key, "binding": f"{call.binding or 'latest'} {call.version}".strip()}
                found.append(Finding("error", "call_missing", process.resource, node, None, facts))
        found += _untagged(session, process, {(other.key, other.version_tag) for other in processes})
    return tuple(found)


def _untagged(session: Session, process: CompiledProcess, here: set[tuple[str, str | None]]) -> list[Finding]:
    """Tags no version has yet: one may have it by the time of the call."""
    missing = []
    for node_id, call in process.tagged.items():
        query = select(pd.c.id).where(pd.c.key == call.key, pd.c.version_tag == call.tag).limit(1)
        if (call.key, call.tag) not in here and session.execute(query).first() is None:
            facts = {"reference": call.key, "tag": call.tag}
            missing.append(Finding("warning", "call_tag_missing", process.resource, node_id, None, facts))
    return missing


def sought(session: Session, caller_id: str, request: CallRequest) -> Row[Any] | None:
    """Id, key and state of the version a call looks for when it is reached: the newest active one that fits, else the
    newest suspended one. ``caller_id``: the version that calls."""
    assert request.sought is not None
    query: Select[Any] = select(pd.c.id, pd.c.key, pd.c.state).where(pd.c.key == request.key)
    match request.sought.binding:
        case "version":
            query = query.where(pd.c.version == request.sought.version)
        case "versionTag":
            query = query.where(pd.c.version_tag == request.sought.tag)
        case "deployment":
            caller = select(pd.c.deployed_at).where(pd.c.id == caller_id).scalar_subquery()
            query = query.where(pd.c.deployed_at <= caller)
    return session.execute(query.order_by(pd.c.state, pd.c.version.desc()).limit(1)).first()


def _deployed(session: Session, call: CallText) -> str | None:
    """uq_process_definition_key_version"""
    query = select(pd.c.id).where(pd.c.key == call.key).order_by(pd.c.version.desc()).limit(1)
    if call.binding == "version":
        query = query.where(pd.c.version == int(call.version))
    found: str | None = session.execute(query).scalar()
    return found


def pin(session: Session, new: Sequence[CompiledProcess], current: Mapping[str, str]) -> None:
    """A caller keeps the versions it was deployed with: from the same deployment, else the newest, or the one named."""
    values = []
    for process in new:
        for key, call in process.bindings.items():
            called = current.get(key) if call.binding != "version" else None
            values.append(
                {
                    "definition_id": current[process.key],
                    "called_key": key,
                    "called_definition_id": called or _deployed(session, call),
                }
            )
    if values:
        session.execute(insert(pdc), values)


def digest(
    session: Session, process: CompiledProcess, processes: Mapping[str, CompiledProcess], own: Mapping[str, str]
) -> str:
    """Of the process and what it calls: when that is another one now, so is the caller, and it gets a version.

    ``own``: digests of the files of each process.
    """
    called, outside = _called_with(process, processes)
    if not called and not outside:
        return own[process.key]
    texts = [own[process.key], *(own[key] for key in sorted(called))]
    texts += [str(_deployed(session, call)) for call in sorted(outside, key=lambda call: call.key)]
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()


def _called_with(process: CompiledProcess, processes: Mapping[str, CompiledProcess]) -> tuple[set[str], list[CallText]]:
    """What the process calls, and what that calls, in this deployment; and what it calls outside."""
    found: set[str] = set()
    queue = [process]
    while queue:
        for key, call in queue.pop().bindings.items():
            if key in processes and key not in found and key != process.key and call.binding != "version":
                found.add(key)
                queue.append(processes[key])
    outside = [call for key, call in process.bindings.items() if key not in processes or call.binding == "version"]
    return found, outside
