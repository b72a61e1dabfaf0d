"""The engine's tables and conditions on them, for read-only selects of others (an inbox, a report)."""

from __future__ import annotations

from engine.store.hints import IS_OPEN, asked_each, common, words
from engine.store.search_tables import instance_variable
from engine.store.tables import (
    audit_chain,
    audit_log,
    audit_seal,
    audit_seal_head,
    batch,
    deployment,
    history_event,
    incident,
    job,
    metadata,
    process_definition,
    process_definition_call,
    process_definition_part,
    process_instance,
    subscription,
    task_pause,
    user_task,
    user_task_candidate,
)
from engine.store.together_tables import task_attachment, task_comment

__all__ = [
    "IS_OPEN",
    "asked_each",
    "audit_chain",
    "audit_log",
    "audit_seal",
    "audit_seal_head",
    "batch",
    "common",
    "deployment",
    "history_event",
    "incident",
    "instance_variable",
    "job",
    "metadata",
    "process_definition",
    "process_definition_call",
    "process_definition_part",
    "process_instance",
    "subscription",
    "task_attachment",
    "task_comment",
    "task_pause",
    "user_task",
    "user_task_candidate",
    "words",
]
