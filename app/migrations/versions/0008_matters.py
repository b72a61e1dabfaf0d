"""Matters: the customer's words, who had them when, transfers, copies, steps, supplements, verified facts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from engine.store.types import BigKey, JsonValue, UtcDateTime

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

REFUSED = "matter record is immutable"
NEVER_CHANGED = ("matter_step", "matter_transfer", "matter_supplement", "matter_verification", "matter_fact")
WORDS = (
    "OLD.verbatim IS NOT NULL AND (NEW.verbatim IS NULL OR NEW.verbatim <> OLD.verbatim"
    " OR NEW.verbatim_sha256 IS NULL OR NEW.verbatim_sha256 <> OLD.verbatim_sha256)"
)
GUARDS = (
    ("matter", "DELETE", "no", ""),
    ("matter", "UPDATE", "verbatim", WORDS),
    *((table, "UPDATE", "no", "") for table in NEVER_CHANGED),
    *((table, "DELETE", "no", "") for table in (*NEVER_CHANGED, "matter_holding", "matter_copy")),
    ("matter_holding", "UPDATE", "ended", "OLD.to_at IS NOT NULL OR NEW.from_at <> OLD.from_at"),
    ("matter_copy", "UPDATE", "read", "OLD.read_at IS NOT NULL OR NEW.login <> OLD.login"),
)
TABLES = (
    "matter_fact",
    "matter_verification",
    "matter_transfer",
    "matter_supplement",
    "matter_step",
    "matter_holding",
    "matter_copy",
    "matter",
)


def _guard(table: str, operation: str, name: str, condition: str) -> None:
    trigger = f"{table}_{name}_{operation.lower()}"
    if op.get_bind().dialect.name == "sqlite":
        when = f" WHEN {condition}" if condition else ""
        op.execute(
            f"CREATE TRIGGER {trigger} BEFORE {operation} ON {table} FOR EACH ROW{when} "
            f"BEGIN SELECT RAISE(ABORT, '{REFUSED}: {table}'); END"
        )
        return
    returned = "OLD" if operation == "DELETE" else "NEW"
    op.execute(
        f"CREATE OR REPLACE FUNCTION {trigger}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF {condition or 'TRUE'} THEN RAISE EXCEPTION '{REFUSED}: {table}' "
        f"USING ERRCODE = 'check_violation'; END IF; RETURN {returned}; END $$"
    )
    op.execute(f"CREATE TRIGGER {trigger} BEFORE {operation} ON {table} FOR EACH ROW EXECUTE FUNCTION {trigger}()")


def upgrade() -> None:
    _matter()
    _matter_copy()
    _matter_holding()
    _matter_step()
    _matter_supplement()
    _matter_transfer()
    _matter_verification()
    _matter_fact()
    for guard in GUARDS:
        _guard(*guard)


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        for table, operation, name, _condition in GUARDS:
            op.execute(f"DROP FUNCTION IF EXISTS {table}_{name}_{operation.lower()}()")


def _matter() -> None:
    op.create_table(
        "matter",
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("instance_id", sa.String(length=36), nullable=True),
        sa.Column("source", sa.String(length=80), nullable=False),
        sa.Column("source_reference", sa.String(length=120), nullable=True),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("customer_id", BigKey, nullable=True),
        sa.Column("contact_id", BigKey, nullable=True),
        sa.Column("caller_name", sa.String(length=100), nullable=False),
        sa.Column("caller_phone", sa.String(length=40), nullable=False),
        sa.Column("caller_company", sa.String(length=200), nullable=False),
        sa.Column("verbatim", sa.Text(), nullable=True),
        sa.Column("verbatim_sha256", sa.String(length=64), nullable=True),
        sa.Column("intake", JsonValue, nullable=False),
        sa.Column("concern", sa.String(length=20), nullable=False),
        sa.Column("proposed_kind", sa.String(length=30), nullable=False),
        sa.Column("kind", sa.String(length=30), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("product_id", BigKey, nullable=True),
        sa.Column("product_code", sa.String(length=40), nullable=False),
        sa.Column("region", sa.String(length=60), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=True),
        sa.Column("value_class", sa.String(length=1), nullable=False),
        sa.Column("data_confirmed_at", UtcDateTime, nullable=True),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("department", sa.String(length=60), nullable=False),
        sa.Column("handler", sa.String(length=100), nullable=True),
        sa.Column("hops", sa.Integer(), nullable=False),
        sa.Column("transfers", sa.Integer(), nullable=False),
        sa.Column("received_at", UtcDateTime, nullable=False),
        sa.Column("registered_at", UtcDateTime, nullable=False),
        sa.Column("registered_by", sa.String(length=100), nullable=False),
        sa.Column("classified_at", UtcDateTime, nullable=True),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("answered_at", UtcDateTime, nullable=True),
        sa.Column("answered_by", sa.String(length=100), nullable=True),
        sa.Column("reply", sa.Text(), nullable=False),
        sa.Column("reply_channel", sa.String(length=20), nullable=False),
        sa.Column("replied_at", UtcDateTime, nullable=True),
        sa.Column("replied_by", sa.String(length=100), nullable=True),
        sa.Column("next_step", sa.Text(), nullable=False),
        sa.Column("complaint_number", sa.String(length=20), nullable=True),
        sa.Column("lead_number", sa.String(length=20), nullable=True),
        sa.Column("closed_at", UtcDateTime, nullable=True),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name=op.f("fk_matter_contact_id_contact")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_matter_customer_id_customer")),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_matter_product_id_product")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_matter")),
        sa.UniqueConstraint("source", "source_reference", name=op.f("uq_matter_source_source_reference")),
    )
    op.create_index("ix_matter_caller_phone_number", "matter", ["caller_phone", "number"], unique=False)
    op.create_index("ix_matter_complaint_number", "matter", ["complaint_number"], unique=False)
    op.create_index("ix_matter_customer_id_number", "matter", ["customer_id", "number"], unique=False)
    op.create_index("ix_matter_department_number", "matter", ["department", "number"], unique=False)
    op.create_index("ix_matter_received_at_number", "matter", ["received_at", "number"], unique=False)
    op.create_index("ix_matter_state_number", "matter", ["state", "number"], unique=False)


def _matter_copy() -> None:
    op.create_table(
        "matter_copy",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("department_key", sa.String(length=60), nullable=False),
        sa.Column("login", sa.String(length=100), nullable=False),
        sa.Column("copied_by", sa.String(length=100), nullable=False),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.Column("read_at", UtcDateTime, nullable=True),
        sa.ForeignKeyConstraint(["number"], ["matter.number"], name=op.f("fk_matter_copy_number_matter")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_matter_copy")),
        sa.UniqueConstraint(
            "number", "department_key", "login", name=op.f("uq_matter_copy_number_department_key_login")
        ),
    )
    op.create_index("ix_matter_copy_department_key_number", "matter_copy", ["department_key", "number"], unique=False)
    op.create_index("ix_matter_copy_login_read_at", "matter_copy", ["login", "read_at"], unique=False)


def _matter_holding() -> None:
    op.create_table(
        "matter_holding",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("department_key", sa.String(length=60), nullable=False),
        sa.Column("person", sa.String(length=100), nullable=True),
        sa.Column("node_id", sa.String(length=100), nullable=False),
        sa.Column("task_id", sa.String(length=36), nullable=True),
        sa.Column("from_at", UtcDateTime, nullable=False),
        sa.Column("to_at", UtcDateTime, nullable=True),
        sa.ForeignKeyConstraint(["number"], ["matter.number"], name=op.f("fk_matter_holding_number_matter")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_matter_holding")),
    )
    op.create_index(
        "ix_matter_holding_department_key_number", "matter_holding", ["department_key", "number"], unique=False
    )
    op.create_index("ix_matter_holding_number_id", "matter_holding", ["number", "id"], unique=False)
    op.create_index("ix_matter_holding_person_number", "matter_holding", ["person", "number"], unique=False)


def _matter_step() -> None:
    op.create_table(
        "matter_step",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("task_id", sa.String(length=36), nullable=False),
        sa.Column("node_id", sa.String(length=100), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("definition_id", sa.String(length=100), nullable=False),
        sa.Column("form_key", sa.String(length=200), nullable=False),
        sa.Column("actor", sa.String(length=100), nullable=False),
        sa.Column("department_key", sa.String(length=60), nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.Column("outcome", sa.String(length=40), nullable=False),
        sa.Column("values", JsonValue, nullable=False),
        sa.ForeignKeyConstraint(["number"], ["matter.number"], name=op.f("fk_matter_step_number_matter")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_matter_step")),
        sa.UniqueConstraint("task_id", name=op.f("uq_matter_step_task_id")),
    )
    op.create_index("ix_matter_step_number_id", "matter_step", ["number", "id"], unique=False)


def _matter_supplement() -> None:
    op.create_table(
        "matter_supplement",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("text_sha256", sa.String(length=64), nullable=False),
        sa.Column("files", JsonValue, nullable=False),
        sa.Column("added_at", UtcDateTime, nullable=False),
        sa.Column("added_by", sa.String(length=100), nullable=False),
        sa.ForeignKeyConstraint(["number"], ["matter.number"], name=op.f("fk_matter_supplement_number_matter")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_matter_supplement")),
    )
    op.create_index("ix_matter_supplement_number_id", "matter_supplement", ["number", "id"], unique=False)


def _matter_transfer() -> None:
    op.create_table(
        "matter_transfer",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("from_department", sa.String(length=60), nullable=False),
        sa.Column("to_department", sa.String(length=60), nullable=False),
        sa.Column("actor", sa.String(length=100), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.ForeignKeyConstraint(["number"], ["matter.number"], name=op.f("fk_matter_transfer_number_matter")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_matter_transfer")),
    )
    op.create_index("ix_matter_transfer_number_id", "matter_transfer", ["number", "id"], unique=False)


def _matter_verification() -> None:
    op.create_table(
        "matter_verification",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("task_id", sa.String(length=36), nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.Column("satisfied", sa.Boolean(), nullable=True),
        sa.Column("remarks", sa.Text(), nullable=False),
        sa.Column("verified_at", UtcDateTime, nullable=False),
        sa.Column("verified_by", sa.String(length=100), nullable=False),
        sa.ForeignKeyConstraint(["number"], ["matter.number"], name=op.f("fk_matter_verification_number_matter")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_matter_verification")),
        sa.UniqueConstraint("task_id", name=op.f("uq_matter_verification_task_id")),
    )
    op.create_index("ix_matter_verification_number_id", "matter_verification", ["number", "id"], unique=False)


def _matter_fact() -> None:
    op.create_table(
        "matter_fact",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("verification_id", BigKey, nullable=False),
        sa.Column("owner", sa.String(length=100), nullable=False),
        sa.Column("fact", sa.Text(), nullable=False),
        sa.Column("recorded", sa.Text(), nullable=False),
        sa.Column("correct", sa.Boolean(), nullable=False),
        sa.Column("actual", sa.Text(), nullable=False),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.ForeignKeyConstraint(
            ["verification_id"],
            ["matter_verification.id"],
            name=op.f("fk_matter_fact_verification_id_matter_verification"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_matter_fact")),
    )
    op.create_index("ix_matter_fact_owner_at", "matter_fact", ["owner", "at"], unique=False)
    op.create_index("ix_matter_fact_verification_id", "matter_fact", ["verification_id"], unique=False)
