"""What people write at a task for each other."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, String, Table, Text

from engine.store.tables import metadata
from engine.store.types import BigKey, UtcDateTime

task_comment = Table(
    "task_comment",
    metadata,
    Column("id", BigKey, primary_key=True),
    Column("instance_id", ForeignKey("process_instance.id"), nullable=False, index=True),
    Column("task_id", String(36), nullable=False, index=True),
    Column("author", String(100), nullable=False),
    Column("message", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
)

task_attachment = Table(
    "task_attachment",
    metadata,
    Column("id", BigKey, primary_key=True),
    Column("instance_id", ForeignKey("process_instance.id"), nullable=False, index=True),
    Column("task_id", String(36), nullable=False, index=True),
    Column("author", String(100), nullable=False),
    Column("name", String(255), nullable=False),
    Column("description", Text),
    Column("kind", String(100)),
    Column("url", Text),
    Column("content_id", BigKey),  # where the caller keeps the file
    Column("created_at", UtcDateTime, nullable=False),
)
