"""What instances are found by: declared variables, where they stand now, when they began."""

from __future__ import annotations

from sqlalchemy import Column, ColumnElement, Double, ForeignKey, Index, String, Table, text

from engine.store.tables import OPEN_TASK, UNFINISHED, job, metadata, process_instance, subscription, user_task

IS_NUMBER = "number IS NOT NULL"

# Declared by the process. The text of every value and the number of what is one: see engine.searching.
instance_variable = Table(
    "instance_variable",
    metadata,
    Column("instance_id", ForeignKey("process_instance.id"), primary_key=True),
    Column("name", String(100), primary_key=True),
    Column("text", String(200), nullable=False),
    Column("number", Double),
    Index("ix_instance_variable_name_text_instance_id", "name", "text", "instance_id"),
    Index(
        "ix_instance_variable_name_number_instance_id",
        "name",
        "number",
        "instance_id",
        sqlite_where=text(IS_NUMBER),
        postgresql_where=text(IS_NUMBER),
    ),
)


def _partial(name: str, rows: str, *columns: ColumnElement[object]) -> Index:
    return Index(name, *columns, sqlite_where=text(rows), postgresql_where=text(rows))


_instance = process_instance.c
# Long enough for a list to be narrowed without reading the rows; saving an instance changes none of it.
Index(
    "ix_process_instance_started_at",
    _instance.started_at,
    _instance.id,
    _instance.state,
    _instance.definition_key,
    _instance.definition_id,
)
_task = user_task.c
_partial("ix_user_task_due_at_open", OPEN_TASK, _task.due_at, _task.instance_id)
_partial("ix_job_node_id_unfinished", UNFINISHED, job.c.node_id, job.c.instance_id)
Index("ix_subscription_node_id_instance_id", subscription.c.node_id, subscription.c.instance_id)
