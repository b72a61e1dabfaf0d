"""Statements of the hot path, compiled once per dialect.

SQLAlchemy Core looks up its compiled form, checks parameters, builds a result and asks listeners for every execution;
for one row that costs several times what SQLite needs. A prepared statement is written in Core and compiled by it once;
its text goes to a cursor of the same connection, so that transactions and pools stay Core's. Errors are Core's too: the
entry point runs the work again after the same ones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, cast

from sqlalchemy import Connection, Dialect, Select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.dml import UpdateBase

Convert = Callable[[Any], Any]


class Prepared:
    """A statement whose parameters are all named ``bindparam``s (or fixed values)."""

    def __init__(self, statement: UpdateBase | Select[Any]) -> None:
        self.statement = statement
        self._compiled: dict[str, _Compiled] = {}

    def run(self, connection: Connection, values: Mapping[str, Any]) -> int:
        """Execute an insert, update or delete once; the number of rows it touched."""
        compiled = self._for(connection.dialect)
        cursor = _cursor(connection)
        try:
            cursor.execute(compiled.text, compiled.bind(values))
            return int(cursor.rowcount)
        except compiled.errors as error:
            raise _as_core(connection, error, compiled.text) from error
        finally:
            cursor.close()

    def run_many(self, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        """Execute an insert, update or delete for every row."""
        if len(rows) == 1:
            self.run(connection, rows[0])
            return
        compiled = self._for(connection.dialect)
        cursor = _cursor(connection)
        try:
            cursor.executemany(compiled.text, [compiled.bind(row) for row in rows])
        except compiled.errors as error:
            raise _as_core(connection, error, compiled.text) from error
        finally:
            cursor.close()

    def first(self, connection: Connection, values: Mapping[str, Any]) -> dict[str, Any] | None:
        """The first row of a select by column name."""
        compiled = self._for(connection.dialect)
        cursor = _cursor(connection)
        try:
            cursor.execute(compiled.text, compiled.bind(values))
            return compiled.read(cursor.fetchone())
        except compiled.errors as error:
            raise _as_core(connection, error, compiled.text) from error
        finally:
            cursor.close()

    def _for(self, dialect: Dialect) -> _Compiled:
        compiled = self._compiled.get(dialect.name)
        if compiled is None or compiled.dialect is not dialect:
            compiled = self._compiled[dialect.name] = _Compiled(self.statement, dialect)
        return compiled


def _cursor(connection: Connection) -> Any:
    """Of the driver itself; the pool's is the same one, fetched by a longer way."""
    driver: Any = connection.connection.driver_connection
    return driver.cursor()


@contextmanager
def together(connection: Connection) -> Iterator[None]:
    """Send what is written within the block in one round trip, where the driver can (PostgreSQL). Counts of rows are
    not known inside; errors come at the end of the block at the latest."""
    if connection.dialect.driver != "psycopg":
        yield
        return
    driver: Any = connection.dialect.loaded_dbapi
    raw: Any = connection.connection.driver_connection
    try:
        with raw.pipeline():
            yield
    except driver.Error as error:
        raise _as_core(connection, error) from error


def _as_core(connection: Connection, error: Exception, text: str = "") -> BaseException:
    """The error as Core would have raised it, which says whether the connection is lost."""
    dialect = connection.dialect
    driver: Any = dialect.loaded_dbapi
    raw: Any = connection.connection.driver_connection
    lost = dialect.is_disconnect(cast(Any, error), raw, None)
    return DBAPIError.instance(
        text, None, error, driver.Error, hide_parameters=True, connection_invalidated=lost, dialect=dialect
    )


class _Compiled:
    """The text for one dialect, how each parameter becomes what the driver wants, and each column what we want."""

    def __init__(self, statement: UpdateBase | Select[Any], dialect: Dialect) -> None:
        compiled: Any = statement.compile(dialect=dialect)
        self.dialect = dialect
        self.text: str = compiled.string
        driver: Any = dialect.loaded_dbapi
        self.errors: type[Exception] = driver.Error
        binds = {name: bind for bind, name in compiled.bind_names.items()}
        self._positional: bool = compiled.positional
        self._names = list(compiled.positiontup) if self._positional else list(binds)
        """Parameters in the driver's order."""
        self._fixed: dict[str, Any] = {}
        self._binders: list[tuple[str, Convert]] = []
        for name, bind in binds.items():
            self._add_parameter(name, bind, compiled.params[name])
        self._columns: list[str] = []
        self._readers: list[tuple[str, Convert]] = []
        if isinstance(statement, Select):
            self._add_columns(statement)

    def _add_parameter(self, name: str, bind: Any, fixed: Any) -> None:
        binder: Convert | None = bind.type.dialect_impl(self.dialect).bind_processor(self.dialect)
        if not bind.required:
            self._fixed[name] = binder(fixed) if binder else fixed
        elif binder:
            self._binders.append((name, binder))

    def _add_columns(self, statement: Select[Any]) -> None:
        for column in statement.selected_columns:
            reader: Convert | None = column.type.dialect_impl(self.dialect).result_processor(self.dialect, None)
            self._columns.append(str(column.key))
            if reader:
                self._readers.append((str(column.key), reader))

    def bind(self, values: Mapping[str, Any]) -> Any:
        """Parameters in the driver's order or by name."""
        bound = {**values, **self._fixed}
        for name, binder in self._binders:
            bound[name] = binder(bound[name])
        return [bound[name] for name in self._names] if self._positional else bound

    def read(self, row: Sequence[Any] | None) -> dict[str, Any] | None:
        """A row of the driver by column name."""
        if row is None:
            return None
        found = dict(zip(self._columns, row, strict=True))
        for name, reader in self._readers:
            found[name] = reader(found[name])
        return found
