"""Comments and attachments of tasks, delegation, notes on incidents, the source of deployments, filters of programs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from engine.store.types import BigKey, JsonValue, UtcDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def _of_tasks(name: str, *columns: sa.Column[object]) -> None:
    op.create_table(
        name,
        sa.Column("id", BigKey, nullable=False),
        sa.Column("instance_id", sa.String(length=36), nullable=False),
        sa.Column("task_id", sa.String(length=36), nullable=False),
        sa.Column("author", sa.String(length=100), nullable=False),
        *columns,
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.ForeignKeyConstraint(
            ["instance_id"], ["process_instance.id"], name=op.f(f"fk_{name}_instance_id_process_instance")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
    )
    op.create_index(op.f(f"ix_{name}_instance_id"), name, ["instance_id"])
    op.create_index(op.f(f"ix_{name}_task_id"), name, ["task_id"])


def upgrade() -> None:
    op.add_column("deployment", sa.Column("source", sa.String(length=200), nullable=True))
    op.add_column("incident", sa.Column("annotation", sa.Text(), nullable=True))
    op.add_column("user_task", sa.Column("owner", sa.String(length=100), nullable=True))
    op.add_column("user_task", sa.Column("delegation", sa.String(length=8), nullable=True))
    op.add_column("user_task", sa.Column("description", sa.Text(), nullable=True))
    _of_tasks("task_comment", sa.Column("message", sa.Text(), nullable=False))
    _of_tasks(
        "task_attachment",
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("kind", sa.String(length=100), nullable=True),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("content_id", BigKey, nullable=True),
    )
    op.create_table(
        "task_filter",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("owner", sa.String(length=100), nullable=False),
        sa.Column("query", JsonValue, nullable=False),
        sa.Column("properties", JsonValue, nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_task_filter")),
    )
    op.create_index(op.f("ix_task_filter_owner"), "task_filter", ["owner"])


def downgrade() -> None:
    op.drop_table("task_filter")
    op.drop_table("task_attachment")
    op.drop_table("task_comment")
    for column in ("description", "delegation", "owner"):
        op.drop_column("user_task", column)
    op.drop_column("incident", "annotation")
    op.drop_column("deployment", "source")
