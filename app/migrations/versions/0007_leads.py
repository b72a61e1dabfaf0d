"""Leads with their owners, horizons, follow-up records and material; who has looked at a task."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from engine.store.types import BigKey, JsonValue, UtcDateTime

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _task_seen()
    _lead()
    _follow_up()
    _lead_horizon()
    _lead_owner()
    _lead_material()


def downgrade() -> None:
    op.drop_index("ix_lead_material_number_id", table_name="lead_material")
    op.drop_table("lead_material")
    op.drop_index("ix_lead_owner_owner_number", table_name="lead_owner")
    op.drop_index("ix_lead_owner_number_from_at", table_name="lead_owner")
    op.drop_table("lead_owner")
    op.drop_index("ix_lead_horizon_number_entered_at", table_name="lead_horizon")
    op.drop_index("ix_lead_horizon_horizon_entered_at", table_name="lead_horizon")
    op.drop_table("lead_horizon")
    op.drop_index("ix_follow_up_number_id", table_name="follow_up")
    op.drop_index("ix_follow_up_actor_at", table_name="follow_up")
    op.drop_table("follow_up")
    op.drop_index("ix_lead_state_horizon_number", table_name="lead")
    op.drop_index("ix_lead_phone_key", table_name="lead")
    op.drop_index("ix_lead_owner_state_number", table_name="lead")
    op.drop_index("ix_lead_department_key_state_number", table_name="lead")
    op.drop_index("ix_lead_customer_id_number", table_name="lead")
    op.drop_index("ix_lead_company_key", table_name="lead")
    op.drop_index("ix_lead_captured_at_number", table_name="lead")
    op.drop_table("lead")
    op.drop_table("task_seen")


def _task_seen() -> None:
    op.create_table(
        "task_seen",
        sa.Column("task_id", sa.String(length=36), nullable=False),
        sa.Column("login", sa.String(length=100), nullable=False),
        sa.Column("seen_at", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("task_id", "login", name=op.f("pk_task_seen")),
    )


def _lead() -> None:
    op.create_table(
        "lead",
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("instance_id", sa.String(length=36), nullable=True),
        sa.Column("source", sa.String(length=80), nullable=False),
        sa.Column("source_reference", sa.String(length=120), nullable=True),
        sa.Column("heard_from", sa.String(length=20), nullable=False),
        sa.Column("customer_id", BigKey, nullable=True),
        sa.Column("company", sa.String(length=200), nullable=False),
        sa.Column("company_key", sa.String(length=200), nullable=False),
        sa.Column("contact_name", sa.String(length=100), nullable=False),
        sa.Column("phone", sa.String(length=40), nullable=False),
        sa.Column("phone_key", sa.String(length=40), nullable=False),
        sa.Column("email", sa.String(length=200), nullable=False),
        sa.Column("region", sa.String(length=60), nullable=False),
        sa.Column("industry", sa.String(length=100), nullable=False),
        sa.Column("kind", sa.String(length=1), nullable=False),
        sa.Column("owns", JsonValue, nullable=False),
        sa.Column("wants", JsonValue, nullable=False),
        sa.Column("contacts", JsonValue, nullable=False),
        sa.Column("target_account", sa.Boolean(), nullable=False),
        sa.Column("incomplete", sa.Boolean(), nullable=False),
        sa.Column("product_code", sa.String(length=40), nullable=True),
        sa.Column("amount", sa.BigInteger(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("intake", JsonValue, nullable=False),
        sa.Column("purchase_date", sa.Date(), nullable=True),
        sa.Column("initial_purchase_date", sa.Date(), nullable=True),
        sa.Column("horizon", sa.String(length=12), nullable=True),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("owner", sa.String(length=100), nullable=True),
        sa.Column("department_key", sa.String(length=60), nullable=True),
        sa.Column("captured_at", UtcDateTime, nullable=False),
        sa.Column("captured_by", sa.String(length=100), nullable=False),
        sa.Column("qualified_at", UtcDateTime, nullable=True),
        sa.Column("qualified_by", sa.String(length=100), nullable=True),
        sa.Column("last_touch_at", UtcDateTime, nullable=True),
        sa.Column("won_at", UtcDateTime, nullable=True),
        sa.Column("lost_at", UtcDateTime, nullable=True),
        sa.Column("closed_at", UtcDateTime, nullable=True),
        sa.Column("closed_by", sa.String(length=100), nullable=True),
        sa.Column("deal_amount", sa.BigInteger(), nullable=True),
        sa.Column("deal_product_code", sa.String(length=40), nullable=True),
        sa.Column("months_advanced", sa.Integer(), nullable=True),
        sa.Column("lost_reason", sa.String(length=20), nullable=False),
        sa.Column("rival", sa.String(length=100), nullable=False),
        sa.Column("close_reason", sa.Text(), nullable=False),
        sa.Column("duplicate_of", sa.String(length=20), nullable=True),
        sa.Column("next_of", sa.String(length=20), nullable=True),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_lead_customer_id_customer")),
        sa.ForeignKeyConstraint(["next_of"], ["lead.number"], name=op.f("fk_lead_next_of_lead")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_lead")),
        sa.UniqueConstraint("source", "source_reference", name=op.f("uq_lead_source_source_reference")),
    )
    op.create_index("ix_lead_captured_at_number", "lead", ["captured_at", "number"])
    op.create_index("ix_lead_company_key", "lead", ["company_key"])
    op.create_index("ix_lead_customer_id_number", "lead", ["customer_id", "number"])
    op.create_index("ix_lead_department_key_state_number", "lead", ["department_key", "state", "number"])
    op.create_index("ix_lead_owner_state_number", "lead", ["owner", "state", "number"])
    op.create_index("ix_lead_phone_key", "lead", ["phone_key"])
    op.create_index("ix_lead_state_horizon_number", "lead", ["state", "horizon", "number"])


def _follow_up() -> None:
    op.create_table(
        "follow_up",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.Column("actor", sa.String(length=100), nullable=False),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("next_step", sa.String(length=300), nullable=False),
        sa.Column("next_at", UtcDateTime, nullable=True),
        sa.Column("purchase_date", sa.Date(), nullable=True),
        sa.Column("horizon", sa.String(length=12), nullable=True),
        sa.Column("outcome", sa.String(length=12), nullable=False),
        sa.Column("task_id", sa.String(length=36), nullable=True),
        sa.Column("node_id", sa.String(length=100), nullable=True),
        sa.ForeignKeyConstraint(["number"], ["lead.number"], name=op.f("fk_follow_up_number_lead")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_follow_up")),
        sa.UniqueConstraint("task_id", name=op.f("uq_follow_up_task_id")),
    )
    op.create_index("ix_follow_up_actor_at", "follow_up", ["actor", "at"])
    op.create_index("ix_follow_up_number_id", "follow_up", ["number", "id"])


def _lead_horizon() -> None:
    op.create_table(
        "lead_horizon",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("horizon", sa.String(length=12), nullable=False),
        sa.Column("entered_at", UtcDateTime, nullable=False),
        sa.Column("left_at", UtcDateTime, nullable=True),
        sa.Column("reason", sa.String(length=12), nullable=False),
        sa.Column("days_to_purchase", sa.Integer(), nullable=False),
        sa.Column("purchase_date", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["number"], ["lead.number"], name=op.f("fk_lead_horizon_number_lead")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lead_horizon")),
    )
    op.create_index("ix_lead_horizon_horizon_entered_at", "lead_horizon", ["horizon", "entered_at"])
    op.create_index("ix_lead_horizon_number_entered_at", "lead_horizon", ["number", "entered_at"])


def _lead_owner() -> None:
    op.create_table(
        "lead_owner",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("owner", sa.String(length=100), nullable=True),
        sa.Column("department_key", sa.String(length=60), nullable=True),
        sa.Column("from_at", UtcDateTime, nullable=False),
        sa.Column("to_at", UtcDateTime, nullable=True),
        sa.Column("actor", sa.String(length=100), nullable=False),
        sa.Column("reason", sa.String(length=20), nullable=False),
        sa.Column("remark", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["number"], ["lead.number"], name=op.f("fk_lead_owner_number_lead")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lead_owner")),
    )
    op.create_index("ix_lead_owner_number_from_at", "lead_owner", ["number", "from_at"])
    op.create_index("ix_lead_owner_owner_number", "lead_owner", ["owner", "number"])


def _lead_material() -> None:
    op.create_table(
        "lead_material",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("horizon_id", BigKey, nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("product_code", sa.String(length=40), nullable=True),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.Column("recipient", sa.String(length=320), nullable=False),
        sa.Column("outbox_id", BigKey, nullable=True),
        sa.Column("token", sa.String(length=43), nullable=False),
        sa.Column("opens", sa.Integer(), nullable=False),
        sa.Column("first_opened_at", UtcDateTime, nullable=True),
        sa.Column("last_opened_at", UtcDateTime, nullable=True),
        sa.ForeignKeyConstraint(
            ["horizon_id"], ["lead_horizon.id"], name=op.f("fk_lead_material_horizon_id_lead_horizon")
        ),
        sa.ForeignKeyConstraint(["number"], ["lead.number"], name=op.f("fk_lead_material_number_lead")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lead_material")),
        sa.UniqueConstraint("horizon_id", name=op.f("uq_lead_material_horizon_id")),
        sa.UniqueConstraint("token", name=op.f("uq_lead_material_token")),
    )
    op.create_index("ix_lead_material_number_id", "lead_material", ["number", "id"])
