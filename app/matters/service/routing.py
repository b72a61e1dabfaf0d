"""What kind of matter it is, and what the departments and the CCO do with it."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session

from app.matters.models import Matter, MatterState
from app.matters.service import copying, intake
from app.matters.service.steps import Step, refuse

TARGETS = {"technical": "technical_support", "complaint": "customer_support"}
"""Where the CCO's decision needs no department: who takes it up."""


def classify(session: Session, matter: Matter, step: Step) -> dict[str, Any]:
    """The call centre says what kind it is; the rules route by these facts."""
    matter.proposed_kind = str(step.values.get("proposed_kind") or matter.proposed_kind)
    matter.kind = step.text("kind")
    matter.summary = step.text("summary")
    matter.region = step.text("region")
    matter.amount = step.money("amount")
    if step.values.get("product_id") is not None or matter.product_id is None:
        intake.keep_product(session, matter, step.values.get("product_id"))
    if step.values.get("data_confirmed"):
        matter.data_confirmed_at = step.at
    matter.classified_at = step.at
    copying.copy(session, matter, step.chosen("copies"), step.actor)
    session.flush()
    intake.reindex(session, matter)
    return {"kind": matter.kind, **intake.facts(matter)}


def work(session: Session, matter: Matter, step: Step) -> dict[str, Any]:
    """A department answers, declines with a reason, or asks for help. It can't decline to itself."""
    if step.outcome == "declined" and step.text("next_department") == matter.department:
        raise refuse("next_department", _l("Your department has this matter already."))
    if step.outcome == "answered":
        matter.answer = step.text("answer")
        matter.answered_at, matter.answered_by = step.at, step.actor
        matter.state = MatterState.ANSWERED.value
    if step.text("next_step"):
        matter.next_step = step.text("next_step")
    copying.copy(session, matter, step.chosen("copies"), step.actor)
    return {}


def cco_decide(session: Session, matter: Matter, step: Step) -> dict[str, Any]:
    """The CCO says who has it; from here on nobody argues but by declining again, which comes straight back."""
    copying.copy(session, matter, step.chosen("copies"), step.actor)
    target = step.text("target")
    return {"department": TARGETS.get(target) or step.text("department")}
