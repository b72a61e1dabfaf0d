"""The floor: the very rows a run of the engine wrote, written again by bare SQLAlchemy Core.

While the engine runs one instance, every statement it gives to Core is kept per commit. The floor replays them under
new ids: the select that locks task and instance, then the same inserts and updates, the same number of commits.
Whatever the engine reads beyond that one select is its own cost and not in the floor.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

from sqlalchemy import Connection, Engine, event
from sqlalchemy.sql.dml import UpdateBase

from engine.store import statements as sql
from engine.store.prepared import Prepared

READS = (sql.LOCK_TASK_WITH_STATE.statement, sql.LOCK_INSTANCE.statement)
"""The one select that belongs to the floor: the one that locks, of a task or of an instance."""
ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


@dataclass(slots=True)
class Step:
    """The statements of one commit."""

    statements: list[tuple[Any, Any]] = field(default_factory=list)


@contextmanager
def recording(engine: Engine) -> Iterator[Callable[[], Step]]:
    """Within the block each call of the yielded function returns the statements since the last call."""
    current = Step()

    def core(_c: Connection, statement: Any, multi: Any, params: Any, _options: Any) -> None:
        if isinstance(statement, UpdateBase) or any(statement is read for read in READS):
            current.statements.append((statement, list(multi) if multi else dict(params)))

    def once(self: Prepared, connection: Connection, values: Mapping[str, Any]) -> int:
        return connection.execute(self.statement, dict(values)).rowcount

    def many(self: Prepared, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        connection.execute(self.statement, [dict(row) for row in rows])

    def first(self: Prepared, connection: Connection, values: Mapping[str, Any]) -> dict[str, Any] | None:
        row = connection.execute(self.statement, dict(values)).first()
        return None if row is None else dict(row._mapping)

    def take() -> Step:
        nonlocal current
        taken, current = current, Step()
        return taken

    event.listen(engine, "before_execute", core)
    try:
        # Prepared statements go past Core's events: while recording they run as the Core statements they were made of.
        with patch.multiple(Prepared, run=once, run_many=many, first=first):
            yield take
    finally:
        event.remove(engine, "before_execute", core)


class Replay:
    """The steps of one recorded run, to be written again for new instances."""

    def __init__(self, steps: list[Step]) -> None:
        self.steps = steps

    def fresh(self) -> list[Step]:
        """The same rows for an instance with other ids."""
        names: dict[str, str] = {}
        return [renamed(step, names) for step in self.steps]


def renamed(step: Step, names: dict[str, str]) -> Step:
    """The same rows under other ids; ``names`` keeps which id became which."""
    return Step([(what, _renamed(params, names)) for what, params in step.statements])


def _renamed(value: Any, names: dict[str, str]) -> Any:
    if isinstance(value, str):
        return _other(value, names)
    if isinstance(value, list):
        return [_renamed(item, names) for item in value]
    if isinstance(value, Mapping):
        return {key: _renamed(item, names) for key, item in value.items()}
    return value


def _other(text: str, names: dict[str, str]) -> str:
    """Ids are UUIDs or have one inside ("BENCH-<uuid>", "timer:<uuid>:wait:0"); everything else stays."""
    return ID.sub(lambda found: names.setdefault(found[0], str(uuid.uuid4())), text)


def write(connection: Connection, step: Step, blob: bytes | None = None) -> None:
    """Write one step; ``blob`` replaces the state of the instance."""
    for statement, params in step.statements:
        if blob is not None and isinstance(params, dict) and params.get("blob") is not None:
            params = {**params, "blob": blob}
        result = connection.execute(statement, params)
        if any(statement is read for read in READS):
            result.first()
