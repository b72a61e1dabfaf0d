"""The statements of the hot path, built once: building a statement costs more than running it on SQLite."""

from __future__ import annotations

from sqlalchemy import Insert, String, Table, bindparam, case, delete, exists, insert, select, text, update

from engine.model import IncidentState, InstanceState, JobKind, JobState, TaskState
from engine.store.prepared import Prepared
from engine.store.search_tables import instance_variable
from engine.store.tables import (
    CLAIMABLE,
    OPEN_TASK,
    audit_log,
    history_event,
    incident,
    job,
    process_instance,
    subscription,
    task_pause,
    user_task,
    user_task_candidate,
)

# A failed job still stands for its timer or service task: without it the next save would add another.
STANDING = "state IN ('scheduled', 'available', 'running', 'retryable', 'failed')"

MINE = f"({CLAIMABLE} OR (state = 'running' AND worker = :b_worker))"

JOB_COLUMNS = (
    "kind",
    "instance_id",
    "task_id",
    "node_id",
    "topic",
    "correlation_key",
    "dedupe_key",
    "payload",
    "priority",
    "state",
    "due_at",
    "expires_at",
    "max_attempts",
    "created_at",
)
HISTORY_COLUMNS = ("instance_id", "at", "kind", "node_id", "task_id", "actor", "changes", "hash")


def _row_of(table: Table, *names: str) -> Insert:
    """An insert of these columns (all, if none is named) that reads nothing back."""
    columns = names or table.c.keys()
    return insert(table).values({name: bindparam(name) for name in columns}).inline()


_instance_columns = [
    process_instance.c.id.label("i_id"),
    process_instance.c.definition_id.label("i_definition_id"),
    process_instance.c.definition_key.label("i_definition_key"),
    process_instance.c.business_key.label("i_business_key"),
    process_instance.c.state.label("i_state"),
    process_instance.c.version.label("i_version"),
    process_instance.c.started_by.label("i_started_by"),
    process_instance.c.parent_instance_id.label("i_parent_instance_id"),
    process_instance.c.parent_task_id.label("i_parent_task_id"),
    process_instance.c.history_head.label("i_history_head"),
]
_state_columns = [process_instance.c.blob.label("i_blob"), process_instance.c.codec.label("i_codec")]

_instance = select(*_instance_columns, *_state_columns).where(process_instance.c.id == bindparam("id"))
READ_INSTANCE = Prepared(_instance)
LOCK_INSTANCE = Prepared(_instance.with_for_update())

# The instance is locked before its task, always in this order, so that two commands never wait for each other. On
# PostgreSQL a row that waited for a lock is read again, but only if its own table is locked too: hence both tables.
_task_and_instance = process_instance.join(user_task, user_task.c.instance_id == process_instance.c.id)
_task = (
    select(*user_task.c, *_instance_columns)
    .select_from(_task_and_instance)
    .where(user_task.c.id == bindparam("id"))
    .with_for_update(of=[process_instance, user_task])
)
LOCK_TASK = Prepared(_task)
_paused = exists().where(task_pause.c.task_id == user_task.c.id).label("t_paused")  # ix_task_pause_task_id
LOCK_TASK_WITH_STATE = Prepared(_task.add_columns(*_state_columns, _paused))

CANDIDATES = select(user_task_candidate.c.kind, user_task_candidate.c.name).where(
    user_task_candidate.c.task_id == bindparam("task")
)

INSERT_INSTANCE = insert(process_instance)
_save = (
    update(process_instance)
    .where(process_instance.c.id == bindparam("b_id"), process_instance.c.version == bindparam("b_version"))
    .values(
        version=process_instance.c.version + 1,
        blob=bindparam("blob"),
        codec=bindparam("codec"),
        updated_at=bindparam("updated_at"),
        history_head=bindparam("head"),
    )
)
SAVE_STATE = Prepared(_save.values(variables=bindparam("variables")))
_end = _save.values(state=bindparam("state"), ended_at=bindparam("ended_at"), end_reason=bindparam("end_reason"))
END_INSTANCE = Prepared(_end)
END_INSTANCE_WITH_VARIABLES = Prepared(_end.values(variables=bindparam("variables")))

