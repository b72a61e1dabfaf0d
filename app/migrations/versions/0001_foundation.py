"""Foundation: the engine, people, customers, complaints, imports and notices."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

SQLITE: tuple[str, ...] = (
    "CREATE VIRTUAL TABLE search_index USING fts5(tokens, content='search_entry', content_rowid='id', "
    "tokenize='unicode61 remove_diacritics 0')",
    "CREATE TRIGGER search_entry_inserted AFTER INSERT ON search_entry BEGIN INSERT INTO "
    "search_index(rowid, tokens) VALUES (new.id, new.tokens); END",
    "CREATE TRIGGER search_entry_deleted AFTER DELETE ON search_entry BEGIN INSERT INTO "
    "search_index(search_index, rowid, tokens) VALUES ('delete', old.id, old.tokens); END",
    "CREATE TRIGGER search_entry_updated AFTER UPDATE ON search_entry BEGIN INSERT INTO "
    "search_index(search_index, rowid, tokens) VALUES ('delete', old.id, old.tokens); INSERT INTO "
    "search_index(rowid, tokens) VALUES (new.id, new.tokens); END",
    "CREATE TRIGGER complaint_no_delete BEFORE DELETE ON complaint FOR EACH ROW BEGIN SELECT "
    "RAISE(ABORT, 'complaint record is immutable: complaint'); END",
    "CREATE TRIGGER complaint_archived_update BEFORE UPDATE ON complaint FOR EACH ROW WHEN "
    "OLD.archived_at IS NOT NULL BEGIN SELECT RAISE(ABORT, 'complaint record is immutable: "
    "complaint'); END",
    "CREATE TRIGGER complaint_verbatim_update BEFORE UPDATE ON complaint FOR EACH ROW WHEN "
    "OLD.verbatim IS NOT NULL AND (NEW.verbatim IS NULL OR NEW.verbatim <> OLD.verbatim OR "
    "NEW.verbatim_sha256 IS NULL OR NEW.verbatim_sha256 <> OLD.verbatim_sha256) BEGIN SELECT "
    "RAISE(ABORT, 'complaint record is immutable: complaint'); END",
    "CREATE TRIGGER complaint_step_no_update BEFORE UPDATE ON complaint_step FOR EACH ROW BEGIN "
    "SELECT RAISE(ABORT, 'complaint record is immutable: complaint_step'); END",
    "CREATE TRIGGER complaint_penalty_no_update BEFORE UPDATE ON complaint_penalty FOR EACH ROW BEGIN "
    "SELECT RAISE(ABORT, 'complaint record is immutable: complaint_penalty'); END",
    "CREATE TRIGGER complaint_visit_no_update BEFORE UPDATE ON complaint_visit FOR EACH ROW BEGIN "
    "SELECT RAISE(ABORT, 'complaint record is immutable: complaint_visit'); END",
    "CREATE TRIGGER complaint_supplement_no_update BEFORE UPDATE ON complaint_supplement FOR EACH ROW "
    "BEGIN SELECT RAISE(ABORT, 'complaint record is immutable: complaint_supplement'); END",
    "CREATE TRIGGER complaint_step_no_delete BEFORE DELETE ON complaint_step FOR EACH ROW BEGIN "
    "SELECT RAISE(ABORT, 'complaint record is immutable: complaint_step'); END",
    "CREATE TRIGGER complaint_penalty_no_delete BEFORE DELETE ON complaint_penalty FOR EACH ROW BEGIN "
    "SELECT RAISE(ABORT, 'complaint record is immutable: complaint_penalty'); END",
    "CREATE TRIGGER complaint_visit_no_delete BEFORE DELETE ON complaint_visit FOR EACH ROW BEGIN "
    "SELECT RAISE(ABORT, 'complaint record is immutable: complaint_visit'); END",
    "CREATE TRIGGER complaint_supplement_no_delete BEFORE DELETE ON complaint_supplement FOR EACH ROW "
    "BEGIN SELECT RAISE(ABORT, 'complaint record is immutable: complaint_supplement'); END",
    "CREATE TRIGGER complaint_department_no_delete BEFORE DELETE ON complaint_department FOR EACH ROW "
    "BEGIN SELECT RAISE(ABORT, 'complaint record is immutable: complaint_department'); END",
    "CREATE TRIGGER complaint_action_no_delete BEFORE DELETE ON complaint_action FOR EACH ROW BEGIN "
    "SELECT RAISE(ABORT, 'complaint record is immutable: complaint_action'); END",
    "CREATE TRIGGER complaint_pause_no_delete BEFORE DELETE ON complaint_pause FOR EACH ROW BEGIN "
    "SELECT RAISE(ABORT, 'complaint record is immutable: complaint_pause'); END",
    "CREATE TRIGGER complaint_appeal_no_delete BEFORE DELETE ON complaint_appeal FOR EACH ROW BEGIN "
    "SELECT RAISE(ABORT, 'complaint record is immutable: complaint_appeal'); END",
    "CREATE TRIGGER complaint_appeal_heard_update BEFORE UPDATE ON complaint_appeal FOR EACH ROW WHEN "
    "OLD.heard_at IS NOT NULL BEGIN SELECT RAISE(ABORT, 'complaint record is immutable: "
    "complaint_appeal'); END",
    "CREATE TRIGGER complaint_department_archived_insert BEFORE INSERT ON complaint_department FOR "
    "EACH ROW WHEN EXISTS (SELECT 1 FROM complaint c WHERE c.number = NEW.number AND c.archived_at IS "
    "NOT NULL) BEGIN SELECT RAISE(ABORT, 'complaint record is immutable: complaint_department'); END",
    "CREATE TRIGGER complaint_department_archived_update BEFORE UPDATE ON complaint_department FOR "
    "EACH ROW WHEN EXISTS (SELECT 1 FROM complaint c WHERE c.number = NEW.number AND c.archived_at IS "
    "NOT NULL) BEGIN SELECT RAISE(ABORT, 'complaint record is immutable: complaint_department'); END",
    "CREATE TRIGGER complaint_action_archived_insert BEFORE INSERT ON complaint_action FOR EACH ROW "
    "WHEN EXISTS (SELECT 1 FROM complaint c WHERE c.number = NEW.number AND c.archived_at IS NOT "
    "NULL) BEGIN SELECT RAISE(ABORT, 'complaint record is immutable: complaint_action'); END",
    "CREATE TRIGGER complaint_action_archived_update BEFORE UPDATE ON complaint_action FOR EACH ROW "
    "WHEN EXISTS (SELECT 1 FROM complaint c WHERE c.number = NEW.number AND c.archived_at IS NOT "
    "NULL) BEGIN SELECT RAISE(ABORT, 'complaint record is immutable: complaint_action'); END",
    "CREATE TRIGGER complaint_pause_archived_insert BEFORE INSERT ON complaint_pause FOR EACH ROW "
    "WHEN EXISTS (SELECT 1 FROM complaint c WHERE c.number = NEW.number AND c.archived_at IS NOT "
    "NULL) BEGIN SELECT RAISE(ABORT, 'complaint record is immutable: complaint_pause'); END",
    "CREATE TRIGGER complaint_pause_archived_update BEFORE UPDATE ON complaint_pause FOR EACH ROW "
    "WHEN EXISTS (SELECT 1 FROM complaint c WHERE c.number = NEW.number AND c.archived_at IS NOT "
    "NULL) BEGIN SELECT RAISE(ABORT, 'complaint record is immutable: complaint_pause'); END",
    "CREATE TRIGGER complaint_penalty_archived_insert BEFORE INSERT ON complaint_penalty FOR EACH ROW "
    "WHEN EXISTS (SELECT 1 FROM complaint c WHERE c.number = NEW.number AND c.archived_at IS NOT "
    "NULL) BEGIN SELECT RAISE(ABORT, 'complaint record is immutable: complaint_penalty'); END",
    "CREATE TRIGGER complaint_visit_archived_insert BEFORE INSERT ON complaint_visit FOR EACH ROW "
    "WHEN EXISTS (SELECT 1 FROM complaint c WHERE c.number = NEW.number AND c.archived_at IS NOT "
    "NULL) BEGIN SELECT RAISE(ABORT, 'complaint record is immutable: complaint_visit'); END",
    "CREATE TRIGGER complaint_supplement_archived_insert BEFORE INSERT ON complaint_supplement FOR "
    "EACH ROW WHEN EXISTS (SELECT 1 FROM complaint c WHERE c.number = NEW.number AND c.archived_at IS "
    "NOT NULL) BEGIN SELECT RAISE(ABORT, 'complaint record is immutable: complaint_supplement'); END",
)

POSTGRESQL: tuple[str, ...] = (
    "CREATE INDEX ix_search_entry_tokens ON search_entry USING gin (array_to_tsvector(string_to_array(tokens, ' ')))",
    "CREATE OR REPLACE FUNCTION complaint_no_delete() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF "
    "TRUE THEN RAISE EXCEPTION 'complaint record is immutable: complaint' USING ERRCODE = "
    "'check_violation'; END IF; RETURN OLD; END $$",
    "CREATE TRIGGER complaint_no_delete BEFORE DELETE ON complaint FOR EACH ROW EXECUTE FUNCTION complaint_no_delete()",
    "CREATE OR REPLACE FUNCTION complaint_archived_update() RETURNS trigger LANGUAGE plpgsql AS $$ "
    "BEGIN IF OLD.archived_at IS NOT NULL THEN RAISE EXCEPTION 'complaint record is immutable: "
    "complaint' USING ERRCODE = 'check_violation'; END IF; RETURN NEW; END $$",
    "CREATE TRIGGER complaint_archived_update BEFORE UPDATE ON complaint FOR EACH ROW EXECUTE "
    "FUNCTION complaint_archived_update()",
    "CREATE OR REPLACE FUNCTION complaint_verbatim_update() RETURNS trigger LANGUAGE plpgsql AS $$ "
    "BEGIN IF OLD.verbatim IS NOT NULL AND (NEW.verbatim IS NULL OR NEW.verbatim <> OLD.verbatim OR "
    "NEW.verbatim_sha256 IS NULL OR NEW.verbatim_sha256 <> OLD.verbatim_sha256) THEN RAISE EXCEPTION "
    "'complaint record is immutable: complaint' USING ERRCODE = 'check_violation'; END IF; RETURN "
    "NEW; END $$",
    "CREATE TRIGGER complaint_verbatim_update BEFORE UPDATE ON complaint FOR EACH ROW EXECUTE "
    "FUNCTION complaint_verbatim_update()",
    "CREATE OR REPLACE FUNCTION complaint_step_no_update() RETURNS trigger LANGUAGE plpgsql AS $$ "
    "BEGIN IF TRUE THEN RAISE EXCEPTION 'complaint record is immutable: complaint_step' USING ERRCODE "
    "= 'check_violation'; END IF; RETURN NEW; END $$",
    "CREATE TRIGGER complaint_step_no_update BEFORE UPDATE ON complaint_step FOR EACH ROW EXECUTE "
    "FUNCTION complaint_step_no_update()",
    "CREATE OR REPLACE FUNCTION complaint_penalty_no_update() RETURNS trigger LANGUAGE plpgsql AS $$ "
    "BEGIN IF TRUE THEN RAISE EXCEPTION 'complaint record is immutable: complaint_penalty' USING "
    "ERRCODE = 'check_violation'; END IF; RETURN NEW; END $$",
    "CREATE TRIGGER complaint_penalty_no_update BEFORE UPDATE ON complaint_penalty FOR EACH ROW "
    "EXECUTE FUNCTION complaint_penalty_no_update()",
    "CREATE OR REPLACE FUNCTION complaint_visit_no_update() RETURNS trigger LANGUAGE plpgsql AS $$ "
    "BEGIN IF TRUE THEN RAISE EXCEPTION 'complaint record is immutable: complaint_visit' USING "
    "ERRCODE = 'check_violation'; END IF; RETURN NEW; END $$",
    "CREATE TRIGGER complaint_visit_no_update BEFORE UPDATE ON complaint_visit FOR EACH ROW EXECUTE "
    "FUNCTION complaint_visit_no_update()",
    "CREATE OR REPLACE FUNCTION complaint_supplement_no_update() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN IF TRUE THEN RAISE EXCEPTION 'complaint record is immutable: complaint_supplement' "
    "USING ERRCODE = 'check_violation'; END IF; RETURN NEW; END $$",
    "CREATE TRIGGER complaint_supplement_no_update BEFORE UPDATE ON complaint_supplement FOR EACH ROW "
    "EXECUTE FUNCTION complaint_supplement_no_update()",
    "CREATE OR REPLACE FUNCTION complaint_step_no_delete() RETURNS trigger LANGUAGE plpgsql AS $$ "
    "BEGIN IF TRUE THEN RAISE EXCEPTION 'complaint record is immutable: complaint_step' USING ERRCODE "
    "= 'check_violation'; END IF; RETURN OLD; END $$",
    "CREATE TRIGGER complaint_step_no_delete BEFORE DELETE ON complaint_step FOR EACH ROW EXECUTE "
    "FUNCTION complaint_step_no_delete()",
    "CREATE OR REPLACE FUNCTION complaint_penalty_no_delete() RETURNS trigger LANGUAGE plpgsql AS $$ "
    "BEGIN IF TRUE THEN RAISE EXCEPTION 'complaint record is immutable: complaint_penalty' USING "
    "ERRCODE = 'check_violation'; END IF; RETURN OLD; END $$",
    "CREATE TRIGGER complaint_penalty_no_delete BEFORE DELETE ON complaint_penalty FOR EACH ROW "
    "EXECUTE FUNCTION complaint_penalty_no_delete()",
    "CREATE OR REPLACE FUNCTION complaint_visit_no_delete() RETURNS trigger LANGUAGE plpgsql AS $$ "
    "BEGIN IF TRUE THEN RAISE EXCEPTION 'complaint record is immutable: complaint_visit' USING "
    "ERRCODE = 'check_violation'; END IF; RETURN OLD; END $$",
    "CREATE TRIGGER complaint_visit_no_delete BEFORE DELETE ON complaint_visit FOR EACH ROW EXECUTE "
    "FUNCTION complaint_visit_no_delete()",
    "CREATE OR REPLACE FUNCTION complaint_supplement_no_delete() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN IF TRUE THEN RAISE EXCEPTION 'complaint record is immutable: complaint_supplement' "
    "USING ERRCODE = 'check_violation'; END IF; RETURN OLD; END $$",
    "CREATE TRIGGER complaint_supplement_no_delete BEFORE DELETE ON complaint_supplement FOR EACH ROW "
    "EXECUTE FUNCTION complaint_supplement_no_delete()",
    "CREATE OR REPLACE FUNCTION complaint_department_no_delete() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN IF TRUE THEN RAISE EXCEPTION 'complaint record is immutable: complaint_department' "
    "USING ERRCODE = 'check_violation'; END IF; RETURN OLD; END $$",
    "CREATE TRIGGER complaint_department_no_delete BEFORE DELETE ON complaint_department FOR EACH ROW "
    "EXECUTE FUNCTION complaint_department_no_delete()",
    "CREATE OR REPLACE FUNCTION complaint_action_no_delete() RETURNS trigger LANGUAGE plpgsql AS $$ "
    "BEGIN IF TRUE THEN RAISE EXCEPTION 'complaint record is immutable: complaint_action' USING "
    "ERRCODE = 'check_violation'; END IF; RETURN OLD; END $$",
    "CREATE TRIGGER complaint_action_no_delete BEFORE DELETE ON complaint_action FOR EACH ROW EXECUTE "
    "FUNCTION complaint_action_no_delete()",
    "CREATE OR REPLACE FUNCTION complaint_pause_no_delete() RETURNS trigger LANGUAGE plpgsql AS $$ "
    "BEGIN IF TRUE THEN RAISE EXCEPTION 'complaint record is immutable: complaint_pause' USING "
    "ERRCODE = 'check_violation'; END IF; RETURN OLD; END $$",
    "CREATE TRIGGER complaint_pause_no_delete BEFORE DELETE ON complaint_pause FOR EACH ROW EXECUTE "
    "FUNCTION complaint_pause_no_delete()",
    "CREATE OR REPLACE FUNCTION complaint_appeal_no_delete() RETURNS trigger LANGUAGE plpgsql AS $$ "
    "BEGIN IF TRUE THEN RAISE EXCEPTION 'complaint record is immutable: complaint_appeal' USING "
    "ERRCODE = 'check_violation'; END IF; RETURN OLD; END $$",
    "CREATE TRIGGER complaint_appeal_no_delete BEFORE DELETE ON complaint_appeal FOR EACH ROW EXECUTE "
    "FUNCTION complaint_appeal_no_delete()",
    "CREATE OR REPLACE FUNCTION complaint_appeal_heard_update() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN IF OLD.heard_at IS NOT NULL THEN RAISE EXCEPTION 'complaint record is immutable: "
    "complaint_appeal' USING ERRCODE = 'check_violation'; END IF; RETURN NEW; END $$",
    "CREATE TRIGGER complaint_appeal_heard_update BEFORE UPDATE ON complaint_appeal FOR EACH ROW "
    "EXECUTE FUNCTION complaint_appeal_heard_update()",
    "CREATE OR REPLACE FUNCTION complaint_department_archived_insert() RETURNS trigger LANGUAGE "
    "plpgsql AS $$ BEGIN IF EXISTS (SELECT 1 FROM complaint c WHERE c.number = NEW.number AND "
    "c.archived_at IS NOT NULL) THEN RAISE EXCEPTION 'complaint record is immutable: "
    "complaint_department' USING ERRCODE = 'check_violation'; END IF; RETURN NEW; END $$",
    "CREATE TRIGGER complaint_department_archived_insert BEFORE INSERT ON complaint_department FOR "
    "EACH ROW EXECUTE FUNCTION complaint_department_archived_insert()",
    "CREATE OR REPLACE FUNCTION complaint_department_archived_update() RETURNS trigger LANGUAGE "
    "plpgsql AS $$ BEGIN IF EXISTS (SELECT 1 FROM complaint c WHERE c.number = NEW.number AND "
    "c.archived_at IS NOT NULL) THEN RAISE EXCEPTION 'complaint record is immutable: "
    "complaint_department' USING ERRCODE = 'check_violation'; END IF; RETURN NEW; END $$",
    "CREATE TRIGGER complaint_department_archived_update BEFORE UPDATE ON complaint_department FOR "
    "EACH ROW EXECUTE FUNCTION complaint_department_archived_update()",
    "CREATE OR REPLACE FUNCTION complaint_action_archived_insert() RETURNS trigger LANGUAGE plpgsql "
    "AS $$ BEGIN IF EXISTS (SELECT 1 FROM complaint c WHERE c.number = NEW.number AND c.archived_at "
    "IS NOT NULL) THEN RAISE EXCEPTION 'complaint record is immutable: complaint_action' USING "
    "ERRCODE = 'check_violation'; END IF; RETURN NEW; END $$",
    "CREATE TRIGGER complaint_action_archived_insert BEFORE INSERT ON complaint_action FOR EACH ROW "
    "EXECUTE FUNCTION complaint_action_archived_insert()",
    "CREATE OR REPLACE FUNCTION complaint_action_archived_update() RETURNS trigger LANGUAGE plpgsql "
    "AS $$ BEGIN IF EXISTS (SELECT 1 FROM complaint c WHERE c.number = NEW.number AND c.archived_at "
    "IS NOT NULL) THEN RAISE EXCEPTION 'complaint record is immutable: complaint_action' USING "
    "ERRCODE = 'check_violation'; END IF; RETURN NEW; END $$",
    "CREATE TRIGGER complaint_action_archived_update BEFORE UPDATE ON complaint_action FOR EACH ROW "
    "EXECUTE FUNCTION complaint_action_archived_update()",
    "CREATE OR REPLACE FUNCTION complaint_pause_archived_insert() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN IF EXISTS (SELECT 1 FROM complaint c WHERE c.number = NEW.number AND c.archived_at IS "
    "NOT NULL) THEN RAISE EXCEPTION 'complaint record is immutable: complaint_pause' USING ERRCODE = "
    "'check_violation'; END IF; RETURN NEW; END $$",
    "CREATE TRIGGER complaint_pause_archived_insert BEFORE INSERT ON complaint_pause FOR EACH ROW "
    "EXECUTE FUNCTION complaint_pause_archived_insert()",
    "CREATE OR REPLACE FUNCTION complaint_pause_archived_update() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN IF EXISTS (SELECT 1 FROM complaint c WHERE c.number = NEW.number AND c.archived_at IS "
    "NOT NULL) THEN RAISE EXCEPTION 'complaint record is immutable: complaint_pause' USING ERRCODE = "
    "'check_violation'; END IF; RETURN NEW; END $$",
    "CREATE TRIGGER complaint_pause_archived_update BEFORE UPDATE ON complaint_pause FOR EACH ROW "
    "EXECUTE FUNCTION complaint_pause_archived_update()",
    "CREATE OR REPLACE FUNCTION complaint_penalty_archived_insert() RETURNS trigger LANGUAGE plpgsql "
    "AS $$ BEGIN IF EXISTS (SELECT 1 FROM complaint c WHERE c.number = NEW.number AND c.archived_at "
    "IS NOT NULL) THEN RAISE EXCEPTION 'complaint record is immutable: complaint_penalty' USING "
    "ERRCODE = 'check_violation'; END IF; RETURN NEW; END $$",
    "CREATE TRIGGER complaint_penalty_archived_insert BEFORE INSERT ON complaint_penalty FOR EACH ROW "
    "EXECUTE FUNCTION complaint_penalty_archived_insert()",
    "CREATE OR REPLACE FUNCTION complaint_visit_archived_insert() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN IF EXISTS (SELECT 1 FROM complaint c WHERE c.number = NEW.number AND c.archived_at IS "
    "NOT NULL) THEN RAISE EXCEPTION 'complaint record is immutable: complaint_visit' USING ERRCODE = "
    "'check_violation'; END IF; RETURN NEW; END $$",
    "CREATE TRIGGER complaint_visit_archived_insert BEFORE INSERT ON complaint_visit FOR EACH ROW "
    "EXECUTE FUNCTION complaint_visit_archived_insert()",
    "CREATE OR REPLACE FUNCTION complaint_supplement_archived_insert() RETURNS trigger LANGUAGE "
    "plpgsql AS $$ BEGIN IF EXISTS (SELECT 1 FROM complaint c WHERE c.number = NEW.number AND "
    "c.archived_at IS NOT NULL) THEN RAISE EXCEPTION 'complaint record is immutable: "
    "complaint_supplement' USING ERRCODE = 'check_violation'; END IF; RETURN NEW; END $$",
    "CREATE TRIGGER complaint_supplement_archived_insert BEFORE INSERT ON complaint_supplement FOR "
    "EACH ROW EXECUTE FUNCTION complaint_supplement_archived_insert()",
)
"""What tables alone cannot say: the words of the search, and records that stay as they were."""


def upgrade() -> None:
    # ### commands auto generated by Alembic - please adjust! ###
    op.create_table(
        "audit_log",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(length=100), nullable=False),
        sa.Column("action", sa.String(length=60), nullable=False),
        sa.Column("instance_id", sa.String(length=36), nullable=True),
        sa.Column("subject", sa.String(length=200), nullable=True),
        sa.Column(
            "facts", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_log")),
    )
    op.create_index("ix_audit_log_at", "audit_log", ["at"], unique=False)
    op.create_index(op.f("ix_audit_log_instance_id"), "audit_log", ["instance_id"], unique=False)
    op.create_table(
        "deployment",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("deployed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deployed_by", sa.String(length=100), nullable=False),
        sa.Column(
            "findings", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deployment")),
    )
    op.create_table(
        "history_event",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("instance_id", sa.String(length=36), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("node_id", sa.String(length=100), nullable=True),
        sa.Column("task_id", sa.String(length=36), nullable=True),
        sa.Column("actor", sa.String(length=100), nullable=False),
        sa.Column(
            "changes", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_history_event")),
    )
    op.create_index("ix_history_event_instance_id_id", "history_event", ["instance_id", "id"], unique=False)
    op.create_table(
        "incident",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("instance_id", sa.String(length=36), nullable=True),
        sa.Column("job_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("node_id", sa.String(length=100), nullable=True),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column(
            "command", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=True
        ),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("resolved_by", sa.String(length=100), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incident")),
    )
    op.create_index(op.f("ix_incident_instance_id"), "incident", ["instance_id"], unique=False)
    op.create_index("ix_incident_state_created_at", "incident", ["state", "created_at"], unique=False)
    op.create_table(
        "job",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("instance_id", sa.String(length=36), nullable=True),
        sa.Column("task_id", sa.String(length=36), nullable=True),
        sa.Column("node_id", sa.String(length=100), nullable=True),
        sa.Column("topic", sa.String(length=200), nullable=True),
        sa.Column("correlation_key", sa.String(length=200), nullable=True),
        sa.Column("dedupe_key", sa.String(length=200), nullable=True),
        sa.Column(
            "payload", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("priority", sa.Integer(), server_default="0", nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("max_attempts", sa.Integer(), server_default="3", nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("worker", sa.String(length=100), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job")),
    )
    op.create_index(
        "ix_job_claimable_due_at",
        "job",
        ["due_at", "id"],
        unique=False,
        sqlite_where=sa.text("state IN ('scheduled', 'available', 'retryable')"),
        postgresql_where=sa.text("state IN ('scheduled', 'available', 'retryable')"),
    )
    op.create_index("ix_job_instance_id_state", "job", ["instance_id", "state"], unique=False)
    op.create_index(
        "ix_job_message_topic_correlation_key",
        "job",
        ["topic", "correlation_key"],
        unique=False,
        sqlite_where=sa.text("kind = 'message'"),
        postgresql_where=sa.text("kind = 'message'"),
    )
    op.create_index("ix_job_state_due_at", "job", ["state", "due_at", "id"], unique=False)
    op.create_index(
        "uq_job_dedupe_key_unfinished",
        "job",
        ["dedupe_key"],
        unique=True,
        sqlite_where=sa.text("state IN ('scheduled', 'available', 'running', 'retryable')"),
        postgresql_where=sa.text("state IN ('scheduled', 'available', 'running', 'retryable')"),
    )
    op.create_table(
        "process_definition",
        sa.Column("id", sa.String(length=100), nullable=False),
        sa.Column("deployment_id", sa.String(length=36), nullable=False),
        sa.Column("key", sa.String(length=100), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("resource", sa.String(length=200), nullable=False),
        sa.Column("xml", sa.LargeBinary(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column(
            "nodes", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column(
            "start_messages",
            sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"),
            nullable=False,
        ),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("deployed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deployed_by", sa.String(length=100), nullable=False),
        sa.ForeignKeyConstraint(
            ["deployment_id"], ["deployment.id"], name=op.f("fk_process_definition_deployment_id_deployment")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_process_definition")),
    )
    op.create_index(op.f("ix_process_definition_deployment_id"), "process_definition", ["deployment_id"], unique=False)
    op.create_index("uq_process_definition_key_version", "process_definition", ["key", "version"], unique=True)
    op.create_table(
        "process_definition_call",
        sa.Column("definition_id", sa.String(length=100), nullable=False),
        sa.Column("called_key", sa.String(length=100), nullable=False),
        sa.Column("called_definition_id", sa.String(length=100), nullable=False),
        sa.ForeignKeyConstraint(
            ["called_definition_id"],
            ["process_definition.id"],
            name=op.f("fk_process_definition_call_called_definition_id_process_definition"),
        ),
        sa.ForeignKeyConstraint(
            ["definition_id"],
            ["process_definition.id"],
            name=op.f("fk_process_definition_call_definition_id_process_definition"),
        ),
        sa.PrimaryKeyConstraint("definition_id", "called_key", name=op.f("pk_process_definition_call")),
    )
    op.create_table(
        "process_definition_part",
        sa.Column("definition_id", sa.String(length=100), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("resource", sa.String(length=200), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["definition_id"],
            ["process_definition.id"],
            name=op.f("fk_process_definition_part_definition_id_process_definition"),
        ),
        sa.PrimaryKeyConstraint("definition_id", "kind", "name", name=op.f("pk_process_definition_part")),
    )
    op.create_table(
        "process_instance",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("definition_id", sa.String(length=100), nullable=False),
        sa.Column("definition_key", sa.String(length=100), nullable=False),
        sa.Column("business_key", sa.String(length=100), nullable=True),
        sa.Column("title", sa.String(length=300), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("blob", sa.LargeBinary(), nullable=True),
        sa.Column("codec", sa.SmallInteger(), nullable=False),
        sa.Column(
            "variables", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column("parent_instance_id", sa.String(length=36), nullable=True),
        sa.Column("parent_task_id", sa.String(length=36), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_by", sa.String(length=100), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("end_reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["definition_id"],
            ["process_definition.id"],
            name=op.f("fk_process_instance_definition_id_process_definition"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_process_instance")),
    )
    op.create_index("ix_process_instance_business_key", "process_instance", ["business_key"], unique=False)
    op.create_index(
        "ix_process_instance_definition_id_state", "process_instance", ["definition_id", "state"], unique=False
    )
    op.create_index("ix_process_instance_parent_instance_id", "process_instance", ["parent_instance_id"], unique=False)
    op.create_index("ix_process_instance_state_updated_at", "process_instance", ["state", "updated_at"], unique=False)
    op.create_index(
        "uq_process_instance_active_business_key",
        "process_instance",
        ["definition_key", "business_key"],
        unique=True,
        sqlite_where=sa.text("state IN ('active', 'suspended')"),
        postgresql_where=sa.text("state IN ('active', 'suspended')"),
    )
    op.create_table(
        "subscription",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("instance_id", sa.String(length=36), nullable=False),
        sa.Column("task_id", sa.String(length=36), nullable=False),
        sa.Column("node_id", sa.String(length=100), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("correlation_key", sa.String(length=200), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["instance_id"], ["process_instance.id"], name=op.f("fk_subscription_instance_id_process_instance")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscription")),
    )
    op.create_index(op.f("ix_subscription_instance_id"), "subscription", ["instance_id"], unique=False)
    op.create_index(
        "ix_subscription_kind_name_correlation_key", "subscription", ["kind", "name", "correlation_key"], unique=False
    )
    op.create_index("uq_subscription_task_id_name", "subscription", ["task_id", "name"], unique=True)
    op.create_table(
        "user_task",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("instance_id", sa.String(length=36), nullable=False),
        sa.Column("definition_id", sa.String(length=100), nullable=False),
        sa.Column("definition_key", sa.String(length=100), nullable=False),
        sa.Column("business_key", sa.String(length=100), nullable=True),
        sa.Column("node_id", sa.String(length=100), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("form_key", sa.String(length=200), nullable=True),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("assignee", sa.String(length=100), nullable=True),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("follow_up_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("service_minutes", sa.Integer(), nullable=True),
        sa.Column("calendar", sa.String(length=100), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.String(length=100), nullable=True),
        sa.Column(
            "local_variables",
            sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["instance_id"], ["process_instance.id"], name=op.f("fk_user_task_instance_id_process_instance")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_task")),
    )
    op.create_index("ix_user_task_assignee_state_due_at", "user_task", ["assignee", "state", "due_at"], unique=False)
    op.create_index("ix_user_task_ended_by_ended_at", "user_task", ["ended_by", "ended_at"], unique=False)
    op.create_index("ix_user_task_instance_id", "user_task", ["instance_id"], unique=False)
    op.create_index("ix_user_task_state_created_at", "user_task", ["state", "created_at"], unique=False)
    op.create_table(
        "user_task_candidate",
        sa.Column("task_id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.ForeignKeyConstraint(["task_id"], ["user_task.id"], name=op.f("fk_user_task_candidate_task_id_user_task")),
        sa.PrimaryKeyConstraint("task_id", "kind", "name", name=op.f("pk_user_task_candidate")),
    )
    op.create_index(
        "ix_user_task_candidate_name_kind_task_id", "user_task_candidate", ["name", "kind", "task_id"], unique=False
    )
    op.create_table(
        "account_log",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(length=100), nullable=False),
        sa.Column("action", sa.String(length=60), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column(
            "facts", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account_log")),
    )
    op.create_index(op.f("ix_account_log_at"), "account_log", ["at"], unique=False)
    op.create_index(op.f("ix_account_log_subject"), "account_log", ["subject"], unique=False)
    op.create_table(
        "calendar",
        sa.Column("key", sa.String(length=60), nullable=False),
        sa.Column("name_zh", sa.String(length=100), nullable=False),
        sa.Column("name_en", sa.String(length=100), nullable=False),
        sa.Column(
            "week", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_calendar")),
    )
    op.create_table(
        "calendar_version",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("token", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendar_version")),
    )
    op.create_table(
        "cause_code",
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("parent_code", sa.String(length=40), nullable=True),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("name_en", sa.String(length=100), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["parent_code"], ["cause_code.code"], name=op.f("fk_cause_code_parent_code_cause_code")
        ),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_cause_code")),
    )
    op.create_table(
        "customer",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("name_key", sa.String(length=200), nullable=False),
        sa.Column("name_en", sa.String(length=200), nullable=False),
        sa.Column("short_name", sa.String(length=60), nullable=False),
        sa.Column("value_class", sa.String(length=1), nullable=False),
        sa.Column("region", sa.String(length=60), nullable=False),
        sa.Column("industry", sa.String(length=100), nullable=False),
        sa.Column("department_key", sa.String(length=60), nullable=True),
        sa.Column("phone", sa.String(length=40), nullable=False),
        sa.Column("address", sa.String(length=300), nullable=False),
        sa.Column("remark", sa.Text(), nullable=False),
        sa.Column("source", sa.String(length=60), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(length=100), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_by", sa.String(length=100), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer")),
        sa.UniqueConstraint("name_key", name=op.f("uq_customer_name_key")),
    )
    op.create_index("ix_customer_department_key_id", "customer", ["department_key", "id"], unique=False)
    op.create_index("ix_customer_value_class_id", "customer", ["value_class", "id"], unique=False)
    op.create_table(
        "department",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("key", sa.String(length=60), nullable=False),
        sa.Column("name_zh", sa.String(length=100), nullable=False),
        sa.Column("name_en", sa.String(length=100), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("parent_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("path", sa.String(length=200), nullable=False),
        sa.Column("position", sa.Integer(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["parent_id"], ["department.id"], name=op.f("fk_department_parent_id_department")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_department")),
        sa.UniqueConstraint("key", name=op.f("uq_department_key")),
    )
    op.create_index(op.f("ix_department_parent_id"), "department", ["parent_id"], unique=False)
    op.create_index(op.f("ix_department_path"), "department", ["path"], unique=False)
    op.create_table(
        "import_mapping",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("target", sa.String(length=60), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("header_key", sa.String(length=64), nullable=False),
        sa.Column(
            "document", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("saved_by", sa.String(length=100), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_mapping")),
    )
    op.create_index("ix_import_mapping_target_header_key", "import_mapping", ["target", "header_key"], unique=False)
    op.create_table(
        "import_run",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("target", sa.String(length=60), nullable=False),
        sa.Column("filename", sa.String(length=200), nullable=False),
        sa.Column(
            "header", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("language", sa.String(length=5), nullable=False),
        sa.Column(
            "document", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("created", sa.Integer(), nullable=False),
        sa.Column("existing", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(length=100), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_run")),
    )
    op.create_index("ix_import_run_created_by_id", "import_run", ["created_by", "id"], unique=False)
    op.create_table(
        "login_attempt",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("login", sa.String(length=100), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("succeeded", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_login_attempt")),
    )
    op.create_index("ix_login_attempt_address_at", "login_attempt", ["address", "at"], unique=False)
    op.create_index(op.f("ix_login_attempt_at"), "login_attempt", ["at"], unique=False)
    op.create_index("ix_login_attempt_login_at", "login_attempt", ["login", "at"], unique=False)
    op.create_table(
        "notice",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("recipient", sa.String(length=100), nullable=False),
        sa.Column("template", sa.String(length=60), nullable=False),
        sa.Column(
            "facts", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column("link", sa.String(length=500), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("dedupe_key", sa.String(length=250), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice")),
    )
    op.create_index("ix_notice_recipient_id", "notice", ["recipient", "id"], unique=False)
    op.create_index("ix_notice_recipient_read_at", "notice", ["recipient", "read_at"], unique=False)
    op.create_index("uq_notice_dedupe_key", "notice", ["dedupe_key"], unique=True)
    op.create_table(
        "number_sequence",
        sa.Column("prefix", sa.String(length=10), nullable=False),
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("prefix", "year", name=op.f("pk_number_sequence")),
    )
    op.create_table(
        "outbox_message",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("channel", sa.String(length=12), nullable=False),
        sa.Column("recipient", sa.String(length=320), nullable=False),
        sa.Column("business_key", sa.String(length=100), nullable=False),
        sa.Column("template", sa.String(length=60), nullable=False),
        sa.Column("subject_zh", sa.String(length=300), nullable=False),
        sa.Column("subject_en", sa.String(length=300), nullable=False),
        sa.Column("body_zh", sa.Text(), nullable=False),
        sa.Column("body_en", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("dedupe_key", sa.String(length=250), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox_message")),
    )
    op.create_index("ix_outbox_message_business_key_id", "outbox_message", ["business_key", "id"], unique=False)
    op.create_index("ix_outbox_message_state_id", "outbox_message", ["state", "id"], unique=False)
    op.create_index("uq_outbox_message_dedupe_key", "outbox_message", ["dedupe_key"], unique=True)
    op.create_table(
        "product",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("name_en", sa.String(length=100), nullable=False),
        sa.Column("next_code", sa.String(length=40), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_product")),
        sa.UniqueConstraint("code", name=op.f("uq_product_code")),
    )
    op.create_table(
        "remedy",
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("name_en", sa.String(length=100), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_remedy")),
    )
    op.create_table(
        "role",
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("title_zh", sa.String(length=100), nullable=False),
        sa.Column("title_en", sa.String(length=100), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_role")),
    )
    op.create_table(
        "search_entry",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=30), nullable=False),
        sa.Column("ref", sa.String(length=100), nullable=False),
        sa.Column("tokens", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_search_entry")),
    )
    op.create_index("uq_search_entry_kind_ref", "search_entry", ["kind", "ref"], unique=True)
    op.create_table(
        "stored_file",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("media_type", sa.String(length=100), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("uploaded_by", sa.String(length=100), nullable=False),
        sa.Column("uploaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("process_key", sa.String(length=100), nullable=True),
        sa.Column("business_key", sa.String(length=100), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stored_file")),
    )
    op.create_index(
        "ix_stored_file_business_key_uploaded_at", "stored_file", ["business_key", "uploaded_at"], unique=False
    )
    op.create_index(
        "ix_stored_file_process_key_business_key", "stored_file", ["process_key", "business_key"], unique=False
    )
    op.create_table(
        "task_draft",
        sa.Column("task_id", sa.String(length=36), nullable=False),
        sa.Column("login", sa.String(length=100), nullable=False),
        sa.Column(
            "payload", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("task_id", "login", name=op.f("pk_task_draft")),
    )
    op.create_index("ix_task_draft_login_saved_at", "task_draft", ["login", "saved_at"], unique=False)
    op.create_table(
        "calendar_day",
        sa.Column("calendar_key", sa.String(length=60), nullable=False),
        sa.Column("date", sa.Date(), nullable=False),
        sa.Column("working", sa.Boolean(), nullable=False),
        sa.Column(
            "hours", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=True
        ),
        sa.Column("name_zh", sa.String(length=100), server_default="", nullable=False),
        sa.Column("name_en", sa.String(length=100), server_default="", nullable=False),
        sa.Column("source", sa.String(length=12), nullable=False),
        sa.ForeignKeyConstraint(["calendar_key"], ["calendar.key"], name=op.f("fk_calendar_day_calendar_key_calendar")),
        sa.PrimaryKeyConstraint("calendar_key", "date", name=op.f("pk_calendar_day")),
    )
    op.create_table(
        "contact",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("customer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("position", sa.String(length=100), nullable=False),
        sa.Column("phone", sa.String(length=40), nullable=False),
        sa.Column("email", sa.String(length=200), nullable=False),
        sa.Column("language", sa.String(length=5), nullable=False),
        sa.Column("is_main", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_contact_customer_id_customer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact")),
    )
    op.create_index(op.f("ix_contact_customer_id"), "contact", ["customer_id"], unique=False)
    op.create_table(
        "contract",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("customer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("department_key", sa.String(length=60), nullable=True),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("signed_on", sa.Date(), nullable=True),
        sa.Column("amount", sa.BigInteger(), nullable=True),
        sa.Column("quantity", sa.String(length=200), nullable=False),
        sa.Column("grade", sa.String(length=200), nullable=False),
        sa.Column("specification", sa.String(length=300), nullable=False),
        sa.Column("delivery_time", sa.String(length=200), nullable=False),
        sa.Column("delivery_place", sa.String(length=200), nullable=False),
        sa.Column("settlement", sa.String(length=200), nullable=False),
        sa.Column("trade_terms", sa.String(length=300), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_contract_customer_id_customer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contract")),
        sa.UniqueConstraint("number", name=op.f("uq_contract_number")),
    )
    op.create_index(op.f("ix_contract_customer_id"), "contract", ["customer_id"], unique=False)
    op.create_table(
        "import_row",
        sa.Column("run_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("row_number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column(
            "cells", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("reference", sa.String(length=60), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["import_run.id"], name=op.f("fk_import_row_run_id_import_run")),
        sa.PrimaryKeyConstraint("run_id", "row_number", name=op.f("pk_import_row")),
    )
    op.create_index(
        "ix_import_row_run_id_state_row_number", "import_row", ["run_id", "state", "row_number"], unique=False
    )
    op.create_table(
        "role_permission",
        sa.Column("role_name", sa.String(length=60), nullable=False),
        sa.Column("permission", sa.String(length=60), nullable=False),
        sa.ForeignKeyConstraint(["role_name"], ["role.name"], name=op.f("fk_role_permission_role_name_role")),
        sa.PrimaryKeyConstraint("role_name", "permission", name=op.f("pk_role_permission")),
    )
    op.create_table(
        "user_account",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("login", sa.String(length=60), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("name_en", sa.String(length=100), server_default="", nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=False),
        sa.Column("department_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("position_zh", sa.String(length=100), server_default="", nullable=False),
        sa.Column("position_en", sa.String(length=100), server_default="", nullable=False),
        sa.Column("supervisor_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("language", sa.String(length=5), nullable=True),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("password_changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["department_id"], ["department.id"], name=op.f("fk_user_account_department_id_department")
        ),
        sa.ForeignKeyConstraint(
            ["supervisor_id"], ["user_account.id"], name=op.f("fk_user_account_supervisor_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_account")),
        sa.UniqueConstraint("login", name=op.f("uq_user_account_login")),
    )
    op.create_index(op.f("ix_user_account_department_id"), "user_account", ["department_id"], unique=False)
    op.create_index("ix_user_account_name", "user_account", ["name"], unique=False)
    op.create_index(op.f("ix_user_account_supervisor_id"), "user_account", ["supervisor_id"], unique=False)
    op.create_table(
        "user_group",
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("title_zh", sa.String(length=100), nullable=False),
        sa.Column("title_en", sa.String(length=100), nullable=False),
        sa.Column("department_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.ForeignKeyConstraint(
            ["department_id"], ["department.id"], name=op.f("fk_user_group_department_id_department")
        ),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_user_group")),
    )
    op.create_index(op.f("ix_user_group_department_id"), "user_group", ["department_id"], unique=False)
    op.create_table(
        "api_token",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("login", sa.String(length=60), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("hint", sa.String(length=12), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["login"], ["user_account.login"], name=op.f("fk_api_token_login_user_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_token")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_api_token_token_hash")),
    )
    op.create_index(op.f("ix_api_token_login"), "api_token", ["login"], unique=False)
    op.create_table(
        "calendar_assignment",
        sa.Column("group_name", sa.String(length=60), nullable=False),
        sa.Column("calendar_key", sa.String(length=60), nullable=False),
        sa.ForeignKeyConstraint(
            ["calendar_key"], ["calendar.key"], name=op.f("fk_calendar_assignment_calendar_key_calendar")
        ),
        sa.ForeignKeyConstraint(
            ["group_name"], ["user_group.name"], name=op.f("fk_calendar_assignment_group_name_user_group")
        ),
        sa.PrimaryKeyConstraint("group_name", name=op.f("pk_calendar_assignment")),
    )
    op.create_index(op.f("ix_calendar_assignment_calendar_key"), "calendar_assignment", ["calendar_key"], unique=False)
    op.create_table(
        "customer_order",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("customer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("contract_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("product_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=True),
        sa.Column("ordered_on", sa.Date(), nullable=True),
        sa.Column("delivered_on", sa.Date(), nullable=True),
        sa.Column("carrier", sa.String(length=100), nullable=False),
        sa.Column("waybill", sa.String(length=60), nullable=False),
        sa.ForeignKeyConstraint(["contract_id"], ["contract.id"], name=op.f("fk_customer_order_contract_id_contract")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_customer_order_customer_id_customer")),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_customer_order_product_id_product")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer_order")),
        sa.UniqueConstraint("number", name=op.f("uq_customer_order_number")),
    )
    op.create_index(op.f("ix_customer_order_customer_id"), "customer_order", ["customer_id"], unique=False)
    op.create_table(
        "group_member",
        sa.Column("group_name", sa.String(length=60), nullable=False),
        sa.Column("login", sa.String(length=60), nullable=False),
        sa.ForeignKeyConstraint(
            ["group_name"], ["user_group.name"], name=op.f("fk_group_member_group_name_user_group")
        ),
        sa.ForeignKeyConstraint(["login"], ["user_account.login"], name=op.f("fk_group_member_login_user_account")),
        sa.PrimaryKeyConstraint("group_name", "login", name=op.f("pk_group_member")),
    )
    op.create_index(op.f("ix_group_member_login"), "group_member", ["login"], unique=False)
    op.create_table(
        "user_role",
        sa.Column("login", sa.String(length=60), nullable=False),
        sa.Column("role_name", sa.String(length=60), nullable=False),
        sa.ForeignKeyConstraint(["login"], ["user_account.login"], name=op.f("fk_user_role_login_user_account")),
        sa.ForeignKeyConstraint(["role_name"], ["role.name"], name=op.f("fk_user_role_role_name_role")),
        sa.PrimaryKeyConstraint("login", "role_name", name=op.f("pk_user_role")),
    )
    op.create_index(op.f("ix_user_role_role_name"), "user_role", ["role_name"], unique=False)
    op.create_table(
        "user_session",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("login", sa.String(length=60), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rotate", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("user_agent", sa.String(length=300), nullable=False),
        sa.ForeignKeyConstraint(["login"], ["user_account.login"], name=op.f("fk_user_session_login_user_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_session")),
    )
    op.create_index("ix_user_session_login_ended_at", "user_session", ["login", "ended_at"], unique=False)
    op.create_table(
        "complaint",
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("instance_id", sa.String(length=36), nullable=True),
        sa.Column("source", sa.String(length=80), nullable=False),
        sa.Column("customer_reference", sa.String(length=120), nullable=True),
        sa.Column("policy_version", sa.String(length=20), nullable=False),
        sa.Column("customer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("contact_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("order_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("contract_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("product_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("carrier", sa.String(length=100), nullable=False),
        sa.Column("waybill", sa.String(length=60), nullable=False),
        sa.Column("employee", sa.String(length=100), nullable=False),
        sa.Column("complaint_class", sa.String(length=20), nullable=True),
        sa.Column("sub_code", sa.String(length=40), nullable=True),
        sa.Column("severity", sa.String(length=10), nullable=False),
        sa.Column("value_class", sa.String(length=1), nullable=False),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("verbatim", sa.Text(), nullable=True),
        sa.Column("verbatim_sha256", sa.String(length=64), nullable=True),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("remedy_wanted", sa.Text(), nullable=False),
        sa.Column("amount_claimed", sa.BigInteger(), nullable=True),
        sa.Column(
            "intake", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("registered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("registered_by", sa.String(length=100), nullable=False),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("refusals", sa.Integer(), nullable=False),
        sa.Column("verdict", sa.String(length=20), nullable=False),
        sa.Column("verdict_reason", sa.Text(), nullable=False),
        sa.Column("verdict_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("contested_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("proposed_department", sa.String(length=60), nullable=True),
        sa.Column("responsible_department", sa.String(length=60), nullable=True),
        sa.Column("cause_department", sa.String(length=60), nullable=True),
        sa.Column("cause_code", sa.String(length=40), nullable=True),
        sa.Column("responsible_person", sa.String(length=100), nullable=True),
        sa.Column("no_person_reason", sa.Text(), nullable=False),
        sa.Column("proposer", sa.String(length=100), nullable=True),
        sa.Column(
            "remedies", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column("compensation", sa.BigInteger(), nullable=True),
        sa.Column("approved_compensation", sa.BigInteger(), nullable=True),
        sa.Column("paid_amount", sa.BigInteger(), nullable=True),
        sa.Column("total_cost", sa.BigInteger(), nullable=True),
        sa.Column("solution", sa.Text(), nullable=False),
        sa.Column("prevention", sa.Text(), nullable=False),
        sa.Column("instruction", sa.Text(), nullable=False),
        sa.Column("satisfaction", sa.Integer(), nullable=True),
        sa.Column("visit_attempts", sa.Integer(), nullable=False),
        sa.Column("result", sa.String(length=20), nullable=False),
        sa.Column("result_text", sa.Text(), nullable=False),
        sa.Column("lessons", sa.Text(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name=op.f("fk_complaint_contact_id_contact")),
        sa.ForeignKeyConstraint(["contract_id"], ["contract.id"], name=op.f("fk_complaint_contract_id_contract")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_complaint_customer_id_customer")),
        sa.ForeignKeyConstraint(["order_id"], ["customer_order.id"], name=op.f("fk_complaint_order_id_customer_order")),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_complaint_product_id_product")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_complaint")),
        sa.UniqueConstraint("source", "customer_reference", name=op.f("uq_complaint_source_customer_reference")),
    )
    op.create_index("ix_complaint_customer_id_number", "complaint", ["customer_id", "number"], unique=False)
    op.create_index("ix_complaint_received_at_number", "complaint", ["received_at", "number"], unique=False)
    op.create_index(
        "ix_complaint_responsible_department_number", "complaint", ["responsible_department", "number"], unique=False
    )
    op.create_index("ix_complaint_state_number", "complaint", ["state", "number"], unique=False)
    op.create_index("ix_complaint_sub_code_number", "complaint", ["sub_code", "number"], unique=False)
    op.create_table(
        "complaint_action",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("owner", sa.String(length=100), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("cost", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("actual_cost", sa.BigInteger(), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_by", sa.String(length=100), nullable=True),
        sa.ForeignKeyConstraint(["number"], ["complaint.number"], name=op.f("fk_complaint_action_number_complaint")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_complaint_action")),
    )
    op.create_index("ix_complaint_action_number_id", "complaint_action", ["number", "id"], unique=False)
    op.create_table(
        "complaint_department",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("department_key", sa.String(length=60), nullable=False),
        sa.Column("role", sa.String(length=12), nullable=False),
        sa.Column("person", sa.String(length=100), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("from_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("to_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["number"], ["complaint.number"], name=op.f("fk_complaint_department_number_complaint")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_complaint_department")),
    )
    op.create_index(
        "ix_complaint_department_department_key_number",
        "complaint_department",
        ["department_key", "number"],
        unique=False,
    )
    op.create_index(
        "ix_complaint_department_number_from_at", "complaint_department", ["number", "from_at"], unique=False
    )
    op.create_table(
        "complaint_pause",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("from_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("to_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.String(length=20), nullable=False),
        sa.ForeignKeyConstraint(["number"], ["complaint.number"], name=op.f("fk_complaint_pause_number_complaint")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_complaint_pause")),
    )
    op.create_index(op.f("ix_complaint_pause_number"), "complaint_pause", ["number"], unique=False)
    op.create_table(
        "complaint_penalty",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.Column("employee", sa.String(length=100), nullable=True),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=True),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.String(length=100), nullable=False),
        sa.ForeignKeyConstraint(["number"], ["complaint.number"], name=op.f("fk_complaint_penalty_number_complaint")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_complaint_penalty")),
    )
    op.create_index(op.f("ix_complaint_penalty_employee"), "complaint_penalty", ["employee"], unique=False)
    op.create_index(op.f("ix_complaint_penalty_number"), "complaint_penalty", ["number"], unique=False)
    op.create_table(
        "complaint_step",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("task_id", sa.String(length=36), nullable=False),
        sa.Column("node_id", sa.String(length=100), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("definition_id", sa.String(length=100), nullable=False),
        sa.Column("form_key", sa.String(length=200), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("actor", sa.String(length=100), nullable=False),
        sa.Column("department_key", sa.String(length=60), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outcome", sa.String(length=40), nullable=False),
        sa.Column(
            "values", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column(
            "confidential",
            sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(["number"], ["complaint.number"], name=op.f("fk_complaint_step_number_complaint")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_complaint_step")),
        sa.UniqueConstraint("task_id", name=op.f("uq_complaint_step_task_id")),
    )
    op.create_index("ix_complaint_step_number_id", "complaint_step", ["number", "id"], unique=False)
    op.create_table(
        "complaint_supplement",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column(
            "files", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("added_by", sa.String(length=100), nullable=False),
        sa.ForeignKeyConstraint(
            ["number"], ["complaint.number"], name=op.f("fk_complaint_supplement_number_complaint")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_complaint_supplement")),
    )
    op.create_index("ix_complaint_supplement_number_id", "complaint_supplement", ["number", "id"], unique=False)
    op.create_table(
        "complaint_visit",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.Column("satisfaction", sa.Integer(), nullable=True),
        sa.Column("remarks", sa.Text(), nullable=False),
        sa.Column("visited_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("visited_by", sa.String(length=100), nullable=False),
        sa.ForeignKeyConstraint(["number"], ["complaint.number"], name=op.f("fk_complaint_visit_number_complaint")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_complaint_visit")),
    )
    op.create_index("ix_complaint_visit_number_id", "complaint_visit", ["number", "id"], unique=False)
    op.create_table(
        "complaint_appeal",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("penalty_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("appealed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("appealed_by", sa.String(length=100), nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.Column("explanation", sa.Text(), nullable=False),
        sa.Column("new_kind", sa.String(length=40), nullable=False),
        sa.Column("new_amount", sa.BigInteger(), nullable=True),
        sa.Column("heard_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("heard_by", sa.String(length=100), nullable=True),
        sa.ForeignKeyConstraint(["number"], ["complaint.number"], name=op.f("fk_complaint_appeal_number_complaint")),
        sa.ForeignKeyConstraint(
            ["penalty_id"], ["complaint_penalty.id"], name=op.f("fk_complaint_appeal_penalty_id_complaint_penalty")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_complaint_appeal")),
        sa.UniqueConstraint("penalty_id", name=op.f("uq_complaint_appeal_penalty_id")),
    )
    op.create_index(op.f("ix_complaint_appeal_number"), "complaint_appeal", ["number"], unique=False)
    # ### end Alembic commands ###
    for statement in SQLITE if op.get_bind().dialect.name == "sqlite" else POSTGRESQL:
        op.execute(sa.text(statement.replace(":", "\\:")))


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TABLE search_index")
    # ### commands auto generated by Alembic - please adjust! ###
    op.drop_index(op.f("ix_complaint_appeal_number"), table_name="complaint_appeal")
    op.drop_table("complaint_appeal")
    op.drop_index("ix_complaint_visit_number_id", table_name="complaint_visit")
    op.drop_table("complaint_visit")
    op.drop_index("ix_complaint_supplement_number_id", table_name="complaint_supplement")
    op.drop_table("complaint_supplement")
    op.drop_index("ix_complaint_step_number_id", table_name="complaint_step")
    op.drop_table("complaint_step")
    op.drop_index(op.f("ix_complaint_penalty_number"), table_name="complaint_penalty")
    op.drop_index(op.f("ix_complaint_penalty_employee"), table_name="complaint_penalty")
    op.drop_table("complaint_penalty")
    op.drop_index(op.f("ix_complaint_pause_number"), table_name="complaint_pause")
    op.drop_table("complaint_pause")
    op.drop_index("ix_complaint_department_number_from_at", table_name="complaint_department")
    op.drop_index("ix_complaint_department_department_key_number", table_name="complaint_department")
    op.drop_table("complaint_department")
    op.drop_index("ix_complaint_action_number_id", table_name="complaint_action")
    op.drop_table("complaint_action")
    op.drop_index("ix_complaint_sub_code_number", table_name="complaint")
    op.drop_index("ix_complaint_state_number", table_name="complaint")
    op.drop_index("ix_complaint_responsible_department_number", table_name="complaint")
    op.drop_index("ix_complaint_received_at_number", table_name="complaint")
    op.drop_index("ix_complaint_customer_id_number", table_name="complaint")
    op.drop_table("complaint")
    op.drop_index("ix_user_session_login_ended_at", table_name="user_session")
    op.drop_table("user_session")
    op.drop_index(op.f("ix_user_role_role_name"), table_name="user_role")
    op.drop_table("user_role")
    op.drop_index(op.f("ix_group_member_login"), table_name="group_member")
    op.drop_table("group_member")
    op.drop_index(op.f("ix_customer_order_customer_id"), table_name="customer_order")
    op.drop_table("customer_order")
    op.drop_index(op.f("ix_calendar_assignment_calendar_key"), table_name="calendar_assignment")
    op.drop_table("calendar_assignment")
    op.drop_index(op.f("ix_api_token_login"), table_name="api_token")
    op.drop_table("api_token")
    op.drop_index(op.f("ix_user_group_department_id"), table_name="user_group")
    op.drop_table("user_group")
    op.drop_index(op.f("ix_user_account_supervisor_id"), table_name="user_account")
    op.drop_index("ix_user_account_name", table_name="user_account")
    op.drop_index(op.f("ix_user_account_department_id"), table_name="user_account")
    op.drop_table("user_account")
    op.drop_table("role_permission")
    op.drop_index("ix_import_row_run_id_state_row_number", table_name="import_row")
    op.drop_table("import_row")
    op.drop_index(op.f("ix_contract_customer_id"), table_name="contract")
    op.drop_table("contract")
    op.drop_index(op.f("ix_contact_customer_id"), table_name="contact")
    op.drop_table("contact")
    op.drop_table("calendar_day")
    op.drop_index("ix_task_draft_login_saved_at", table_name="task_draft")
    op.drop_table("task_draft")
    op.drop_index("ix_stored_file_process_key_business_key", table_name="stored_file")
    op.drop_index("ix_stored_file_business_key_uploaded_at", table_name="stored_file")
    op.drop_table("stored_file")
    op.drop_index("uq_search_entry_kind_ref", table_name="search_entry")
    op.drop_table("search_entry")
    op.drop_table("role")
    op.drop_table("remedy")
    op.drop_table("product")
    op.drop_index("uq_outbox_message_dedupe_key", table_name="outbox_message")
    op.drop_index("ix_outbox_message_state_id", table_name="outbox_message")
    op.drop_index("ix_outbox_message_business_key_id", table_name="outbox_message")
    op.drop_table("outbox_message")
    op.drop_table("number_sequence")
    op.drop_index("uq_notice_dedupe_key", table_name="notice")
    op.drop_index("ix_notice_recipient_read_at", table_name="notice")
    op.drop_index("ix_notice_recipient_id", table_name="notice")
    op.drop_table("notice")
    op.drop_index("ix_login_attempt_login_at", table_name="login_attempt")
    op.drop_index(op.f("ix_login_attempt_at"), table_name="login_attempt")
    op.drop_index("ix_login_attempt_address_at", table_name="login_attempt")
    op.drop_table("login_attempt")
    op.drop_index("ix_import_run_created_by_id", table_name="import_run")
    op.drop_table("import_run")
    op.drop_index("ix_import_mapping_target_header_key", table_name="import_mapping")
    op.drop_table("import_mapping")
    op.drop_index(op.f("ix_department_path"), table_name="department")
    op.drop_index(op.f("ix_department_parent_id"), table_name="department")
    op.drop_table("department")
    op.drop_index("ix_customer_value_class_id", table_name="customer")
    op.drop_index("ix_customer_department_key_id", table_name="customer")
    op.drop_table("customer")
    op.drop_table("cause_code")
    op.drop_table("calendar_version")
    op.drop_table("calendar")
    op.drop_index(op.f("ix_account_log_subject"), table_name="account_log")
    op.drop_index(op.f("ix_account_log_at"), table_name="account_log")
    op.drop_table("account_log")
    op.drop_index("ix_user_task_candidate_name_kind_task_id", table_name="user_task_candidate")
    op.drop_table("user_task_candidate")
    op.drop_index("ix_user_task_state_created_at", table_name="user_task")
    op.drop_index("ix_user_task_instance_id", table_name="user_task")
    op.drop_index("ix_user_task_ended_by_ended_at", table_name="user_task")
    op.drop_index("ix_user_task_assignee_state_due_at", table_name="user_task")
    op.drop_table("user_task")
    op.drop_index("uq_subscription_task_id_name", table_name="subscription")
    op.drop_index("ix_subscription_kind_name_correlation_key", table_name="subscription")
    op.drop_index(op.f("ix_subscription_instance_id"), table_name="subscription")
    op.drop_table("subscription")
    op.drop_index(
        "uq_process_instance_active_business_key",
        table_name="process_instance",
        sqlite_where=sa.text("state IN ('active', 'suspended')"),
        postgresql_where=sa.text("state IN ('active', 'suspended')"),
    )
    op.drop_index("ix_process_instance_state_updated_at", table_name="process_instance")
    op.drop_index("ix_process_instance_parent_instance_id", table_name="process_instance")
    op.drop_index("ix_process_instance_definition_id_state", table_name="process_instance")
    op.drop_index("ix_process_instance_business_key", table_name="process_instance")
    op.drop_table("process_instance")
    op.drop_table("process_definition_part")
    op.drop_table("process_definition_call")
    op.drop_index("uq_process_definition_key_version", table_name="process_definition")
    op.drop_index(op.f("ix_process_definition_deployment_id"), table_name="process_definition")
    op.drop_table("process_definition")
    op.drop_index(
        "uq_job_dedupe_key_unfinished",
        table_name="job",
        sqlite_where=sa.text("state IN ('scheduled', 'available', 'running', 'retryable')"),
        postgresql_where=sa.text("state IN ('scheduled', 'available', 'running', 'retryable')"),
    )
    op.drop_index("ix_job_state_due_at", table_name="job")
    op.drop_index(
        "ix_job_message_topic_correlation_key",
        table_name="job",
        sqlite_where=sa.text("kind = 'message'"),
        postgresql_where=sa.text("kind = 'message'"),
    )
    op.drop_index("ix_job_instance_id_state", table_name="job")
    op.drop_index(
        "ix_job_claimable_due_at",
        table_name="job",
        sqlite_where=sa.text("state IN ('scheduled', 'available', 'retryable')"),
        postgresql_where=sa.text("state IN ('scheduled', 'available', 'retryable')"),
    )
    op.drop_table("job")
    op.drop_index("ix_incident_state_created_at", table_name="incident")
    op.drop_index(op.f("ix_incident_instance_id"), table_name="incident")
    op.drop_table("incident")
    op.drop_index("ix_history_event_instance_id_id", table_name="history_event")
    op.drop_table("history_event")
    op.drop_table("deployment")
    op.drop_index(op.f("ix_audit_log_instance_id"), table_name="audit_log")
    op.drop_index("ix_audit_log_at", table_name="audit_log")
    op.drop_table("audit_log")
    # ### end Alembic commands ###
