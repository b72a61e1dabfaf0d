"""The tables of Procrastinate, beside our own history: made from the SQL files of the installed package.

``procrastinate_schema`` names the files the database has had. A new database gets the package's whole schema at once,
which contains all of them; after a newer package is installed the files that are new are run, in their order.
"""

from __future__ import annotations

from importlib import resources
from importlib.resources.abc import Traversable

from sqlalchemy.engine import Connection

TABLE = "procrastinate_schema"


def upgrade(connection: Connection) -> int:
    """Bring Procrastinate's tables to the installed package; returns how many files were new."""
    connection.exec_driver_sql(
        f"CREATE TABLE IF NOT EXISTS {TABLE} (file text PRIMARY KEY, applied_at timestamptz NOT NULL)"
    )
    connection.commit()
    done, files = _done(connection), _files()
    new = [file for file in files if file.name not in done]
    if not done and new:
        _run(connection, (_sql() / "schema.sql").read_text(encoding="utf-8"), new)
        return len(new)
    for file in new:
        _run(connection, file.read_text(encoding="utf-8"), [file])
    return len(new)


def is_current(connection: Connection) -> bool:
    """Whether the installed package finds the tables it expects."""
    exists = connection.exec_driver_sql(f"SELECT to_regclass('{TABLE}') IS NOT NULL").scalar()
    missing = {file.name for file in _files()} - (_done(connection) if exists else set())
    connection.rollback()
    return not missing


def _done(connection: Connection) -> set[str]:
    done = set(connection.exec_driver_sql(f"SELECT file FROM {TABLE}").scalars())
    connection.rollback()
    return done


def _sql() -> Traversable:
    return resources.files("procrastinate") / "sql"


def _files() -> list[Traversable]:
    found = (_sql() / "migrations").iterdir()
    return sorted((file for file in found if file.name.endswith(".sql")), key=lambda file: file.name)


def _run(connection: Connection, statements: str, files: list[Traversable]) -> None:
    """All of it or nothing. The driver itself runs them: they are many, and full of percent signs and colons."""
    driver = connection.connection.driver_connection
    assert driver is not None
    driver.execute(statements)
    for file in files:
        driver.execute(f"INSERT INTO {TABLE} VALUES (%s, now())", (file.name,))
    driver.commit()