GIVEN_LATER = ("owner", "delegation", "description", "worked_minutes")  # a new task has none of them
_GIVEN_AT_ONCE = [column.name for column in user_task.c if column.name not in GIVEN_LATER]
INSERT_TASK = Prepared(_row_of(user_task, *_GIVEN_AT_ONCE))
INSERT_CANDIDATE = Prepared(_row_of(user_task_candidate))
COMPLETE_TASK = Prepared(
    update(user_task)
    .where(user_task.c.id == bindparam("b_id"))
    .values(
        state=TaskState.COMPLETED.value,
        assignee=bindparam("assignee"),
        claimed_at=bindparam("claimed_at"),
        ended_at=bindparam("ended_at"),
        ended_by=bindparam("ended_by"),
        worked_minutes=bindparam("worked_minutes"),
    )
)
CANCEL_TASK = (
    update(user_task)
    .where(user_task.c.id == bindparam("b_id"), text(OPEN_TASK))
    .values(state=TaskState.CANCELLED.value, ended_at=bindparam("ended_at"), ended_by=bindparam("ended_by"))
)

# ix_job_message_topic_correlation_key
EARLY_MESSAGE = (
    select(job.c.id, job.c.payload)
    .where(
        job.c.topic == bindparam("name"),
        job.c.correlation_key == bindparam("key"),
        text("kind = 'message' AND state IN ('scheduled', 'available')"),
        job.c.expires_at > bindparam("at"),
    )
    .order_by(job.c.id)
    .limit(1)
    .with_for_update(skip_locked=True)
)

INSERT_SUBSCRIPTION = insert(subscription)
DELETE_SUBSCRIPTION = delete(subscription).where(
    subscription.c.task_id == bindparam("b_task"), subscription.c.name == bindparam("b_name")
)
DELETE_ALL_SUBSCRIPTIONS = delete(subscription).where(subscription.c.instance_id == bindparam("b_instance"))

INSERT_VARIABLE = Prepared(_row_of(instance_variable))
_variables = delete(instance_variable).where(instance_variable.c.instance_id == bindparam("b_instance"))
DELETE_ALL_VARIABLES = Prepared(_variables)
DELETE_VARIABLE = Prepared(_variables.where(instance_variable.c.name == bindparam("b_name")))

INSERT_JOB = Prepared(_row_of(job, *JOB_COLUMNS))
INSERT_JOB_RETURNING = insert(job).returning(job.c.id)
_standing = update(job).where(job.c.instance_id == bindparam("b_instance"), text(STANDING))
CANCEL_ALL_JOBS = _standing.values(
    state=JobState.CANCELLED.value, ended_at=bindparam("ended_at"), worker=None, lease_until=None
)
CANCEL_JOB = CANCEL_ALL_JOBS.where(job.c.dedupe_key == bindparam("b_key"))
CANCEL_DEADLINES = Prepared(
    CANCEL_ALL_JOBS.where(job.c.task_id == bindparam("b_task"), job.c.kind == JobKind.DEADLINE.value)
)

# The fence: whoever brings the worker's name finishes the job, unless it went on without him. The first statement
# after the lock, so that nobody rescues a job whose transaction is under way.
FINISH_JOB = (
    update(job)
    .where(
        job.c.id == bindparam("b_id"),
        text(MINE).bindparams(bindparam("b_worker", type_=String)),
    )
    .values(
        state=JobState.COMPLETED.value,
        ended_at=bindparam("ended_at"),
        lease_until=None,
        last_error=None,
        attempts=case((job.c.state == JobState.RUNNING.value, job.c.attempts), else_=job.c.attempts + 1),
    )
)

RESOLVE_INCIDENTS = (
    update(incident)
    .where(incident.c.instance_id == bindparam("instance"), incident.c.state == IncidentState.OPEN.value)
    .values(state=IncidentState.RESOLVED.value, resolved_at=bindparam("at"), resolved_by=bindparam("by"))
)
_cancelled = select(job.c.id).where(job.c.instance_id == bindparam("instance"), job.c.state == JobState.CANCELLED.value)
RESOLVE_CANCELLED = Prepared(RESOLVE_INCIDENTS.where(incident.c.job_id.in_(_cancelled)))

INSERT_HISTORY = Prepared(_row_of(history_event, *HISTORY_COLUMNS))
# The history is written under the lock of its instance, so nothing else adds to the chain meanwhile.
SET_HISTORY_HEAD = Prepared(
    update(process_instance).where(process_instance.c.id == bindparam("b_id")).values(history_head=bindparam("head"))
)
INSERT_AUDIT = insert(audit_log)

NOT_ENDED = (InstanceState.ACTIVE, InstanceState.SUSPENDED)
