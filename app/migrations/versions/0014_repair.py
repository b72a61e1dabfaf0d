"""Incidents know their cause and version, batches the request that started them, timers have an index of their own."""

from __future__ import annotations

import re
from hashlib import blake2b
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

OPEN = sa.text("state = 'open'")
TIMERS = sa.text("kind = 'timer' AND ended_at IS NULL")
INCIDENT = sa.table(
    "incident",
    *(sa.column(name) for name in ("id", "instance_id", "kind", "node_id", "message", "definition_id", "cause")),
)
INSTANCE = sa.table("process_instance", sa.column("id"), sa.column("definition_id"), sa.column("definition_key"))


def upgrade() -> None:
    op.add_column("incident", sa.Column("definition_id", sa.String(length=100), nullable=True))
    op.add_column("incident", sa.Column("cause", sa.String(length=32), nullable=True))
    op.add_column("batch", sa.Column("request_key", sa.String(length=64), nullable=True))
    _fill()
    columns = ["cause", "definition_id", "created_at", "id", "state"]
    op.create_index("ix_incident_open_cause", "incident", columns, sqlite_where=OPEN, postgresql_where=OPEN)
    op.create_index("ix_incident_job_id", "incident", ["job_id"])
    op.create_index("ix_job_timer_due_at", "job", ["due_at", "id"], sqlite_where=TIMERS, postgresql_where=TIMERS)
    op.create_index("uq_batch_request_key", "batch", ["request_key"], unique=True)


def _fill() -> None:
    """What happened before has a cause too, computed as the engine did when this was written."""
    connection = op.get_bind()
    found = sa.select(
        INCIDENT.c.id,
        INCIDENT.c.kind,
        INCIDENT.c.node_id,
        INCIDENT.c.message,
        INSTANCE.c.definition_id,
        INSTANCE.c.definition_key,
    ).outerjoin_from(INCIDENT, INSTANCE, INSTANCE.c.id == INCIDENT.c.instance_id)
    change = (
        sa.update(INCIDENT)
        .where(INCIDENT.c.id == sa.bindparam("b_id"))
        .values(definition_id=sa.bindparam("b_definition"), cause=sa.bindparam("b_cause"))
    )
    last = 0
    while rows := connection.execute(found.where(INCIDENT.c.id > last).order_by(INCIDENT.c.id).limit(1000)).all():
        last = rows[-1].id
        values = [{"b_id": row.id, "b_definition": row.definition_id, "b_cause": _cause(row)} for row in rows]
        connection.execute(change, values)


def _cause(row: Any) -> str:
    first = re.sub(r"[^\s'\"<>@]+@[\w.-]+", "…", row.message.strip().partition("\n")[0][:1200])
    text = re.sub(r"[\w-]*\d[\w-]*", "…", first, flags=re.ASCII)
    text = re.sub(r"(['\"])[^'\"\s]*[^\x00-\x7f'\"\s…][^'\"\s]*\1", r"\1…\1", text)
    text = re.sub(r"…(?:[.,:/+]…)+", "…", text)[:300]
    parts = "\0".join((row.kind, row.definition_key or "", row.node_id or "", text))
    return "c" + blake2b(parts.encode(), digest_size=15).hexdigest()


def downgrade() -> None:
    op.drop_index("uq_batch_request_key", table_name="batch")
    op.drop_index("ix_job_timer_due_at", table_name="job")
    op.drop_index("ix_incident_job_id", table_name="incident")
    op.drop_index("ix_incident_open_cause", table_name="incident")
    op.drop_column("batch", "request_key")
    op.drop_column("incident", "cause")
    op.drop_column("incident", "definition_id")
