"""What every step has in common: the filled-in form and its immutable record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import formkit
from app.errors import FieldErrors
from app.matters.models import Matter, MatterStep
from app.security import Principal
from engine import TaskRow

VERIFICATION = "verify_with_customer"


@dataclass(frozen=True, slots=True)
class Step:
    """A filled-in form of one task: who, when, which values (Python values by field name)."""

    task: TaskRow
    principal: Principal
    values: Mapping[str, Any]
    at: datetime

    @property
    def actor(self) -> str:
        """Login of who completes the task."""
        return self.principal.login

    @property
    def outcome(self) -> str:
        """The value of the field ``outcome``, empty for a form without one."""
        return str(self.values.get("outcome") or "")

    def text(self, name: str) -> str:
        """A text field without surrounding spaces; empty when not given."""
        return str(self.values.get(name) or "").strip()

    def money(self, name: str) -> Decimal | None:
        """An amount, or None when not given."""
        value = self.values.get(name)
        return None if value in (None, "") else Decimal(str(value))

    def chosen(self, name: str) -> list[str]:
        """The values of a field with several choices."""
        return [str(value) for value in self.values.get(name) or []]

    def rows(self, name: str) -> list[Mapping[str, Any]]:
        """The rows of a table field."""
        return list(self.values.get(name) or [])


def refuse(field: str, message: Any) -> FieldErrors:
    """A refusal at one field, to be raised."""
    return FieldErrors({field: [message]})


def number_of(value: Any) -> int | None:
    """An id; 0, which nothing has, for what is no id; None when nothing was given."""
    if value in (None, "") or isinstance(value, bool):
        return None
    try:
        number = int(value)
    except (TypeError, ValueError, OverflowError):
        return 0
    return number if 0 < number < 2**63 else 0


def record(session: Session, matter: Matter, step: Step, department: str | None = None) -> MatterStep:
    """Keep the completed step for ever; ``department`` had the matter, by default the one that has it."""
    row = MatterStep(
        number=matter.number,
        task_id=step.task.id,
        node_id=step.task.node_id,
        name=step.task.name,
        definition_id=step.task.definition_id,
        form_key=step.task.form_key or "",
        actor=step.actor,
        department_key=department or matter.department,
        created_at=step.task.created_at,
        at=step.at,
        outcome=step.outcome,
        values={name: formkit.as_json(value) for name, value in step.values.items()},
    )
    session.add(row)
    session.flush()
    return row


def last(session: Session, number: str, *nodes: str) -> MatterStep | None:
    """The latest completed step, of these nodes when some are named."""
    statement = select(MatterStep).where(MatterStep.number == number)
    if nodes:
        statement = statement.where(MatterStep.node_id.in_(nodes))
    return session.scalar(statement.order_by(MatterStep.id.desc()).limit(1))


def handlers_of(session: Session, matter: Matter) -> list[str]:
    """Everybody who wrote something down in this matter: none of them asks the customer whether it is true."""
    wrote = select(MatterStep.actor).where(MatterStep.number == matter.number, MatterStep.node_id != VERIFICATION)
    actors = session.scalars(wrote)
    return sorted({matter.registered_by, *actors})
