"""From database rows to the frozen rows the engine hands out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Row

from engine.model import IncidentState, InstanceState, JobKind, JobState, TaskState
from engine.rows import DefinitionRow, HistoryRow, IncidentRow, InstanceRow, JobRow, TaskRow
from engine.store.tables import history_event, incident, job, process_definition, process_instance, user_task

DEFINITION = [c for c in process_definition.c if c.name != "xml"]
INSTANCE = [c for c in process_instance.c if c.name not in ("blob", "codec", "history_head")]
TASK = list(user_task.c)
JOB = list(job.c)
INCIDENT = list(incident.c)
HISTORY = [c for c in history_event.c if c.name != "hash"]


def task_row(row: Row[Any] | Mapping[str, Any], candidates: Iterable[tuple[str, str]] = ()) -> TaskRow:
    """A user task; ``candidates`` are (kind, name) pairs."""
    values = dict(row._mapping if isinstance(row, Row) else row)
    values["state"] = TaskState(values["state"])
    names: dict[str, list[str]] = {"group": [], "user": [], "excluded": []}
    for kind, name in sorted(candidates):
        names[kind].append(name)
    return TaskRow(
        **values,
        candidate_groups=tuple(names["group"]),
        candidate_users=tuple(names["user"]),
        excluded_users=tuple(names["excluded"]),
    )


def definition_row(row: Row[Any]) -> DefinitionRow:
    """A process definition without its XML."""
    values = dict(row._mapping)
    values["start_messages"] = tuple(values["start_messages"])
    values["search_variables"] = tuple(values["search_variables"])
    return DefinitionRow(**values)


def instance_row(row: Row[Any]) -> InstanceRow:
    """A process instance without its blob."""
    values = dict(row._mapping)
    values["state"] = InstanceState(values["state"])
    return InstanceRow(**values)


def job_row(row: Row[Any] | Mapping[str, Any]) -> JobRow:
    """An entry of the ledger."""
    values = dict(row._mapping if isinstance(row, Row) else row)
    values["kind"] = JobKind(values["kind"])
    values["state"] = JobState(values["state"])
    return JobRow(**values)


def incident_row(row: Row[Any]) -> IncidentRow:
    """An incident."""
    values = dict(row._mapping)
    values["state"] = IncidentState(values["state"])
    return IncidentRow(**values)


def history_row(row: Row[Any]) -> HistoryRow:
    """A line of history."""
    return HistoryRow(**row._mapping)
