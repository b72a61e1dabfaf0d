"""What leaves the house: deliveries, channels of teams, their pace, and what each person wants to hear."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from engine.store.types import BigKey, JsonValue, UtcDateTime

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

PERMISSION = "notification.manage"


def upgrade() -> None:
    _preferences()
    _channels()
    _deliveries()
    op.add_column("outbox_message", sa.Column("language", sa.String(length=5), nullable=True))
    op.add_column("outbox_message", sa.Column("file_ids", JsonValue, server_default="[]", nullable=False))
    op.add_column("outbox_message", sa.Column("advertising", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.execute(
        f"INSERT INTO role_permission (role_name, permission) SELECT name, '{PERMISSION}' FROM role"
        " WHERE name IN ('administrator', 'operator')"
    )


def downgrade() -> None:
    op.execute(f"DELETE FROM role_permission WHERE permission = '{PERMISSION}'")
    op.drop_column("outbox_message", "advertising")
    op.drop_column("outbox_message", "file_ids")
    op.drop_column("outbox_message", "language")
    for table in ("delivery", "team_channel", "notice_setting", "notice_preference", "mail_refusal", "delivery_pace"):
        op.drop_table(table)


def _preferences() -> None:
    op.create_table(
        "delivery_pace",
        sa.Column("target", sa.String(length=60), nullable=False),
        sa.Column("taken", JsonValue, nullable=False),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("resting_until", UtcDateTime, nullable=True),
        sa.PrimaryKeyConstraint("target", name=op.f("pk_delivery_pace")),
    )
    op.create_table(
        "mail_refusal",
        sa.Column("address", sa.String(length=320), nullable=False),
        sa.Column("refused_at", UtcDateTime, nullable=False),
        sa.Column("refused_by", sa.String(length=100), nullable=False),
        sa.PrimaryKeyConstraint("address", name=op.f("pk_mail_refusal")),
    )
    op.create_table(
        "notice_preference",
        sa.Column("login", sa.String(length=100), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("page", sa.Boolean(), nullable=False),
        sa.Column("email", sa.String(length=12), nullable=False),
        sa.PrimaryKeyConstraint("login", "kind", name=op.f("pk_notice_preference")),
    )
    op.create_table(
        "notice_setting",
        sa.Column("login", sa.String(length=100), nullable=False),
        sa.Column("email", sa.String(length=320), server_default="", nullable=False),
        sa.Column("working_hours", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.PrimaryKeyConstraint("login", name=op.f("pk_notice_setting")),
    )


def _channels() -> None:
    op.create_table(
        "team_channel",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("url", sa.String(length=1000), nullable=False),
        sa.Column("secret", sa.String(length=200), nullable=False),
        sa.Column("department_key", sa.String(length=60), nullable=True),
        sa.Column("kinds", JsonValue, nullable=False),
        sa.Column("language", sa.String(length=5), nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("created_by", sa.String(length=100), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_team_channel")),
    )


def _deliveries() -> None:
    op.create_table(
        "delivery",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("medium", sa.String(length=12), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("login", sa.String(length=100), nullable=True),
        sa.Column("address", sa.String(length=320), nullable=False),
        sa.Column("channel_id", BigKey, nullable=True),
        sa.Column("outbox_id", BigKey, nullable=True),
        sa.Column("template", sa.String(length=60), nullable=False),
        sa.Column("facts", JsonValue, nullable=False),
        sa.Column("link", sa.String(length=500), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("reason", sa.String(length=40), server_default="", nullable=False),
        sa.Column("detail", sa.Text(), server_default="", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("due_at", UtcDateTime, nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("delivered_at", UtcDateTime, nullable=True),
        sa.Column("merged_into", BigKey, nullable=True),
        sa.Column("dedupe_key", sa.String(length=250), nullable=False),
        sa.ForeignKeyConstraint(["channel_id"], ["team_channel.id"], name=op.f("fk_delivery_channel_id_team_channel")),
        sa.ForeignKeyConstraint(
            ["outbox_id"], ["outbox_message.id"], name=op.f("fk_delivery_outbox_id_outbox_message")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery")),
    )
    op.create_index("ix_delivery_channel_id_state_id", "delivery", ["channel_id", "state", "id"], unique=False)
    op.create_index("ix_delivery_login_state_due_at", "delivery", ["login", "state", "due_at"], unique=False)
    op.create_index("ix_delivery_merged_into", "delivery", ["merged_into"], unique=False)
    op.create_index("ix_delivery_state_id", "delivery", ["state", "id"], unique=False)
    op.create_index("uq_delivery_dedupe_key", "delivery", ["dedupe_key"], unique=True)
