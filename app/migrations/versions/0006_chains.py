"""Chains of hashes over history and audit log, and seals of their heads. Rows that are there are chained now."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from alembic import op

from engine.store import chain
from engine.store.types import BigKey, JsonValue, UtcDateTime

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

BATCH = 1000


def _rows(name: str, *columns: Any) -> sa.TableClause:
    of_both = [sa.column("id", BigKey), sa.column("at", UtcDateTime), *_text("instance_id", "actor", "hash")]
    return sa.table(name, *of_both, *columns)


def _text(*names: str) -> list[Any]:
    return [sa.column(name, sa.String()) for name in names]


HISTORY = _rows("history_event", *_text("kind", "node_id", "task_id"), sa.column("changes", JsonValue))
AUDIT = _rows("audit_log", *_text("action", "subject"), sa.column("facts", JsonValue))
INSTANCE = sa.table("process_instance", sa.column("id"), sa.column("history_head"))
CHAIN = sa.table("audit_chain", sa.column("chain"), sa.column("head"))


def upgrade() -> None:
    op.add_column("process_instance", sa.Column("history_head", sa.String(length=64), nullable=True))
    op.add_column("history_event", sa.Column("hash", sa.String(length=64), nullable=True))
    op.add_column("audit_log", sa.Column("hash", sa.String(length=64), nullable=True))
    op.create_table(
        "audit_chain",
        sa.Column("chain", sa.String(length=36), nullable=False),
        sa.Column("head", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("chain", name=op.f("pk_audit_chain")),
    )
    op.create_table(
        "audit_seal",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.Column("history_to", BigKey, nullable=False),
        sa.Column("audit_to", BigKey, nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_seal")),
    )
    op.create_table(
        "audit_seal_head",
        sa.Column("seal_id", BigKey, nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("chain", sa.String(length=36), nullable=False),
        sa.Column("head", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["seal_id"], ["audit_seal.id"], name=op.f("fk_audit_seal_head_seal_id_audit_seal")),
        sa.PrimaryKeyConstraint("seal_id", "kind", "chain", name=op.f("pk_audit_seal_head")),
    )
    _chain_history()
    _chain_audit()


def _by_chain(table: sa.TableClause) -> Iterable[tuple[str | None, Iterable[Any]]]:
    """The rows of each chain in their order; what is read is kept apart from what is written meanwhile."""
    connection = op.get_bind()
    rows = connection.execute(sa.select(table).order_by(table.c.instance_id, table.c.id)).mappings().all()
    return itertools.groupby(rows, key=lambda row: row["instance_id"])


def _write(statement: Any, values: list[dict[str, Any]]) -> None:
    for start in range(0, len(values), BATCH):
        op.get_bind().execute(statement, values[start : start + BATCH])


def _chain_history() -> None:
    """One link over everything an instance has been through."""
    links, heads = [], []
    for instance, found in _by_chain(HISTORY):
        rows = list(found)
        head = chain.link(None, rows, chain.HISTORY)
        links.append({"b_id": rows[-1]["id"], "hash": head})
        heads.append({"b_id": instance, "history_head": head})
    _write(HISTORY.update().where(HISTORY.c.id == sa.bindparam("b_id")), links)
    _write(INSTANCE.update().where(INSTANCE.c.id == sa.bindparam("b_id")), heads)


def _chain_audit() -> None:
    links, heads = [], []
    for instance, rows in _by_chain(AUDIT):
        head = ""
        for row in rows:
            head = chain.link(head, [row], chain.AUDIT)
            links.append({"b_id": row["id"], "hash": head})
        heads.append({"chain": instance or chain.NO_INSTANCE, "head": head})
    _write(AUDIT.update().where(AUDIT.c.id == sa.bindparam("b_id")), links)
    _write(CHAIN.insert(), heads)


def downgrade() -> None:
    op.drop_table("audit_seal_head")
    op.drop_table("audit_seal")
    op.drop_table("audit_chain")
    op.drop_column("audit_log", "hash")
    op.drop_column("history_event", "hash")
    op.drop_column("process_instance", "history_head")
