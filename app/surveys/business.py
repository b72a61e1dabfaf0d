"""The survey as business object: what the inbox and the REST dialects know of a call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from app.business_objects import FilledForm, FormContext, Started, Summary
from app.customers import queries as customers
from app.errors import FieldErrors, NotAllowedHere, NotVisible
from app.security import Principal
from app.surveys import queries, service
from app.surveys.models import Survey, SurveyCall
from engine import MessageNotExpected, TaskRow


class SurveyObject:
    """Implements :class:`app.business_objects.BusinessObject` for the process ``survey_calls``."""

    process_key = queries.PROCESS_KEY

    def start(
        self,
        session: Session,
        principal: Principal,
        values: Mapping[str, Any],
        *,
        source: str = "form",
        may_wait: bool = False,
    ) -> Started:
        """Open a survey: ``title``, ``questions``, ``quota``; optional ``classes``, ``region``, ``product_id``."""
        if not principal.has("survey.manage"):
            raise NotAllowedHere("survey.manage")
        given = {name: str(value) for name, value in values.items() if name != "classes" and value is not None}
        wanted = service.plan(given, [str(one) for one in values.get("classes") or []])
        survey = service.open_survey(session, principal.login, wanted)
        return Started(survey.number, str(survey.instance_id), completed_first=False)

    def prepare(self, session: Session, principal: Principal, values: Mapping[str, Any]) -> str:
        """No process calls this one: what to ask is decided by a person."""
        raise FieldErrors({"": ["a survey is opened by a person"]})

    def start_url(self, principal: Principal) -> str | None:
        """The page where surveys are opened."""
        return "/surveys/new" if principal.has("survey.manage") else None

    def visible_keys(self, principal: Principal, *, by_tasks: bool = True, one_by_one: bool = False) -> Select[str]:
        """Numbers of the surveys this person may see."""
        return queries.visible(principal, by_tasks=by_tasks)

    def context(self, session: Session, task: TaskRow, principal: Principal) -> FormContext:
        """Whom to call and what to ask."""
        call = _call(session, task)
        customer = customers.customer(session, call.customer_id)
        people = customers.contacts(session, call.customer_id)
        contact = f"{people[0].name} {people[0].phone}".strip() if people else ""
        values = {
            "customer_shown": customer.name if customer else "",
            "contact_shown": contact or (customer.phone if customer else ""),
            "questions_shown": session.get_one(Survey, call.number).questions,
        }
        return FormContext(values=values)

    def complete(self, session: Session, task: TaskRow, principal: Principal, bound: FilledForm) -> dict[str, Any]:
        """Keep the answer; enough of them end the survey."""
        return {"answered": service.keep(session, _call(session, task), principal.login, bound.values)}

    def summary(self, session: Session, business_key: str, principal: Principal) -> Summary:
        """Row text and link."""
        found = self.summaries(session, [business_key], principal).get(business_key)
        if found is None:
            raise NotVisible
        return found

    def summaries(self, session: Session, business_keys: list[str], principal: Principal) -> dict[str, Summary]:
        """Row texts of a page of surveys."""
        statement = select(Survey.number, Survey.title).where(Survey.number.in_(business_keys))
        return {
            number: Summary(title=title, subtitle=number, url=f"/surveys/{number}", customer="")
            for number, title in session.execute(statement)
        }

    def side_panel(self, session: Session, business_key: str, principal: Principal) -> str | None:
        """The form says everything."""
        return None

    def message(
        self,
        session: Session,
        principal: Principal,
        name: str,
        business_key: str,
        variables: Mapping[str, Any],
    ) -> dict[str, Any]:
        """A survey waits for no message."""
        raise MessageNotExpected(name=name, correlation_key=business_key)


def _call(session: Session, task: TaskRow) -> SurveyCall:
    found = session.get(SurveyCall, task.local_variables.get("call_id"), with_for_update=True)
    if found is None or found.number != task.business_key:
        raise NotVisible
    return found
