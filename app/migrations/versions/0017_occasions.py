"""Why the system speaks to a customer again, and what ways of being heard of cost."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from engine.store.types import JsonValue, UtcDateTime

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("customer", sa.Column("software_spend", sa.BigInteger(), nullable=True))
    op.create_table(
        "lead_occasion",
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("facts", JsonValue, nullable=False),
        sa.ForeignKeyConstraint(["number"], ["lead.number"], name=op.f("fk_lead_occasion_number_lead")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_lead_occasion")),
    )
    op.create_table(
        "source_cost",
        sa.Column("heard_from", sa.String(length=20), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", UtcDateTime, nullable=False),
        sa.Column("changed_by", sa.String(length=100), nullable=False),
        sa.PrimaryKeyConstraint("heard_from", "month", name=op.f("pk_source_cost")),
    )
    op.create_index("ix_lead_lost_at", "lead", ["lost_at"])
    op.create_index("ix_customer_order_ordered_on", "customer_order", ["ordered_on"])


def downgrade() -> None:
    op.drop_index("ix_customer_order_ordered_on", table_name="customer_order")
    op.drop_index("ix_lead_lost_at", table_name="lead")
    op.drop_table("source_cost")
    op.drop_table("lead_occasion")
    op.drop_column("customer", "software_spend")
