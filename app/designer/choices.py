"""What a designer may choose from while drawing: what is in the draft, and what there is in the house."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from flask_babel import gettext as _
from sqlalchemy.orm import Session

import engine
from app.accounts import queries as accounts
from app.designer import gate, tables
from app.designer.names import Kind, kind_of
from app.web.i18n import language
from engine import drawing
from engine.hardened_xml import XmlRefused, local_name, parse_xml

Choice = dict[str, str]


def of_draft(session: Session, files: Mapping[str, bytes], handlers: Iterable[str]) -> dict[str, list[Choice]]:
    """Pick lists for the editors, each value with a label in the reader's language, sorted by value."""
    drawn = [process for name in files if name.endswith(".bpmn") for process in drawing.read(name, files[name])]
    groups = {row.name: row.title(language()) for row in accounts.groups(session)}
    people = {row.login: row.name for row in accounts.users(session)}
    deployed = {row.key: row.name for row in engine.queries.definitions(session, latest_only=True)}
    found = {
        "groups": groups,
        "people": people,
        "forms": _forms(files),
        "decisions": {table.id: table.name for table in _tables(files)},
        "handlers": {topic: topic for topic in handlers},
        "processes": deployed | {process.key: process.name for process in drawn},
        "calendars": {"office": _("Office")} | groups,
        "serviceLevels": _levels(drawn, files),
        "variables": {name: name for process in drawn for name in gate.variables_set(process, files)},
        **_named(files),
    }
    return {
        kind: [{"value": value, "label": entries[value]} for value in sorted(entries)]
        for kind, entries in found.items()
    }


def _forms(files: Mapping[str, bytes]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name in files:
        if kind_of(name) is Kind.FORM:
            key = name.removesuffix(".json")
            found[key] = _title(files[name]) or key
    return found


def _title(content: bytes) -> str:
    try:
        title = json.loads(content).get("title", {}).get(language())
    except (ValueError, RecursionError, AttributeError):
        return ""
    return title if isinstance(title, str) else ""


def _tables(files: Mapping[str, bytes]) -> list[tables.Table]:
    return [table for name in files if name.endswith(".dmn") for table in tables.read(files[name])]


def _levels(drawn: Iterable[drawing.Process], files: Mapping[str, bytes]) -> dict[str, str]:
    """Working hours that a decision answers by name: ``=service_level.judge``."""
    known = {table.id: table for table in _tables(files)}
    found: dict[str, str] = {}
    for process in drawn:
        for _scope, node in process.scope.walk():
            variable, table = node.attributes.get("resultVariable"), known.get(node.attributes.get("decisionRef", ""))
            if variable and table is not None and len(table.outputs) > 1:
                found |= {f"={variable}.{name}": label or name for label, name in table.outputs if name}
    return found


def _named(files: Mapping[str, bytes]) -> dict[str, dict[str, str]]:
    """Messages, signals, errors and escalations of the diagrams, by what others call them."""
    found: dict[str, dict[str, str]] = {"messages": {}, "signals": {}, "errors": {}, "escalations": {}}
    codes: Mapping[str, Any] = {"error": "errorCode", "escalation": "escalationCode"}
    for name in files:
        if not name.endswith(".bpmn"):
            continue
        try:
            root = parse_xml(files[name])
        except XmlRefused:
            continue
        for element in root:
            kind = local_name(element)
            value = element.get(codes.get(kind, "name"))
            if f"{kind}s" in found and value:
                found[f"{kind}s"][value] = element.get("name") or value
    return found
