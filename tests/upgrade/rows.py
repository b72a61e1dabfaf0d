"""A PostgreSQL database as rows: revision, tables in an order that references allow, each as COPY writes it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Engine, MetaData, inspect

from app import migrations


def dump(opened: Engine) -> bytes:
    """A line with the revision; then per table a line with its name and columns, its rows, and ``\\.``."""
    with opened.connect() as connection:
        tables = MetaData()
        tables.reflect(connection)
        driver: Any = connection.connection.driver_connection
        parts = [_revision(connection).encode() + b"\n"]
        for table in tables.sorted_tables:
            if table.name == "alembic_version":
                continue
            columns = ",".join(f'"{column.name}"' for column in table.columns if column.computed is None)
            keys = ",".join(f'"{column.name}"' for column in table.primary_key)
            parts.append(f'"{table.name}" ({columns})\n'.encode())
            query = f'COPY (SELECT {columns} FROM "{table.name}" ORDER BY {keys or 1}) TO STDOUT'
            with driver.cursor().copy(query) as rows:
                parts.extend(bytes(row) for row in rows)
            parts.append(b"\\.\n")
        return b"".join(parts)


def _revision(connection: Connection) -> str:
    return str(connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar_one())


def load(opened: Engine, content: bytes) -> str:
    """Build the tables of that revision in an empty database and fill them; returns the revision."""
    revision, _, rest = content.partition(b"\n")
    migrations.upgrade(opened.url.render_as_string(hide_password=False), revision.decode())
    with opened.begin() as connection:
        driver: Any = connection.connection.driver_connection
        driver.execute("SET LOCAL session_replication_role = replica")  # neither triggers nor references: rows as were
        lines = iter(rest.splitlines(keepends=True))
        for head in lines:
            driver.execute(f"DELETE FROM {head.split(b' ')[0].decode()}")  # rows that the migration itself brings
            with driver.cursor().copy(f"COPY {head.decode()} FROM STDIN") as target:
                while (line := next(lines)) != b"\\.\n":
                    target.write(line)
        _count_on(connection)
    return revision.decode()


def _count_on(connection: Connection) -> None:
    """Numbers go on after the greatest."""
    looks = inspect(connection)
    for table in looks.get_table_names():
        if "id" not in {column["name"] for column in looks.get_columns(table)}:
            continue
        sequence = connection.exec_driver_sql("SELECT pg_get_serial_sequence(%s, 'id')", (f'"{table}"',)).scalar()
        if sequence is not None:
            most = f'SELECT coalesce(max(id), 0) + 1 FROM "{table}"'
            connection.exec_driver_sql(f"SELECT setval(%s, ({most}), false)", (sequence,))
