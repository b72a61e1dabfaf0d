"""Claim jobs by priority, and let what waits for workers outside stand in nobody's way."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

CLAIMABLE = "state IN ('scheduled', 'available', 'retryable')"
OURS = sa.text(f"{CLAIMABLE} AND kind <> 'service_task'")
SERVICE = sa.text(f"{CLAIMABLE} AND kind = 'service_task'")
ALL = sa.text(CLAIMABLE)


def upgrade() -> None:
    op.create_index(
        "ix_job_priority_due_at", "job", ["priority", "due_at", "id"], sqlite_where=OURS, postgresql_where=OURS
    )
    op.create_index(
        "ix_job_topic_due_at", "job", ["topic", "due_at", "id"], sqlite_where=SERVICE, postgresql_where=SERVICE
    )
    op.drop_index("ix_job_claimable_due_at", table_name="job")


def downgrade() -> None:
    op.create_index("ix_job_claimable_due_at", "job", ["due_at", "id"], sqlite_where=ALL, postgresql_where=ALL)
    op.drop_index("ix_job_topic_due_at", table_name="job")
    op.drop_index("ix_job_priority_due_at", table_name="job")
