"""Files of the control room ask for a permission of their own; every role that sees the control room has it."""

from __future__ import annotations

from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nobody loses anything."""
    op.execute(
        "INSERT INTO role_permission (role_name, permission) "
        "SELECT role_name, 'monitor.export' FROM role_permission WHERE permission = 'monitor.view'"
    )


def downgrade() -> None:
    """The permission is unknown again."""
    op.execute("DELETE FROM role_permission WHERE permission = 'monitor.export'")
