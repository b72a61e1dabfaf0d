"""Lists of what a person has done and started, read from their own index."""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_user_task_ended_by_state_ended_at", "user_task", ["ended_by", "state", "ended_at"])
    op.drop_index("ix_user_task_ended_by_ended_at", table_name="user_task")
    op.create_index("ix_process_instance_started_by_started_at", "process_instance", ["started_by", "started_at"])


def downgrade() -> None:
    op.drop_index("ix_process_instance_started_by_started_at", table_name="process_instance")
    op.create_index("ix_user_task_ended_by_ended_at", "user_task", ["ended_by", "ended_at"])
    op.drop_index("ix_user_task_ended_by_state_ended_at", table_name="user_task")
