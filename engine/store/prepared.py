"""Statements of the hot path, compiled once per dialect.

SQLAlchemy Core looks up its compiled form, checks parameters and builds a result for every execution; for a statement
of one row that costs more than SQLite's work. A prepared statement is written in Core, compiled by it once, and handed
to the driver through the same connection, so that transactions, pools and engine events are Core's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Dialect
from sqlalchemy.sql.dml import UpdateBase

Binder = Callable[[Any], Any]


class Prepared:
    """An insert, update or delete whose parameters are all named ``bindparam``s (or fixed values)."""

    def __init__(self, statement: UpdateBase) -> None:
        self.statement = statement
        self._compiled: dict[str, _Compiled] = {}

    def run(self, connection: Connection, values: Mapping[str, Any]) -> int:
        """Execute once; the number of rows it touched."""
        compiled = self._for(connection.dialect)
        return connection.exec_driver_sql(compiled.text, compiled.bind(values)).rowcount

    def run_many(self, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        """Execute for every row."""
        compiled = self._for(connection.dialect)
        bound: Any = [compiled.bind(row) for row in rows]
        connection.exec_driver_sql(compiled.text, bound if len(bound) > 1 else bound[0])

    def _for(self, dialect: Dialect) -> _Compiled:
        compiled = self._compiled.get(dialect.name)
        if compiled is None:
            compiled = self._compiled[dialect.name] = _Compiled(self.statement, dialect)
        return compiled


class _Compiled:
    """The text for one dialect and how each parameter becomes what the driver wants."""

    def __init__(self, statement: UpdateBase, dialect: Dialect) -> None:
        compiled: Any = statement.compile(dialect=dialect)
        self.text: str = compiled.string
        fixed: dict[str, Any] = compiled.params
        binds = compiled.bind_names
        names: list[str] = list(compiled.positiontup) if compiled.positional else list(binds.values())
        types = {name: bind.type for bind, name in binds.items()}
        required = {name for bind, name in binds.items() if bind.required}
        self._positional: bool = compiled.positional
        self._plan: list[tuple[str, Binder | None, bool, Any]] = []
        for name in names:
            binder = _binder(types[name], dialect)
            value = fixed[name]
            known = name not in required
            self._plan.append((name, binder, known, binder(value) if known and binder else value))

    def bind(self, values: Mapping[str, Any]) -> Any:
        """Parameters in the driver's order or by name."""
        bound = [
            fixed if known else (binder(values[name]) if binder else values[name])
            for name, binder, known, fixed in self._plan
        ]
        if self._positional:
            return tuple(bound)
        return {name: value for (name, *_), value in zip(self._plan, bound, strict=True)}


def _binder(kind: Any, dialect: Dialect) -> Binder | None:
    binder: Binder | None = kind.dialect_impl(dialect).bind_processor(dialect)
    return binder
