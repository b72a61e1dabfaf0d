"""What deadlines are computed from, pauses of tasks, recomputations after a calendar changed, absences, hand-overs.

Of tasks that are open now, those whose model says a due date keep it: no calendar moves them.
"""

from __future__ import annotations

import re

import sqlalchemy as sa
from alembic import op

from engine.store.types import BigKey, JsonValue, UtcDateTime

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

TASK = sa.table(
    "user_task",
    sa.column("definition_id", sa.String()),
    sa.column("node_id", sa.String()),
    sa.column("state", sa.String()),
    sa.column("created_at", UtcDateTime),
    sa.column("due_at", UtcDateTime),
    sa.column("id", sa.String()),
    sa.column("due_basis", JsonValue),
)
DEFINITION = sa.table("process_definition", sa.column("id"), sa.column("xml", sa.LargeBinary()))


def upgrade() -> None:
    op.add_column("user_task", sa.Column("on_behalf_of", sa.String(length=100), nullable=True))
    op.add_column("user_task", sa.Column("due_basis", JsonValue, nullable=True))
    _task_pause()
    _recomputations()
    _absences()
    op.create_table(
        "handed_over",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("leaver", sa.String(length=60), nullable=False),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.Column("actor", sa.String(length=60), nullable=False),
        sa.Column("successors", JsonValue, nullable=False),
        sa.Column("counts", JsonValue, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handed_over")),
    )
    op.create_index(op.f("ix_handed_over_leaver"), "handed_over", ["leaver"])
    _keep_due_dates()


def _task_pause() -> None:
    op.create_table(
        "task_pause",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("instance_id", sa.String(length=36), nullable=False),
        sa.Column("task_id", sa.String(length=36), nullable=False),
        sa.Column("from_at", UtcDateTime, nullable=False),
        sa.Column("until_at", UtcDateTime, nullable=True),
        sa.Column("ended_at", UtcDateTime, nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("paused_by", sa.String(length=100), nullable=False),
        sa.Column("ended_by", sa.String(length=100), nullable=True),
        sa.ForeignKeyConstraint(
            ["instance_id"], ["process_instance.id"], name=op.f("fk_task_pause_instance_id_process_instance")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_task_pause")),
    )
    op.create_index(op.f("ix_task_pause_instance_id"), "task_pause", ["instance_id"])
    op.create_index(op.f("ix_task_pause_task_id"), "task_pause", ["task_id"])


def _recomputations() -> None:
    op.create_table(
        "recomputation",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("calendar_key", sa.String(length=60), nullable=False),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.Column("actor", sa.String(length=100), nullable=False),
        sa.Column("groups", JsonValue, nullable=False),
        sa.Column("started_at", UtcDateTime, nullable=True),
        sa.Column("batches", JsonValue, nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recomputation")),
    )
    op.create_table(
        "moved_deadline",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("recomputation_id", BigKey, nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("instance_id", sa.String(length=36), nullable=False),
        sa.Column("business_key", sa.String(length=100), nullable=True),
        sa.Column("task_id", sa.String(length=36), nullable=True),
        sa.Column("node_id", sa.String(length=100), nullable=True),
        sa.Column("before", UtcDateTime, nullable=True),
        sa.Column("after", UtcDateTime, nullable=True),
        sa.ForeignKeyConstraint(
            ["recomputation_id"], ["recomputation.id"], name=op.f("fk_moved_deadline_recomputation_id_recomputation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_moved_deadline")),
    )
    op.create_index(op.f("ix_moved_deadline_recomputation_id"), "moved_deadline", ["recomputation_id"])


def _absences() -> None:
    op.create_table(
        "absence",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("login", sa.String(length=60), nullable=False),
        sa.Column("from_at", UtcDateTime, nullable=False),
        sa.Column("to_at", UtcDateTime, nullable=False),
        sa.Column("reason", sa.String(length=500), server_default="", nullable=False),
        sa.Column("give_back", sa.Boolean(), nullable=False),
        sa.Column("entered_by", sa.String(length=60), nullable=False),
        sa.Column("entered_at", UtcDateTime, nullable=False),
        sa.Column("cancelled_at", UtcDateTime, nullable=True),
        sa.Column("cancelled_by", sa.String(length=60), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_absence")),
    )
    op.create_index(op.f("ix_absence_login_to_at"), "absence", ["login", "to_at"])
    op.create_table(
        "absence_deputy",
        sa.Column("absence_id", BigKey, nullable=False),
        sa.Column("process_key", sa.String(length=100), nullable=False),
        sa.Column("deputy", sa.String(length=60), nullable=False),
        sa.ForeignKeyConstraint(["absence_id"], ["absence.id"], name=op.f("fk_absence_deputy_absence_id_absence")),
        sa.PrimaryKeyConstraint("absence_id", "process_key", name=op.f("pk_absence_deputy")),
    )
    op.create_index(op.f("ix_absence_deputy_deputy"), "absence_deputy", ["deputy"])


def _keep_due_dates() -> None:
    connection = op.get_bind()
    waiting = (TASK.c.state.in_(("created", "claimed")), TASK.c.due_at.is_not(None))
    used = sa.select(TASK.c.definition_id).where(*waiting).distinct()
    for definition in connection.execute(sa.select(DEFINITION).where(DEFINITION.c.id.in_(used))).all():
        for node in _with_due_date(bytes(definition.xml)):
            mine = (*waiting, TASK.c.definition_id == definition.id, TASK.c.node_id == node)
            for task in connection.execute(sa.select(TASK).where(*mine)).all():
                basis = {"start": task.created_at.isoformat(), "fixed": task.due_at.isoformat()}
                connection.execute(sa.update(TASK).where(TASK.c.id == task.id).values(due_basis=basis))


def _with_due_date(xml: bytes) -> list[str]:
    tags = re.findall(rb"<(?:[\w-]+:)?userTask\b[^>]*>", xml)
    ids = (re.search(rb'\bid="([^"]+)"', tag) for tag in tags if b"dueDate=" in tag)
    return [found.group(1).decode() for found in ids if found]


def downgrade() -> None:
    for name in ("handed_over", "absence_deputy", "absence", "moved_deadline", "recomputation", "task_pause"):
        op.drop_table(name)
    op.drop_column("user_task", "due_basis")
    op.drop_column("user_task", "on_behalf_of")
