"""Questions about definitions, instances, tasks, jobs and incidents. They read tables and never restore a workflow."""

from __future__ import annotations

from engine.queries import finding
from engine.queries.batches import batch, batch_items, batches
from engine.queries.chains import Break, Verified, seals, verify_chains
from engine.queries.definitions import (
    decide,
    definition,
    definition_files,
    definition_xml,
    definitions,
    latest_definition,
    node_name,
    part,
    parts,
)
from engine.queries.external import is_external, is_fetchable, is_locked
from engine.queries.instances import history, instance, instance_by_key, instances, passed, tokens
from engine.queries.jobs import incident, incidents, is_optional, job, jobs
from engine.queries.tasks import candidate_groups, open_tasks, pauses_of, pauses_of_instance, task, tasks, tasks_of

__all__ = [
    "Break",
    "Verified",
    "batch",
    "batch_items",
    "batches",
    "candidate_groups",
    "decide",
    "definition",
    "definition_files",
    "definition_xml",
    "definitions",
    "finding",
    "history",
    "incident",
    "incidents",
    "instance",
    "instance_by_key",
    "instances",
    "is_external",
    "is_fetchable",
    "is_locked",
    "is_optional",
    "job",
    "jobs",
    "latest_definition",
    "node_name",
    "open_tasks",
    "part",
    "parts",
    "passed",
    "pauses_of",
    "pauses_of_instance",
    "task",
    "seals",
    "tasks",
    "tasks_of",
    "tokens",
    "verify_chains",
]
