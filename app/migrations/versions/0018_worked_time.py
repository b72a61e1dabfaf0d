"""Open and completed tasks are counted per step from indexes; a task knows when it is at risk and how long it took.

How long tasks took that were completed before this release is not computed: their figures say so. Open tasks with a
service level are at risk when their reminder was to come.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from engine.store.types import UtcDateTime

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

OPEN = sa.text("state IN ('created', 'claimed')")
COMPLETED = sa.text("state = 'completed'")


def upgrade() -> None:
    op.add_column("user_task", sa.Column("risk_at", UtcDateTime, nullable=True))
    op.add_column("user_task", sa.Column("worked_minutes", sa.Integer(), nullable=True))
    op.execute(
        "UPDATE user_task SET risk_at = (SELECT MAX(job.due_at) FROM job WHERE job.instance_id = user_task.instance_id"
        " AND job.dedupe_key = 'deadline:' || user_task.id || '\\:reminder')"
        " WHERE state IN ('created', 'claimed') AND service_minutes IS NOT NULL AND due_at IS NOT NULL"
    )
    op.create_index(
        "ix_user_task_open_step",
        "user_task",
        [
            "definition_key",
            "node_id",
            "definition_id",
            "due_at",
            "risk_at",
            "assignee",
            "created_at",
            "instance_id",
            "id",
            "state",
        ],
        sqlite_where=OPEN,
        postgresql_where=OPEN,
    )
    op.create_index(
        "ix_user_task_completed_step",
        "user_task",
        [
            "definition_key",
            "node_id",
            "ended_at",
            "worked_minutes",
            "due_at",
            "definition_id",
            "ended_by",
            "instance_id",
            "created_at",
            "state",
        ],
        sqlite_where=COMPLETED,
        postgresql_where=COMPLETED,
    )
    op.create_index(
        "ix_process_instance_id_definition_key", "process_instance", ["id", "definition_key", "definition_id", "state"]
    )
    op.create_index(
        "ix_process_instance_definition_key_ended_at", "process_instance", ["definition_key", "ended_at", "state"]
    )


def downgrade() -> None:
    op.drop_index("ix_process_instance_definition_key_ended_at", table_name="process_instance")
    op.drop_index("ix_process_instance_id_definition_key", table_name="process_instance")
    op.drop_index("ix_user_task_completed_step", table_name="user_task")
    op.drop_index("ix_user_task_open_step", table_name="user_task")
    op.drop_column("user_task", "worked_minutes")
    op.drop_column("user_task", "risk_at")
