"""Drafts of every form somebody fills in, not of tasks alone."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from engine.store.types import JsonValue, UtcDateTime

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

COPY = (
    "INSERT INTO form_draft (sheet, login, form, subject, payload, sent, saved_at) "
    "SELECT task_id, login, 'task', '', payload, false, saved_at FROM task_draft"
)
COPY_BACK = (
    "INSERT INTO task_draft (task_id, login, payload, saved_at) "
    "SELECT sheet, login, payload, saved_at FROM form_draft WHERE form = 'task'"
)


def upgrade() -> None:
    op.create_table(
        "form_draft",
        sa.Column("sheet", sa.String(length=36), nullable=False),
        sa.Column("login", sa.String(length=100), nullable=False),
        sa.Column("form", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("payload", JsonValue, nullable=False),
        sa.Column("sent", sa.Boolean(), nullable=False),
        sa.Column("saved_at", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("sheet", "login", "form", name=op.f("pk_form_draft")),
    )
    op.create_index("ix_form_draft_login_form_saved_at", "form_draft", ["login", "form", "saved_at"])
    op.execute(COPY)
    op.drop_index("ix_task_draft_login_saved_at", table_name="task_draft")
    op.drop_table("task_draft")


def downgrade() -> None:
    op.create_table(
        "task_draft",
        sa.Column("task_id", sa.String(length=36), nullable=False),
        sa.Column("login", sa.String(length=100), nullable=False),
        sa.Column("payload", JsonValue, nullable=False),
        sa.Column("saved_at", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("task_id", "login", name=op.f("pk_task_draft")),
    )
    op.create_index("ix_task_draft_login_saved_at", "task_draft", ["login", "saved_at"])
    op.execute(COPY_BACK)
    op.drop_index("ix_form_draft_login_form_saved_at", table_name="form_draft")
    op.drop_table("form_draft")
