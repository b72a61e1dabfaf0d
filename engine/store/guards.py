"""What happened is only ever added to: triggers on both databases refuse to change or delete a row of the past.

They keep mistakes of programs and people away. Whoever owns the database can drop them; the chains of hashes
(:mod:`engine.store.chain`) find that out. A migration executes the same statements, written out. A migration that must
change such rows, or recreates one of these tables, drops the triggers first and creates them again.
"""

from __future__ import annotations

from sqlalchemy import DDL, event

from engine.store.tables import metadata

APPEND_ONLY = ("history_event", "audit_log", "audit_seal", "audit_seal_head")
REFUSED = "nothing of the past is changed"
"""Start of the message of every refusal; the name of the table follows."""
OPERATIONS = ("update", "delete")
FUNCTION = f"""CREATE OR REPLACE FUNCTION append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
RAISE EXCEPTION '{REFUSED}: %%', TG_TABLE_NAME USING ERRCODE = 'check_violation'; END $$"""


def statements(dialect: str, table: str) -> list[str]:
    """The SQL that guards ``table`` on ``dialect`` (``sqlite`` or ``postgresql``), in order, for :class:`DDL`."""
    if dialect == "sqlite":
        return [
            f"CREATE TRIGGER {table}_no_{operation} BEFORE {operation} ON {table} FOR EACH ROW "
            f"BEGIN SELECT RAISE(ABORT, '{REFUSED}: {table}'); END"
            for operation in OPERATIONS
        ]
    rows = [(operation, "ROW") for operation in OPERATIONS]
    return [FUNCTION] + [
        f"CREATE TRIGGER {table}_no_{operation} BEFORE {operation} ON {table} FOR EACH {each} "
        "EXECUTE FUNCTION append_only()"
        for operation, each in (*rows, ("truncate", "STATEMENT"))
    ]


def _attach() -> None:
    for table in APPEND_ONLY:
        for dialect in ("sqlite", "postgresql"):
            for statement in statements(dialect, table):
                ddl = DDL(statement).execute_if(dialect=dialect)  # type: ignore[no-untyped-call]  # SQLAlchemy's own
                event.listen(metadata.tables[table], "after_create", ddl)


_attach()
