"""Variables of an instance and what they were before, without those a form keeps from the reader."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from flask_babel import gettext as _
from sqlalchemy.orm import Session

import engine
from app.accounts import queries as accounts
from app.confidential import hidden_names
from app.process_names import step_name
from app.web.i18n import language

SETTING = frozenset({"instance_started", "task_completed", "node_passed", "variables_set"})
"""Lines of history that say which variables changed."""
MOST_CHANGES = 50
"""So many of the latest changes of a variable are listed."""
LONGEST = 1000
"""Longer values are cut when shown."""


@dataclass(frozen=True, slots=True)
class Change:
    """A variable got another value. ``old`` is empty for the first one, ``new`` when it was removed."""

    at: datetime
    who: str
    step: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable as it is now, or with ``gone`` as it was, and its changes, the latest first."""

    name: str
    value: str
    kind: str
    gone: bool
    changes: tuple[Change, ...]
    more: int
    """How many earlier changes are not listed."""


def hidden(instance: engine.InstanceRow, history: Iterable[engine.HistoryRow]) -> frozenset[str]:
    """Names the reader must not see, by any version the instance ran in."""
    versions = {instance.definition_id}
    for row in history:
        if row.kind == "instance_migrated":
            versions |= {str(row.changes["from"]), str(row.changes["to"])}
    return frozenset(name for version in sorted(versions) for name in hidden_names(version))


def of_instance(
    session: Session, instance: engine.InstanceRow, history: Iterable[engine.HistoryRow], secret: frozenset[str]
) -> list[Variable]:
    """Every variable the reader may see, by name, those that are gone last."""
    changes = _changes(session, instance, history, secret)
    now = {name: value for name, value in instance.variables.items() if name not in secret}
    gone = sorted(changes.keys() - now.keys())
    return [_variable(name, now[name], changes.get(name, []), gone=False) for name in sorted(now)] + [
        _variable(name, None, changes[name], gone=True) for name in gone
    ]


def _variable(name: str, value: Any, changes: list[Change], *, gone: bool) -> Variable:
    listed = tuple(reversed(changes[-MOST_CHANGES:]))
    return Variable(name, "" if gone else shown(value), kind_of(value), gone, listed, len(changes) - len(listed))


def _changes(
    session: Session, instance: engine.InstanceRow, history: Iterable[engine.HistoryRow], secret: frozenset[str]
) -> dict[str, list[Change]]:
    rows = [row for row in history if row.kind in SETTING and row.changes]
    people = accounts.display_names(session, {row.actor for row in rows}, language())
    people["system"] = str(_("by itself"))
    last: dict[str, Any] = {}
    found: dict[str, list[Change]] = {}
    for row in rows:
        step = step_name(session, instance.definition_id, row.node_id) if row.node_id else ""
        for name, value in row.changes.items():
            if name in secret or (name in last and last[name] == value):
                continue
            old = shown(last[name]) if name in last else ""
            found.setdefault(name, []).append(Change(row.at, people[row.actor], step, old, shown(value)))
            last[name] = value
    return found


def shown(value: Any) -> str:
    """A value as JSON people can read; a text as it is."""
    if value is None:
        return ""
    text = value if isinstance(value, str) else orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def kind_of(value: Any) -> str:
    """text, number, yes_no, list, object or nothing."""
    if isinstance(value, bool):
        return "yes_no"
    if isinstance(value, (int, float)):
        return "number"
    if isinstance(value, str):
        return "text"
    return "nothing" if value is None else "list" if isinstance(value, list) else "object"


def without(values: Mapping[str, Any], secret: frozenset[str]) -> dict[str, Any]:
    """Facts that may hold variables, without the secret ones, however deep they lie."""
    return {name: _clean(value, secret) for name, value in values.items() if name not in secret}


def _clean(value: Any, secret: frozenset[str]) -> Any:
    if isinstance(value, dict):
        return without(value, secret)
    return [_clean(item, secret) for item in value] if isinstance(value, list) else value
