"""Chains of hashes over what happened: a row that is changed, removed, added or moved later breaks its chain.

Each instance has a chain over its history, one link per command, and one over its audit log, one link per row; audit
rows that belong to no instance have a chain of their own. A link is the SHA-256 of the link before and the rows'
values. The last link is kept where the lock of the command that adds to the chain is held: two writers cannot fork it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import orjson

HISTORY = ("instance_id", "at", "kind", "node_id", "task_id", "actor", "changes")
AUDIT = ("at", "actor", "action", "instance_id", "subject", "facts")
NO_INSTANCE = ""
"""The chain of audit rows that belong to no instance."""


def link(before: str | None, rows: Iterable[Mapping[str, Any]], columns: tuple[str, ...]) -> str:
    """The next link (64 hex digits) after ``before`` (None: the first) over these rows, in their order."""
    content = [[_plain(row[name]) for name in columns] for row in rows]
    digest = hashlib.sha256((before or "").encode())
    digest.update(orjson.dumps(content, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS))
    return digest.hexdigest()


def _plain(value: Any) -> Any:
    """The same value however a database gives it back: PostgreSQL writes 1e20 as a whole number."""
    kind = type(value)
    if kind is str or value is None or kind is bool:
        return value
    if kind is float:
        return repr(int(value)) if value.is_integer() else value
    if kind is int:
        return repr(value)
    if kind is datetime:
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, Mapping):
        return {str(name): _plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return _plain(orjson.loads(orjson.dumps(value)))


def seal(before: str | None, at: datetime, heads: Iterable[Mapping[str, Any]]) -> str:
    """The digest of a seal: over the seal before, the moment, and the heads (kind, chain, head) in their order."""
    return link(before, [{"kind": "", "chain": "", "head": at}, *heads], ("kind", "chain", "head"))
