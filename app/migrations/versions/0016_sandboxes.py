"""Test runs of drafts: what is kept of them between two requests."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from engine.store.types import BigKey, JsonValue, UtcDateTime

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sandbox",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("owner", sa.String(length=100), nullable=False),
        sa.Column("draft_id", BigKey, nullable=False),
        sa.Column("process_key", sa.String(length=100), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("begins_at", UtcDateTime, nullable=False),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.Column("steps", JsonValue, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("updated_at", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sandbox")),
    )
    op.create_index("uq_sandbox_owner_draft_id", "sandbox", ["owner", "draft_id"], unique=True)
    op.create_index("ix_sandbox_updated_at", "sandbox", ["updated_at"])
    op.create_table(
        "sandbox_state",
        sa.Column("sandbox_id", BigKey, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["sandbox_id"], ["sandbox.id"], name=op.f("fk_sandbox_state_sandbox_id_sandbox")),
        sa.PrimaryKeyConstraint("sandbox_id", "number", name=op.f("pk_sandbox_state")),
    )


def downgrade() -> None:
    op.drop_table("sandbox_state")
    op.drop_index("ix_sandbox_updated_at", table_name="sandbox")
    op.drop_index("uq_sandbox_owner_draft_id", table_name="sandbox")
    op.drop_table("sandbox")
