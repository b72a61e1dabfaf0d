"""Rows that nobody may change or delete, guarded by triggers on both databases.

A migration executes the same statements, written out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sqlalchemy import DDL, MetaData, event

DIALECTS = ("sqlite", "postgresql")


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


def statements(dialect: str, rules: Iterable[Rule], refusal: str) -> list[str]:
    """The SQL that creates the triggers on ``dialect`` (``sqlite`` or ``postgresql``), in order. ``refusal`` begins the
    message of every refusal; the name of the table follows."""
    write = {"sqlite": _sqlite, "postgresql": _postgresql}[dialect]
    return [statement for rule in rules for statement in write(rule, refusal)]


def attach(metadata: MetaData, rules: Iterable[Rule], refusal: str) -> None:
    """Tables created from ``metadata`` get the triggers by themselves."""
    for rule in rules:
        for dialect in DIALECTS:
            for statement in statements(dialect, (rule,), refusal):
                ddl = DDL(statement).execute_if(dialect=dialect)  # type: ignore[no-untyped-call]  # SQLAlchemy's own
                event.listen(metadata.tables[rule.table], "after_create", ddl)


def _sqlite(rule: Rule, refusal: str) -> Iterator[str]:
    when = f" WHEN {rule.condition}" if rule.condition else ""
    yield (
        f"CREATE TRIGGER {rule.trigger} BEFORE {rule.operation} ON {rule.table} FOR EACH ROW{when} "
        f"BEGIN SELECT RAISE(ABORT, '{refusal}: {rule.table}'); END"
    )


def _postgresql(rule: Rule, refusal: str) -> Iterator[str]:
    # a function body may look into other tables, a WHEN clause may not
    returned = "OLD" if rule.operation == "DELETE" else "NEW"
    yield (
        f"CREATE OR REPLACE FUNCTION {rule.trigger}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF {rule.condition or 'TRUE'} THEN RAISE EXCEPTION '{refusal}: {rule.table}' "
        f"USING ERRCODE = 'check_violation'; END IF; RETURN {returned}; END $$"
    )
    yield (
        f"CREATE TRIGGER {rule.trigger} BEFORE {rule.operation} ON {rule.table} "
        f"FOR EACH ROW EXECUTE FUNCTION {rule.trigger}()"
    )
