"""History, audit log and seals can only be added to."""

from __future__ import annotations

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

TABLES = ("history_event", "audit_log", "audit_seal", "audit_seal_head")
REFUSED = "nothing of the past is changed"


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for table in TABLES:
            for operation in ("update", "delete"):
                op.execute(
                    f"CREATE TRIGGER {table}_no_{operation} BEFORE {operation} ON {table} FOR EACH ROW "
                    f"BEGIN SELECT RAISE(ABORT, '{REFUSED}: {table}'); END"
                )
        return
    op.execute(
        "CREATE OR REPLACE FUNCTION append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"RAISE EXCEPTION '{REFUSED}: %', TG_TABLE_NAME USING ERRCODE = 'check_violation'; END $$"
    )
    for table in TABLES:
        for operation, each in (("update", "ROW"), ("delete", "ROW"), ("truncate", "STATEMENT")):
            op.execute(
                f"CREATE TRIGGER {table}_no_{operation} BEFORE {operation} ON {table} FOR EACH {each} "
                "EXECUTE FUNCTION append_only()"
            )


def downgrade() -> None:
    sqlite = op.get_bind().dialect.name == "sqlite"
    for table in TABLES:
        for operation in ("update", "delete") if sqlite else ("update", "delete", "truncate"):
            op.execute(f"DROP TRIGGER {table}_no_{operation}" + ("" if sqlite else f" ON {table}"))
    if not sqlite:
        op.execute("DROP FUNCTION append_only()")
