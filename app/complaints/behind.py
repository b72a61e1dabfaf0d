"""The complaints a figure counts: the list, found by what figures count."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, Select, and_, or_, select
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from app.accounts import queries as accounts
from app.complaints import labels, lists, queries
from app.complaints.courses import GRADES, NOT_ASKED, UNREACHABLE
from app.complaints.figures import NONE, centres
from app.complaints.models import CauseCode, Complaint, ComplaintMeasure
from app.customers.models import Customer
from app.security import Principal
from app.web.i18n import language
from app.web.lists import ChoiceFilter, DateFilter, FlagFilter, ListSpec
from app.web.lists.filters import BoundFilter, FilterContext, clean

LARGEST = 2**31 - 1


@dataclass(frozen=True, slots=True)
class NumberFilter:
    """A whole number that only a figure leads to: no field of its own while it is not asked for."""

    name: str
    label: Any
    condition: Callable[[int], ColumnElement[bool]]

    def parameters(self) -> tuple[str, ...]:
        """One parameter."""
        return (self.name,)

    def bind(self, arguments: MultiDict[str, str], context: FilterContext) -> BoundFilter:
        """What ``condition`` says about the number; something else is named."""
        value = clean(arguments.get(self.name, ""))
        if not value:
            return BoundFilter(self.name, str(self.label), "none")
        if not value.isdecimal() or int(value) > LARGEST:
            return BoundFilter(self.name, str(self.label), "text", (value,), error=_("Give a whole number."))
        return BoundFilter(self.name, str(self.label), "text", (value,), condition=self.condition(int(value)))


def causes(session: Session) -> dict[str, str]:
    """Code → name of every cause there ever was."""
    rows = session.scalars(select(CauseCode).order_by(CauseCode.position, CauseCode.code))
    return {row.code: row.name if language() == "zh" else row.name_en or row.name for row in rows}


def departments(session: Session) -> dict[str, str]:
    """Key → name of every department."""
    return {row.key: row.name(language()) for row in accounts.departments(session)}


def answers() -> dict[str, str]:
    """What customers said when they were asked whether they are content, in order."""
    words = (_("Very satisfied"), _("Satisfied"), _("Neither"), _("Dissatisfied"), _("Very dissatisfied"))
    grades = {str(grade): f"{grade} {word}" for grade, word in zip(GRADES, words, strict=True)}
    return grades | {UNREACHABLE: _("Could not be reached"), NOT_ASKED: _("Not asked")}


def _select(session: Session, principal: Principal) -> Select[*tuple[Any, ...]]:
    measured = ComplaintMeasure.number == Complaint.number
    return (
        select(Complaint, Customer.name)
        .outerjoin(Customer, Customer.id == Complaint.customer_id)
        .outerjoin(ComplaintMeasure, measured)
        .where(queries.counted(principal))
    )


def _with_none(options: Callable[[Session], dict[str, str]]) -> Callable[[Session], labels.Options]:
    return lambda session: [*options(session).items(), (NONE, _("Not known yet"))]


def _is(expression: Any) -> Callable[[Sequence[str]], ColumnElement[bool]]:
    """One of the values, or with the last option none."""
    return lambda chosen: or_(expression.is_(None), expression == "") if NONE in chosen else expression.in_(chosen)


def _answered(chosen: Sequence[str]) -> ColumnElement[bool]:
    nothing = ComplaintMeasure.satisfaction.is_(None)
    if chosen[0] == UNREACHABLE:
        return and_(nothing, ComplaintMeasure.visits > 0)
    if chosen[0] == NOT_ASKED:
        return and_(nothing, ComplaintMeasure.visits == 0)
    return ComplaintMeasure.satisfaction == int(chosen[0])


@dataclass(frozen=True, slots=True)
class CentreFilter:
    """Complaints of the customers of a marketing centre and of the offices below it."""

    name: str
    label: Any

    def parameters(self) -> tuple[str, ...]:
        """One parameter."""
        return (self.name,)

    def bind(self, arguments: MultiDict[str, str], context: FilterContext) -> BoundFilter:
        """Like a choice; which departments a centre has is asked of the organisation."""
        inside, names = centres(context.session), departments(context.session)
        choice = ChoiceFilter(
            self.name,
            self.label,
            [(key, names[key]) for key in inside],
            condition=lambda chosen: Complaint.customer_id.in_(
                select(Customer.id).where(Customer.department_key.in_(inside[chosen[0]]))
            ),
        )
        return choice.bind(arguments, context)


BEHIND: ListSpec[lists.ComplaintLine] = replace(
    lists.COMPLAINTS,
    name="behind",
    title=_l("Complaints behind the figure"),
    select=_select,
    filters=(
        ChoiceFilter("state", _l("State"), lambda _s: labels.options(labels.states()), Complaint.state),
        ChoiceFilter(
            "class",
            _l("Class"),
            _with_none(lambda session: labels.of_field(session, "complaint_class")),
            condition=_is(Complaint.complaint_class),
        ),
        ChoiceFilter(
            "department", _l("Department"), _with_none(departments), condition=_is(Complaint.responsible_department)
        ),
        ChoiceFilter("cause", _l("Cause"), _with_none(causes), condition=_is(Complaint.cause_code)),
        CentreFilter("centre", _l("Centre")),
        ChoiceFilter("answer", _l("Satisfaction"), lambda _s: labels.options(answers()), condition=_answered),
        DateFilter("received", _l("Received"), Complaint.received_at),
        DateFilter("closed", _l("Closed at"), ComplaintMeasure.closed_at),
        FlagFilter("first_time", _l("Right the first time"), lambda _c: ComplaintMeasure.first_time.is_(True)),
        NumberFilter("steps", _l("Steps, at least"), lambda count: ComplaintMeasure.steps >= count),
        NumberFilter("customer_id", _l("Number of the customer"), lambda number: Complaint.customer_id == number),
    ),
)
"""Only those with exactly what the figure counted."""
