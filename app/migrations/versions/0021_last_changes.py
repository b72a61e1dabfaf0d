"""Instances are listed by their last change without sorting all of them, leads are counted from an index alone."""

from __future__ import annotations

from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

INDEXES = {
    "ix_process_instance_updated_at": ("process_instance", ["updated_at", "id", "state", "definition_key"]),
    "ix_lead_won_at": ("lead", ["won_at"]),
    "ix_lead_figures": (
        "lead",
        [
            *("qualified_at", "state", "owner", "department_key", "captured_by", "number"),
            *("source", "heard_from", "product_code"),
        ],
    ),
    "ix_lead_horizon_number_reason": ("lead_horizon", ["number", "reason", "horizon"]),
}


def upgrade() -> None:
    """The indexes are there."""
    for name, (table, columns) in INDEXES.items():
        op.create_index(name, table, columns)


def downgrade() -> None:
    """As before."""
    for name, (table, _columns) in INDEXES.items():
        op.drop_index(name, table)
