"""Instances are found by declared variables, by where they stand and by when they began; lists keep views.

Versions deployed before this release say nothing of search variables in their files; the shipped processes are known.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

from engine.searching import kept
from engine.store.types import BigKey, JsonValue, UtcDateTime

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

PAGE = 1000
SHIPPED = {
    "complaint": ("severity", "complaint_class", "value_class", "amount", "responsible_department"),
    "lead_followup": ("horizon", "purchase_date", "owner", "sales_group"),
    "cco_routing": ("kind", "department", "region"),
}
DEFINITION = sa.table(
    "process_definition",
    sa.column("id", sa.String()),
    sa.column("key", sa.String()),
    sa.column("xml", sa.LargeBinary()),
    sa.column("search_variables", JsonValue),
)
PART = sa.table(
    "process_definition_part",
    sa.column("definition_id", sa.String()),
    sa.column("kind", sa.String()),
    sa.column("content", sa.LargeBinary()),
)
INSTANCE = sa.table(
    "process_instance",
    sa.column("id", sa.String()),
    sa.column("definition_id", sa.String()),
    sa.column("variables", JsonValue),
)
VARIABLE = sa.table(
    "instance_variable",
    sa.column("instance_id", sa.String()),
    sa.column("name", sa.String()),
    sa.column("text", sa.String()),
    sa.column("number", sa.Double()),
)
NUMBERS = sa.text("number IS NOT NULL")
OPEN = sa.text("state IN ('created', 'claimed')")
UNFINISHED = sa.text("state IN ('scheduled', 'available', 'running', 'retryable')")


def upgrade() -> None:
    op.add_column("process_definition", sa.Column("search_variables", JsonValue, server_default="[]", nullable=False))
    op.create_table(
        "instance_variable",
        sa.Column("instance_id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("text", sa.String(length=200), nullable=False),
        sa.Column("number", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(
            ["instance_id"], ["process_instance.id"], name=op.f("fk_instance_variable_instance_id_process_instance")
        ),
        sa.PrimaryKeyConstraint("instance_id", "name", name=op.f("pk_instance_variable")),
    )
    _fill()
    op.create_index("ix_instance_variable_name_text_instance_id", "instance_variable", ["name", "text", "instance_id"])
    op.create_index(
        "ix_instance_variable_name_number_instance_id",
        "instance_variable",
        ["name", "number", "instance_id"],
        sqlite_where=NUMBERS,
        postgresql_where=NUMBERS,
    )
    _indexes()
    op.create_table(
        "saved_view",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("owner", sa.String(length=60), nullable=False),
        sa.Column("page", sa.String(length=60), nullable=False),
        sa.Column("title", sa.String(length=100), nullable=False),
        sa.Column("query", sa.String(length=2000), nullable=False),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_view")),
    )
    op.create_index(op.f("ix_saved_view_page_owner"), "saved_view", ["page", "owner"])


def _indexes() -> None:
    op.drop_index("ix_process_instance_state_updated_at", table_name="process_instance")
    op.create_index(
        "ix_process_instance_state_updated_at", "process_instance", ["state", "updated_at", "id", "definition_key"]
    )
    op.drop_index("ix_process_instance_business_key", table_name="process_instance")
    op.create_index("ix_process_instance_business_key", "process_instance", ["business_key", "definition_key", "id"])
    op.create_index(
        "ix_process_instance_started_at",
        "process_instance",
        ["started_at", "id", "state", "definition_key", "definition_id"],
    )
    op.create_index(
        "ix_user_task_due_at_open",
        "user_task",
        ["due_at", "instance_id"],
        sqlite_where=OPEN,
        postgresql_where=OPEN,
    )
    op.create_index(
        "ix_job_node_id_unfinished",
        "job",
        ["node_id", "instance_id"],
        sqlite_where=UNFINISHED,
        postgresql_where=UNFINISHED,
    )
    op.create_index(op.f("ix_subscription_node_id_instance_id"), "subscription", ["node_id", "instance_id"])


def _fill() -> None:
    """Every stored instance can be found as if it had been started by this program."""
    connection = op.get_bind()
    for definition in connection.execute(sa.select(DEFINITION)).all():
        names = _declared(bytes(definition.xml)) or SHIPPED.get(definition.key, ())
        secret = _confidential(connection, definition.id)
        names = tuple(name for name in names if name not in secret)
        if not names:
            continue
        mine = DEFINITION.c.id == definition.id
        connection.execute(sa.update(DEFINITION).where(mine).values(search_variables=list(names)))
        for instance in _instances(connection, definition.id):
            rows = list(_rows(instance, names))
            if rows:
                connection.execute(sa.insert(VARIABLE), rows)


def _declared(xml: bytes) -> tuple[str, ...]:
    tags = re.findall(r"<(?:[\w-]+:)?property\b[^>]*>", xml.decode("utf-8", "replace"))
    named = (tag for tag in tags if re.search(r'\bname="searchVariables"', tag))
    values = (re.search(r'\bvalue="([^"]*)"', tag) for tag in named)
    names = [name.strip() for value in values if value for name in value.group(1).split(",")]
    return tuple(dict.fromkeys(name for name in names if name.isidentifier() and len(name) <= 100))[:20]


def _confidential(connection: sa.Connection, definition_id: str) -> set[str]:
    mine = (PART.c.definition_id == definition_id, PART.c.kind == "form")
    forms = [json.loads(bytes(content)) for content in connection.scalars(sa.select(PART.c.content).where(*mine))]
    fields = [field for form in forms for field in form.get("fields", ()) if isinstance(field, dict)]
    return {str(field.get("name")) for field in fields if field.get("confidential")}


def _instances(connection: sa.Connection, definition_id: str) -> Iterator[Any]:
    last = ""
    while True:
        page = sa.select(INSTANCE).where(INSTANCE.c.definition_id == definition_id, INSTANCE.c.id > last)
        found = connection.execute(page.order_by(INSTANCE.c.id).limit(PAGE)).all()
        yield from found
        if len(found) < PAGE:
            return
        last = found[-1].id


def _rows(instance: Any, names: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    for name in names:
        found = kept(instance.variables.get(name))
        if found is not None:
            yield {"instance_id": instance.id, "name": name, "text": found[0], "number": found[1]}


def downgrade() -> None:
    op.drop_table("saved_view")
    op.drop_index("ix_subscription_node_id_instance_id", table_name="subscription")
    op.drop_index("ix_job_node_id_unfinished", table_name="job")
    op.drop_index("ix_user_task_due_at_open", table_name="user_task")
    op.drop_index("ix_process_instance_started_at", table_name="process_instance")
    op.drop_index("ix_process_instance_business_key", table_name="process_instance")
    op.create_index("ix_process_instance_business_key", "process_instance", ["business_key"])
    op.drop_index("ix_process_instance_state_updated_at", table_name="process_instance")
    op.create_index("ix_process_instance_state_updated_at", "process_instance", ["state", "updated_at"])
    op.drop_table("instance_variable")
    op.drop_column("process_definition", "search_variables")
