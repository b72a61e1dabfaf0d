"""How the database reads: the plan of every query of a block, written to a file when one was asked for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import event

from app.db import Database

_kept: list[str] = []
_file: Path | None = None


def keep_in(file: Path) -> None:
    """From now on plans are kept and written there."""
    global _file
    _file = file
    file.write_text("", "utf-8")


@contextmanager
def watching(database: Database, title: str) -> Iterator[None]:
    """Every SELECT of the block with its plan, under ``title``."""
    if _file is None:
        yield
        return
    seen: list[tuple[str, Any]] = []

    def executed(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_more: Any) -> None:
        if statement.lstrip().upper().startswith(("SELECT", "WITH")):
            seen.append((statement, parameters))

    event.listen(database.engine, "before_cursor_execute", executed)
    try:
        yield
    finally:
        event.remove(database.engine, "before_cursor_execute", executed)
    with _file.open("a", encoding="utf-8") as out:
        print(f"\n=== {title}: {len(seen)} queries", file=out)
        for statement, parameters in seen:
            print(f"\n{' '.join(statement.split())}", file=out)
            for line in _plan(database, statement, parameters):
                print(f"    {line}", file=out)


def _plan(database: Database, statement: str, parameters: Any) -> list[str]:
    explain = "EXPLAIN QUERY PLAN " if database.dialect == "sqlite" else "EXPLAIN "
    with database.engine.connect() as connection:
        rows = connection.exec_driver_sql(explain + statement, parameters).all()
    return [str(row[-1]) for row in rows]
