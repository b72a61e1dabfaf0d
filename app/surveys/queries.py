"""Surveys as rows: how far each is, what was answered, and which task calls whom."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, case, false, func, select
from sqlalchemy.orm import Session

from app.customers.models import Customer, CustomerOrder
from app.security import Principal, scope
from app.surveys.models import CallState, Survey, SurveyCall
from engine import tables

PROCESS_KEY = "survey_calls"
LATEST = 100


@dataclass(frozen=True, slots=True)
class Standing:
    """A survey and its calls: how many are on the list, answered and not yet made. ``mean``: of the grades 1 to 5,
    ``content``: percent of the answers with grade 4 or 5; None before the first answer."""

    survey: Survey
    listed: int
    answered: int
    waiting: int
    mean: float | None
    content: float | None


@dataclass(frozen=True, slots=True)
class CallRow:
    """A call with its customer, and the open task in which it is made."""

    call: SurveyCall
    customer: str
    task_id: str | None
    assignee: str | None


def visible(principal: Principal, *, by_tasks: bool = True) -> Select[str]:
    """Numbers of the surveys this person may see: all for who manages them, else those with a call of theirs."""
    statement = select(Survey.number)
    if principal.has("survey.manage"):
        return statement
    if not by_tasks:
        return statement.where(false())
    return statement.where(Survey.number.in_(scope.business_keys_of_own_tasks(principal, PROCESS_KEY)))


def standings(session: Session, number: str | None = None) -> list[Standing]:
    """The latest surveys, or one (ix_survey_opened_at_number)."""
    answered = SurveyCall.state == CallState.ANSWERED.value

    def sum_of(condition: Any) -> Any:
        return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)

    statement = (
        select(
            Survey,
            func.count(SurveyCall.id),
            sum_of(answered),
            sum_of(SurveyCall.state == CallState.WAITING.value),
            func.avg(SurveyCall.satisfaction),
            sum_of(SurveyCall.satisfaction >= 4),
        )
        .outerjoin(SurveyCall, SurveyCall.number == Survey.number)
        .group_by(*Survey.__table__.columns)
        .order_by(Survey.opened_at.desc(), Survey.number.desc())
        .limit(LATEST)
    )
    if number is not None:
        statement = statement.where(Survey.number == number)
    return [
        Standing(
            survey,
            listed,
            int(done),
            int(waiting),
            None if mean is None else round(float(mean), 2),
            round(100 * int(content) / int(done), 1) if done else None,
        )
        for survey, listed, done, waiting, mean, content in session.execute(statement)
    ]


def grades(session: Session, number: str) -> dict[int, int]:
    """How often each grade was given, the best first."""
    statement = select(SurveyCall.satisfaction, func.count()).where(
        SurveyCall.number == number, SurveyCall.satisfaction.is_not(None)
    )
    counts = {row[0]: row[1] for row in session.execute(statement.group_by(SurveyCall.satisfaction))}
    return {grade: counts.get(grade, 0) for grade in (5, 4, 3, 2, 1)}


def calls(session: Session, survey: Survey) -> list[CallRow]:
    """Every call in the order of the list, with its open task (unique index number, customer_id)."""
    task = tables.user_task
    open_tasks = select(task.c.id, task.c.assignee, task.c.local_variables).where(
        task.c.instance_id == survey.instance_id, tables.IS_OPEN
    )
    by_call = {row.local_variables.get("call_id"): row for row in session.execute(open_tasks)}
    statement = (
        select(SurveyCall, Customer.name)
        .join(Customer, Customer.id == SurveyCall.customer_id)
        .where(SurveyCall.number == survey.number)
        .order_by(SurveyCall.id)
    )
    found = []
    for call, name in session.execute(statement):
        row = by_call.get(call.id)
        found.append(CallRow(call, name, row.id if row else None, row.assignee if row else None))
    return found


def answered(session: Session, number: str) -> int:
    """How many have answered."""
    statement = select(func.count()).where(SurveyCall.number == number, SurveyCall.state == CallState.ANSWERED.value)
    return int(session.scalar(statement) or 0)


def candidates(session: Session, classes: list[str], region: str, product_id: int | None) -> list[int]:
    """Ids of the customers of these value classes (none named: all), in the region, with the product."""
    statement = select(Customer.id).order_by(Customer.id)
    if classes:
        statement = statement.where(Customer.value_class.in_(classes))
    if region:
        statement = statement.where(Customer.region == region)
    if product_id is not None:
        bought = select(CustomerOrder.customer_id).where(CustomerOrder.product_id == product_id)
        statement = statement.where(Customer.id.in_(bought))
    return list(session.scalars(statement))


def regions(session: Session) -> list[str]:
    """Every region with a customer."""
    statement = select(Customer.region).where(Customer.region != "").distinct().order_by(Customer.region)
    return list(session.scalars(statement))
