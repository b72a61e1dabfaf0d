"""The engine's tables (SQLAlchemy Core). Names are the words of the glossary, states those of :mod:`engine.model`."""

from __future__ import annotations

from sqlalchemy import (
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    text,
)

from engine.store.types import BigKey, JsonValue, UtcDateTime

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

metadata = MetaData(naming_convention=NAMING)

# Conditions of partial indexes: a query uses the index only when it repeats the text.
CLAIMABLE = "state IN ('scheduled', 'available', 'retryable')"
OURS = f"{CLAIMABLE} AND kind <> 'service_task'"
"""What waits for our workers alone."""
SERVICE = f"{CLAIMABLE} AND kind = 'service_task'"
"""What waits for our workers or, if they have no handler for the topic, for those outside."""
UNFINISHED = "state IN ('scheduled', 'available', 'running', 'retryable')"
OPEN_TASK = "state IN ('created', 'claimed')"
COMPLETED_TASK = "state = 'completed'"
TIMERS = "kind = 'timer' AND ended_at IS NULL"
OPEN_INCIDENT = "state = 'open'"

deployment = Table(
    "deployment",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("name", String(200), nullable=False),
    Column("deployed_at", UtcDateTime, nullable=False),
    Column("deployed_by", String(100), nullable=False),
    Column("findings", JsonValue, nullable=False),
    Column("source", String(200)),  # the program that sent it, as it calls itself
)

process_definition = Table(
    "process_definition",
    metadata,
    Column("id", String(100), primary_key=True),  # key:version:short-uuid
    Column("deployment_id", ForeignKey("deployment.id"), nullable=False, index=True),
    Column("key", String(100), nullable=False),
    Column("version", Integer, nullable=False),
    Column("name", String(200), nullable=False),
    Column("resource", String(200), nullable=False),
    Column("xml", LargeBinary, nullable=False),
    Column("sha256", String(64), nullable=False),  # of the BPMN and all its parts
    Column("nodes", JsonValue, nullable=False),  # {node id: {type, name, name_en, lane, form_key}}
    Column("start_messages", JsonValue, nullable=False),  # [message name, …]
    Column("search_variables", JsonValue, nullable=False, server_default="[]"),  # [variable name, …]
    Column("state", String(12), nullable=False),  # active, suspended
    Column("deployed_at", UtcDateTime, nullable=False),
    Column("deployed_by", String(100), nullable=False),
    Column("version_tag", String(100)),  # what people call this version
    Index("uq_process_definition_key_version", "key", "version", unique=True),
)

