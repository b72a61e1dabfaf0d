"""Batches: one order for many instances or jobs, done item by item by the workers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from engine.store.types import BigKey, JsonValue, UtcDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

OF_A_BATCH = sa.text("batch_id IS NOT NULL")


def upgrade() -> None:
    op.create_table(
        "batch",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("template", JsonValue, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("created_by", sa.String(length=100), nullable=False),
        sa.Column("ended_at", UtcDateTime, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batch")),
    )
    op.create_index("ix_batch_state_created_at", "batch", ["state", "created_at"], unique=False)
    op.add_column("job", sa.Column("batch_id", BigKey, nullable=True))
    op.create_index(
        "ix_job_batch_id_state",
        "job",
        ["batch_id", "state"],
        unique=False,
        sqlite_where=OF_A_BATCH,
        postgresql_where=OF_A_BATCH,
    )


def downgrade() -> None:
    op.drop_index("ix_job_batch_id_state", table_name="job", sqlite_where=OF_A_BATCH, postgresql_where=OF_A_BATCH)
    op.drop_column("job", "batch_id")
    op.drop_index("ix_batch_state_created_at", table_name="batch")
    op.drop_table("batch")
