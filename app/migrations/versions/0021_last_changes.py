"""Instances are listed by their last change without sorting all of them; leads, and what complaints took, are counted
from an index alone."""

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

CLOSED = ("state", "closed_at", "complaint_class", "working_minutes", "minutes")
MORE = ("number", "satisfaction", "visits", "first_time", "steps", "hand_offs", "people", "waits")


def upgrade() -> None:
    """The indexes are there."""
    _closed(*CLOSED, *MORE)
    for name, (table, columns) in INDEXES.items():
        op.create_index(name, table, columns)


def downgrade() -> None:
    """As before."""
    _closed(*CLOSED)
    for name, (table, _columns) in INDEXES.items():
        op.drop_index(name, table)


def _closed(*columns: str) -> None:
    op.drop_index("ix_complaint_measure_closed", "complaint_measure")
    op.create_index("ix_complaint_measure_closed", "complaint_measure", list(columns))
