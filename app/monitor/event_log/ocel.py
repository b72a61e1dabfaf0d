"""The log as OCEL 2.0 JSON: https://www.ocel-standard.org. Cases and people are objects, events belong to both."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from app.monitor.event_log.events import Case, Happening

PERSON = "person"
CASE_ATTRIBUTES = ("version", "state")
EVENT_ATTRIBUTES = ("activity_id", "activity_type", "started_at")


def ocel(cases: Iterable[Case], processes: Sequence[str], activities: Sequence[str]) -> Iterator[bytes]:
    """One JSON object, written as it is read: types, events, and at last the objects that were met on the way."""
    yield b'{"objectTypes":' + _json([*map(_object_type, processes), {"name": PERSON, "attributes": []}])
    yield b',"eventTypes":' + _json([_event_type(name) for name in activities]) + b',"events":['
    people: set[str] = set()
    names: dict[str, str] = {}
    objects: list[Case] = []
    comma = b""
    for case in cases:
        names[case.instance_id] = case.id
        objects.append(replace(case, events=()))
        for event in case.events:
            people.add(event.actor)
            yield comma + _json(_event(event, case.id))
            comma = b",\n"
    yield b'],"objects":['
    comma = b""
    for case in objects:
        yield comma + _json(_object(case, names))
        comma = b",\n"
    for login in sorted(people):
        yield comma + _json({"id": f"{PERSON}:{login}", "type": PERSON, "attributes": [], "relationships": []})
        comma = b",\n"
    yield b"]}\n"


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _object_type(process: str) -> dict[str, Any]:
    return {"name": process, "attributes": [{"name": name, "type": "string"} for name in CASE_ATTRIBUTES]}


def _event_type(activity: str) -> dict[str, Any]:
    return {"name": activity, "attributes": [{"name": name, "type": "string"} for name in EVENT_ATTRIBUTES]}


def _event(event: Happening, case_id: str) -> dict[str, Any]:
    values = (event.node_id, event.type, _at(event.began_at))
    return {
        "id": str(event.number),
        "type": event.name,
        "time": _at(event.at),
        "attributes": [{"name": n, "value": v} for n, v in zip(EVENT_ATTRIBUTES, values, strict=True)],
        "relationships": [
            {"objectId": case_id, "qualifier": "case"},
            {"objectId": f"{PERSON}:{event.actor}", "qualifier": "actor"},
        ],
    }


def _object(case: Case, names: dict[str, str]) -> dict[str, Any]:
    parent = names.get(case.parent_instance_id or "")
    values = (str(case.version), case.state)
    return {
        "id": case.id,
        "type": case.process,
        "attributes": [
            {"name": n, "time": _at(case.started_at), "value": v} for n, v in zip(CASE_ATTRIBUTES, values, strict=True)
        ],
        "relationships": [{"objectId": parent, "qualifier": "called by"}] if parent else [],
    }


def _at(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