process_definition_part = Table(
    "process_definition_part",
    metadata,
    Column("definition_id", ForeignKey("process_definition.id"), primary_key=True),
    Column("kind", String(12), primary_key=True),  # dmn, form, translation
    Column("name", String(200), primary_key=True),  # decision id; form key; language
    Column("resource", String(200), nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("sha256", String(64), nullable=False),
)

process_definition_call = Table(
    "process_definition_call",
    metadata,
    Column("definition_id", ForeignKey("process_definition.id"), primary_key=True),
    Column("called_key", String(100), primary_key=True),
    Column("called_definition_id", ForeignKey("process_definition.id"), nullable=False),
)

process_instance = Table(
    "process_instance",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("definition_id", ForeignKey("process_definition.id"), nullable=False),
    Column("definition_key", String(100), nullable=False),
    Column("business_key", String(100)),
    Column("title", String(300), nullable=False),
    Column("state", String(12), nullable=False),
    Column("version", Integer, nullable=False),
    Column("blob", LargeBinary),  # state of the workflow; NULL once ended
    Column("codec", SmallInteger, nullable=False),
    Column("variables", JsonValue, nullable=False),  # the latest variables of the instance's scope, for queries
    Column("parent_instance_id", String(36)),
    Column("parent_task_id", String(36)),
    Column("started_at", UtcDateTime, nullable=False),
    Column("started_by", String(100), nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),
    Column("end_reason", Text),
    Column("history_head", String(64)),  # last link of the chain over its history
    Index("ix_process_instance_state_updated_at", "state", "updated_at", "id", "definition_key"),
    Index("ix_process_instance_updated_at", "updated_at", "id", "state", "definition_key"),
    Index("ix_process_instance_definition_id_state", "definition_id", "state"),
    Index("ix_process_instance_business_key", "business_key", "definition_key", "id"),
    Index(
        "uq_process_instance_active_business_key",
        "definition_key",
        "business_key",
        unique=True,
        sqlite_where=text("state IN ('active', 'suspended')"),
        postgresql_where=text("state IN ('active', 'suspended')"),
    ),
    Index("ix_process_instance_parent_instance_id", "parent_instance_id"),
    Index("ix_process_instance_started_by_started_at", "started_by", "started_at"),
    Index("ix_process_instance_id_definition_key", "id", "definition_key", "definition_id", "state"),
    Index("ix_process_instance_definition_key_ended_at", "definition_key", "ended_at", "state"),
)

user_task = Table(
    "user_task",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("instance_id", ForeignKey("process_instance.id"), nullable=False),
    Column("definition_id", String(100), nullable=False),
    Column("definition_key", String(100), nullable=False),
    Column("business_key", String(100)),
    Column("node_id", String(100), nullable=False),
    Column("name", String(200), nullable=False),
    Column("form_key", String(200)),
    Column("state", String(12), nullable=False),
    Column("assignee", String(100)),
    Column("priority", Integer, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("claimed_at", UtcDateTime),
    Column("due_at", UtcDateTime),
    Column("follow_up_at", UtcDateTime),
    Column("service_minutes", Integer),  # working minutes allowed by the service level
    Column("calendar", String(100)),
    Column("ended_at", UtcDateTime),
    Column("ended_by", String(100)),
    Column("local_variables", JsonValue, nullable=False),  # the loop item of a multi-instance and the like
    Column("owner", String(100)),  # who gets a delegated task back
    Column("delegation", String(8)),  # pending, resolved
    Column("description", Text),
    Column("on_behalf_of", String(100)),  # the absent person the assignee stands in for
    Column("due_basis", JsonValue),  # what due_at was computed from; nothing: service_minutes from created_at
    Column("risk_at", UtcDateTime),  # when four fifths of the working time it may take are used
    Column("worked_minutes", Integer),  # from beginning to end on its calendar, without the pauses; once completed
    Index("ix_user_task_instance_id", "instance_id"),
    Index("ix_user_task_assignee_state_due_at", "assignee", "state", "due_at"),
    Index("ix_user_task_state_created_at", "state", "created_at"),
    Index("ix_user_task_ended_by_state_ended_at", "ended_by", "state", "ended_at"),
    Index(
        "ix_user_task_open_step",
        "definition_key",
        "node_id",
        "definition_id",
        "due_at",
        "risk_at",
        "assignee",
        "created_at",
        "instance_id",
        "id",
        "state",  # SQLite would read the row to see that its condition holds
        sqlite_where=text(OPEN_TASK),
        postgresql_where=text(OPEN_TASK),
    ),
    Index(
        "ix_user_task_completed_step",
        "definition_key",
        "node_id",
        "ended_at",
        "worked_minutes",
        "due_at",
        "definition_id",
        "ended_by",
        "instance_id",
        "created_at",
        "state",
        sqlite_where=text(COMPLETED_TASK),
        postgresql_where=text(COMPLETED_TASK),
    ),
)

user_task_candidate = Table(
    "user_task_candidate",
    metadata,
    Column("task_id", ForeignKey("user_task.id"), primary_key=True),
    Column("kind", String(8), primary_key=True),  # group, user, excluded
    Column("name", String(100), primary_key=True),
    Index("ix_user_task_candidate_name_kind_task_id", "name", "kind", "task_id"),
)

# When the clock of a task stood still: its deadlines move by the working time between.
task_pause = Table(
    "task_pause",
    metadata,
    Column("id", BigKey, primary_key=True),
    Column("instance_id", ForeignKey("process_instance.id"), nullable=False, index=True),
    Column("task_id", String(36), nullable=False, index=True),
    Column("from_at", UtcDateTime, nullable=False),
    Column("until_at", UtcDateTime),  # when it ends by itself
    Column("ended_at", UtcDateTime),
    Column("reason", Text, nullable=False),
    Column("paused_by", String(100), nullable=False),
    Column("ended_by", String(100)),
)

subscription = Table(
    "subscription",
    metadata,
    Column("id", BigKey, primary_key=True),
    Column("instance_id", ForeignKey("process_instance.id"), nullable=False, index=True),
    Column("task_id", String(36), nullable=False),
    Column("node_id", String(100), nullable=False),
    Column("kind", String(8), nullable=False),  # message, signal
    Column("name", String(200), nullable=False),
    Column("correlation_key", String(200)),
    Column("created_at", UtcDateTime, nullable=False),
    Index("uq_subscription_task_id_name", "task_id", "name", unique=True),
    Index("ix_subscription_kind_name_correlation_key", "kind", "name", "correlation_key"),
)

job = Table(
    "job",
    metadata,
    Column("id", BigKey, primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("instance_id", String(36)),
    Column("task_id", String(36)),
    Column("node_id", String(100)),
    Column("topic", String(200)),  # handler of a service task or work job; message name
    Column("correlation_key", String(200)),  # of a message kept for its receiver
    Column("dedupe_key", String(200)),
    Column("payload", JsonValue, nullable=False),
    Column("state", String(12), nullable=False),
    Column("priority", Integer, nullable=False, server_default="0"),
    Column("due_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("max_attempts", Integer, nullable=False, server_default="3"),
    Column("lease_until", UtcDateTime),
    Column("worker", String(100)),
    Column("last_error", Text),
    Column("created_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),
    Column("batch_id", BigKey),  # the batch it is an item of
    Index(
        "ix_job_batch_id_state",
        "batch_id",
        "state",
        sqlite_where=text("batch_id IS NOT NULL"),
        postgresql_where=text("batch_id IS NOT NULL"),
    ),
    Index("ix_job_state_due_at", "state", "due_at", "id"),
    Index("ix_job_priority_due_at", "priority", "due_at", "id", sqlite_where=text(OURS), postgresql_where=text(OURS)),
    Index("ix_job_timer_due_at", "due_at", "id", sqlite_where=text(TIMERS), postgresql_where=text(TIMERS)),
    Index("ix_job_topic_due_at", "topic", "due_at", "id", sqlite_where=text(SERVICE), postgresql_where=text(SERVICE)),
    Index(
        "ix_job_message_topic_correlation_key",
        "topic",
        "correlation_key",
        sqlite_where=text("kind = 'message'"),
        postgresql_where=text("kind = 'message'"),
    ),
    Index("ix_job_instance_id_state", "instance_id", "state"),
    Index(
        "uq_job_dedupe_key_unfinished",
        "dedupe_key",
        unique=True,
        sqlite_where=text(UNFINISHED),
        postgresql_where=text(UNFINISHED),
    ),
)

batch = Table(
    "batch",
    metadata,
    Column("id", BigKey, primary_key=True),
    Column("kind", String(40), nullable=False),  # the command each item runs
    Column("template", JsonValue, nullable=False),  # that command without its subject
    Column("reason", Text, nullable=False),
    Column("total", Integer, nullable=False),
    Column("state", String(12), nullable=False),  # active, suspended, completed, deleted
    Column("created_at", UtcDateTime, nullable=False),
    Column("created_by", String(100), nullable=False),
    Column("ended_at", UtcDateTime),
    Column("request_key", String(64)),  # of the request that started it: sent twice, it starts one
    Index("ix_batch_state_created_at", "state", "created_at"),
    Index("uq_batch_request_key", "request_key", unique=True),
)

history_event = Table(
    "history_event",
    metadata,
    Column("id", BigKey, primary_key=True),
    Column("instance_id", String(36), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("kind", String(24), nullable=False),
    Column("node_id", String(100)),
    Column("task_id", String(36)),
    Column("actor", String(100), nullable=False),
    Column("changes", JsonValue, nullable=False),
    Column("hash", String(64)),  # on the last row of each command: the link over the command's rows
    Index("ix_history_event_instance_id_id", "instance_id", "id"),
)

incident = Table(
    "incident",
    metadata,
    Column("id", BigKey, primary_key=True),
    Column("instance_id", String(36), index=True),
    Column("job_id", BigKey, index=True),
    Column("node_id", String(100)),
    Column("kind", String(24), nullable=False),
    Column("command", JsonValue),
    Column("message", Text, nullable=False),
    Column("detail", Text),
    Column("state", String(12), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("resolved_at", UtcDateTime),
    Column("resolved_by", String(100)),
    Column("annotation", Text),
    Column("definition_id", String(100)),  # the version its instance ran in
    Column("cause", String(32)),  # the same for incidents with the same cause
    Index("ix_incident_state_created_at", "state", "created_at"),
    Index(
        "ix_incident_open_cause",
        "cause",
        "definition_id",
        "created_at",
        "id",
        "state",  # SQLite reads the index alone only if it holds what the condition names
        sqlite_where=text(OPEN_INCIDENT),
        postgresql_where=text(OPEN_INCIDENT),
    ),
)

audit_log = Table(
    "audit_log",
    metadata,
    Column("id", BigKey, primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    Column("actor", String(100), nullable=False),
    Column("action", String(60), nullable=False),
    Column("instance_id", String(36), index=True),
    Column("subject", String(200)),
    Column("facts", JsonValue, nullable=False),
    Column("hash", String(64)),  # the row's link of its chain
    Index("ix_audit_log_at", "at"),
)

audit_chain = Table(
    "audit_chain",
    metadata,
    Column("chain", String(36), primary_key=True),  # instance, or empty for what belongs to none
    Column("head", String(64), nullable=False),
)

audit_seal = Table(
    "audit_seal",
    metadata,
    Column("id", BigKey, primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    Column("history_to", BigKey, nullable=False),  # greatest numbers of rows at that moment
    Column("audit_to", BigKey, nullable=False),
    Column("digest", String(64), nullable=False),  # over the seal before and the heads of this one
)

audit_seal_head = Table(
    "audit_seal_head",
    metadata,
    Column("seal_id", ForeignKey("audit_seal.id"), primary_key=True),
    Column("kind", String(8), primary_key=True),  # history, audit
    Column("chain", String(36), primary_key=True),
    Column("head", String(64), nullable=False),
)
