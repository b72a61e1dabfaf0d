"""What every step has in common: the call, its immutable record, and the moves of the complaint's state."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import formkit
from app.complaints.models import MOVES, Complaint, ComplaintState, ComplaintStep
from app.errors import FieldErrors
from app.security import Principal
from engine import TaskRow

HANDLING_NODES = frozenset(
    {
        "analyse_cause",
        "contribute_analysis",
        "propose_solution",
        "approve_solution",
        "perform_action",
        "pay_compensation",
        "decide_penalty",
    }
)
"""Steps 4 to 7: whoever worked in one of them does not make the return visit."""


@dataclass(frozen=True, slots=True)
class Step:
    """A filled-in form of one task: who, when, which values (Python values by field name), and the process variables
    the task sees."""

    task: TaskRow
    principal: Principal
    values: Mapping[str, Any]
    variables: Mapping[str, Any]
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

    def rows(self, name: str) -> list[Mapping[str, Any]]:
        """The rows of a table field."""
        return list(self.values.get(name) or [])


def refuse(field: str, message: Any) -> FieldErrors:
    """A refusal at one field, to be raised."""
    return FieldErrors({field: [message]})


def move(complaint: Complaint, state: ComplaintState) -> None:
    """Change the state along :data:`MOVES`; staying is always allowed. Raises ValueError for a forbidden move."""
    current = ComplaintState(complaint.state)
    if state != current and state not in MOVES[current]:
        raise ValueError(f"complaint {complaint.number}: {current} → {state}")
    complaint.state = state.value


def record(session: Session, complaint: Complaint, step: Step, confidential: Iterable[str]) -> ComplaintStep:
    """Keep the completed step for ever, the confidential fields apart."""
    kept_apart = set(confidential)
    values = {name: formkit.as_json(value) for name, value in step.values.items()}
    row = ComplaintStep(
        number=complaint.number,
        task_id=step.task.id,
        node_id=step.task.node_id,
        name=step.task.name,
        definition_id=step.task.definition_id,
        form_key=step.task.form_key or "",
        round=complaint.round,
        actor=step.actor,
        department_key=step.principal.department_key or None,
        created_at=step.task.created_at,
        at=step.at,
        outcome="" if "outcome" in kept_apart else step.outcome,
        values={name: value for name, value in values.items() if name not in kept_apart},
        confidential={name: value for name, value in values.items() if name in kept_apart},
    )
    session.add(row)
    session.flush()
    return row


def handlers_of(session: Session, number: str, *also: str) -> list[str]:
    """Everybody who worked on the case in steps 4 to 7, in any round, and ``also``."""
    statement = select(ComplaintStep.actor).where(
        ComplaintStep.number == number, ComplaintStep.node_id.in_(HANDLING_NODES)
    )
    return sorted({*session.scalars(statement), *also})
