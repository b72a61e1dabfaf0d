"""Instances are listed by their last change without sorting all of them."""

from __future__ import annotations

from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

NAME = "ix_process_instance_updated_at"


def upgrade() -> None:
    """The index is there."""
    op.create_index(NAME, "process_instance", ["updated_at", "id", "state", "definition_key"])


def downgrade() -> None:
    """As before."""
    op.drop_index(NAME, "process_instance")
