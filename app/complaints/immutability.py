"""Triggers that keep the record of a complaint as it was, whoever writes to the database.

- A complaint is never deleted; after archiving it is never changed; its verbatim text is written once.
- Completed steps, penalties, visits and supplements are never changed or deleted.
- Departments, actions and pauses are closed together with the complaint.

An appeal may be heard after the archive was written: the case does not wait for it.
:func:`statements` gives the SQL for a migration; tables created from metadata get it by themselves. A restore of an
export must load its rows before these triggers exist.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sqlalchemy import DDL, event

from app.complaints import models

REFUSED = "complaint record is immutable"
"""Start of the message of every refusal; what follows names the table."""

_ARCHIVED = "EXISTS (SELECT 1 FROM complaint c WHERE c.number = NEW.number AND c.archived_at IS NOT NULL)"


@dataclass(frozen=True, slots=True)
class Rule:
    """Refuse ``operation`` on ``table`` when ``condition`` (SQL over OLD and NEW) holds; no condition: always."""

    table: str
    operation: str
    condition: str | None = None
    name: str = ""

    @property
    def trigger(self) -> str:
        """Name of the trigger, unique in the schema."""
        return f"{self.table}_{self.name or 'no'}_{self.operation.lower()}"


_NEVER_CHANGED = ("complaint_step", "complaint_penalty", "complaint_visit", "complaint_supplement")
_CLOSED_WITH_THE_CASE = ("complaint_department", "complaint_action", "complaint_pause")

RULES: tuple[Rule, ...] = (
    Rule("complaint", "DELETE"),
    Rule("complaint", "UPDATE", "OLD.archived_at IS NOT NULL", "archived"),
    Rule(
        "complaint",
        "UPDATE",
        "OLD.verbatim IS NOT NULL AND (NEW.verbatim IS NULL OR NEW.verbatim <> OLD.verbatim"
        " OR NEW.verbatim_sha256 IS NULL OR NEW.verbatim_sha256 <> OLD.verbatim_sha256)",
        "verbatim",
    ),
    *(Rule(table, "UPDATE") for table in _NEVER_CHANGED),
    *(Rule(table, "DELETE") for table in (*_NEVER_CHANGED, *_CLOSED_WITH_THE_CASE, "complaint_appeal")),
    Rule("complaint_appeal", "UPDATE", "OLD.heard_at IS NOT NULL", "heard"),
    *(
        Rule(table, operation, _ARCHIVED, "archived")
        for table in _CLOSED_WITH_THE_CASE
        for operation in ("INSERT", "UPDATE")
    ),
    *(
        Rule(table, "INSERT", _ARCHIVED, "archived")
        for table in ("complaint_penalty", "complaint_visit", "complaint_supplement")
    ),
)


def _sqlite(rule: Rule) -> Iterator[str]:
    when = f" WHEN {rule.condition}" if rule.condition else ""
    yield (
        f"CREATE TRIGGER {rule.trigger} BEFORE {rule.operation} ON {rule.table} FOR EACH ROW{when} "
        f"BEGIN SELECT RAISE(ABORT, '{REFUSED}: {rule.table}'); END"
    )


def _postgresql(rule: Rule) -> Iterator[str]:
    # a function body may look into other tables, a WHEN clause may not
    returned = "OLD" if rule.operation == "DELETE" else "NEW"
    yield (
        f"CREATE OR REPLACE FUNCTION {rule.trigger}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF {rule.condition or 'TRUE'} THEN RAISE EXCEPTION '{REFUSED}: {rule.table}' "
        f"USING ERRCODE = 'check_violation'; END IF; RETURN {returned}; END $$"
    )
    yield (
        f"CREATE TRIGGER {rule.trigger} BEFORE {rule.operation} ON {rule.table} "
        f"FOR EACH ROW EXECUTE FUNCTION {rule.trigger}()"
    )


def statements(dialect: str, rules: Iterable[Rule] = RULES) -> list[str]:
    """The SQL that creates the triggers on ``dialect`` (``sqlite`` or ``postgresql``), in order."""
    write = {"sqlite": _sqlite, "postgresql": _postgresql}[dialect]
    return [statement for rule in rules for statement in write(rule)]


def _attach() -> None:
    tables = models.Complaint.metadata.tables
    for rule in RULES:
        for dialect in ("sqlite", "postgresql"):
            for statement in statements(dialect, (rule,)):
                ddl = DDL(statement).execute_if(dialect=dialect)  # type: ignore[no-untyped-call]  # SQLAlchemy's own
                event.listen(tables[rule.table], "after_create", ddl)


_attach()
