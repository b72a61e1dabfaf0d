"""Surveys and their calls."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from engine.store.types import BigKey, UtcDateTime

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "survey",
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("questions", sa.Text(), nullable=False),
        sa.Column("quota", sa.Integer(), nullable=False),
        sa.Column("instance_id", sa.String(length=36), nullable=True),
        sa.Column("opened_at", UtcDateTime, nullable=False),
        sa.Column("opened_by", sa.String(length=100), nullable=False),
        sa.Column("closed_at", UtcDateTime, nullable=True),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_survey")),
    )
    op.create_index("ix_survey_opened_at_number", "survey", ["opened_at", "number"])
    op.create_table(
        "survey_call",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("customer_id", BigKey, nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("satisfaction", sa.Integer(), nullable=True),
        sa.Column("answers", sa.Text(), nullable=False),
        sa.Column("remarks", sa.Text(), nullable=False),
        sa.Column("called_at", UtcDateTime, nullable=True),
        sa.Column("called_by", sa.String(length=100), nullable=True),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_survey_call_customer_id_customer")),
        sa.ForeignKeyConstraint(["number"], ["survey.number"], name=op.f("fk_survey_call_number_survey")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_survey_call")),
        sa.UniqueConstraint("number", "customer_id", name=op.f("uq_survey_call_number_customer_id")),
    )
    op.create_index("ix_survey_call_customer_id", "survey_call", ["customer_id"])


def downgrade() -> None:
    op.drop_table("survey_call")
    op.drop_table("survey")
