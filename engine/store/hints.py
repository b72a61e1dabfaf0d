"""What databases are told about conditions. SQLite keeps no statistics here, and without any it takes every
``state = …`` for rare: it would read all open tasks of the company to find those of fifty instances, rather than look
up the fifty."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Boolean, ColumnElement, Select, literal_column
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from engine.model import OPEN_TASKS
from engine.store.tables import user_task


class Common(FunctionElement[bool]):
    """The condition it is made of. SQLite looks for rows by any other condition first, and reads a partial index whose
    condition it is in the same words (https://www.sqlite.org/lang_corefunc.html#likelihood)."""

    type = Boolean()
    inherit_cache = True
    name = "common"

    def self_group(self, against: Any = None) -> Any:
        """It stands for itself: compared with 1 it would say nothing."""
        return self


@compiles(Common)
def _plain(element: Common, compiler: SQLCompiler, **options: Any) -> str:
    return f"({compiler.process(element.clauses.clauses[0], **options)})"


@compiles(Common, "sqlite")
def _likely(element: Common, compiler: SQLCompiler, **options: Any) -> str:
    return f"likelihood({compiler.process(element.clauses.clauses[0], **options)}, 0.9)"


def common(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """``condition``, of which SQLite shall believe that most rows fulfil it."""
    return Common(condition)


def asked_each(rows: Select[Any]) -> ColumnElement[bool]:
    """Whether there are such rows, asked of each row of the query around it. With an OFFSET PostgreSQL does not turn it
    round: it would make a list of all rows there are, not knowing that a page is soon full."""
    return rows.offset(0).exists()


def words(column: ColumnElement[Any], *values: str) -> ColumnElement[bool]:
    """The column is one of the values, as text of the statement: a partial index is used only where its condition is
    repeated."""
    return column.in_([literal_column(f"'{value}'") for value in values])


IS_OPEN = common(words(user_task.c.state, *OPEN_TASKS))
"""Condition on ``user_task``: somebody may still work on it (ix_user_task_open_step, ix_user_task_due_at_open)."""
