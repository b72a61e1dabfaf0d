"""The lead as business object: what the inbox, the REST dialects and other processes know of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

import engine
from app import formkit
from app.business_objects import FilledForm, FormContext, Started, Summary
from app.errors import FieldErrors, NotAllowedHere, NotVisible
from app.leads import queries
from app.leads.models import Lead
from app.leads.service import closing, following, intake, messages, ownership, prefill, qualifying
from app.leads.service.steps import Step, refuse
from app.security import Principal
from engine import DefinitionRow, TaskRow

FIRST_TASK = "qualify"
FIRST_FORM = "lead_followup/qualify"
QUALIFYING_GROUP = "customer_support"
PREPARED = "matter"
"""The source of a lead that came out of another process."""
ANY_OF = ("company", "contact_name", "phone", "email")
"""A lead of which none of these is known can't be reached."""


class LeadObject:
    """Implements :class:`app.business_objects.BusinessObject` for the process ``lead_followup``."""

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
        """Capture a lead. With ``outcome`` and everything required, by somebody who may qualify, `qualify` is done in
        the same commit; otherwise, with ``may_wait``, it waits there with what was given."""
        if not principal.has("lead.capture"):
            raise NotAllowedHere("lead.capture")
        definition = engine.queries.latest_definition(session, self.process_key)
        form = {name: value for name, value in values.items() if name not in intake.EXTRAS}
        try:
            if values.get("outcome"):
                _require_qualifier(principal)
            with session.begin_nested():  # a refused lead leaves no number behind, whoever catches the refusal
                return _start_qualified(session, principal, definition, form, values, source)
        except FieldErrors as refused:
            if not may_wait or _wrong(form, refused):
                raise
        _check_given(session, principal, definition, form)
        return _start_waiting(session, principal, values, source)

    def prepare(self, session: Session, principal: Principal, values: Mapping[str, Any]) -> str:
        """A lead that another process is about to call: what is given is prefill of `qualify`. ``department``: the
        centre it was routed to."""
        lead = intake.create(session, principal.login, source=PREPARED)
        intake.keep_given(session, lead, values)
        return lead.number

    def start_url(self, principal: Principal) -> str | None:
        """The page to capture a lead, for who may."""
        return "/leads/new" if principal.has("lead.capture") else None

    def visible_keys(self, principal: Principal, *, by_tasks: bool = True, one_by_one: bool = False) -> Select[str]:
        """Numbers of the leads this person may see."""
        return queries.visible(principal, by_tasks=by_tasks)

    def context(self, session: Session, task: TaskRow, principal: Principal) -> FormContext:
        """Prefill and limits of the task's form."""
        return prefill.context(session, _lead(session, task.business_key), task)

    def complete(self, session: Session, task: TaskRow, principal: Principal, bound: FilledForm) -> dict[str, Any]:
        """Write the rows of this step."""
        lead = _lead(session, task.business_key, lock=True)
        work = qualifying.qualify if task.node_id == FIRST_TASK else following.complete
        step = Step(task.definition_id, task.node_id, task.id, principal, bound.values, engine.now(session))
        extra = work(session, lead, step)
        session.flush()
        return extra

    def summary(self, session: Session, business_key: str, principal: Principal) -> Summary:
        """Row text and link."""
        found = self.summaries(session, [business_key], principal).get(business_key)
        if found is None:
            raise NotVisible
        return found

    def summaries(self, session: Session, business_keys: list[str], principal: Principal) -> dict[str, Summary]:
        """Row texts of a page of leads."""
        statement = select(Lead).where(Lead.number.in_(business_keys))
        return {
            lead.number: Summary(
                title=intake.title(lead) or lead.phone or lead.number,
                subtitle=lead.number,
                url=f"/leads/{lead.number}",
                customer=lead.company,
            )
            for lead in session.scalars(statement)
        }

    def side_panel(self, session: Session, business_key: str, principal: Principal) -> str | None:
        """The fragment beside a task of this lead."""
        return f"/leads/{business_key}/panel"

    def message(
        self,
        session: Session,
        principal: Principal,
        name: str,
        business_key: str,
        variables: Mapping[str, Any],
    ) -> dict[str, Any]:
        """Check message ``name`` and write its rows, before it is correlated."""
        return messages.receive(session, principal, ownership.locked(session, principal, business_key), name, variables)


def may_qualify(principal: Principal) -> bool:
    """Whether this person may complete `qualify` while capturing: customer support, and who imports lists."""
    return QUALIFYING_GROUP in principal.groups or principal.has("lead.import")


def _require_qualifier(principal: Principal) -> None:
    if not may_qualify(principal):
        raise NotAllowedHere("lead.import")


def _wrong(values: Mapping[str, Any], refused: FieldErrors) -> bool:
    """Whether something given was refused, and not only something missing: a wrong value does not wait, it is corrected
    where it came from."""
    given = {name for name, value in values.items() if value not in (None, "", [])}
    return any(name == "" or name.partition(".")[0] in given for name in refused.errors)


def _check_given(session: Session, principal: Principal, definition: DefinitionRow, values: Mapping[str, Any]) -> None:
    """Raise ``FieldErrors`` for values that are wrong, though it is not yet said whether it is a prospect."""
    document = formkit.load(session, definition.id, FIRST_FORM)
    assumed = {**values, "outcome": "qualified"}
    try:
        formkit.bind(document, assumed, overrides={}, groups=principal.groups, facts={})
    except FieldErrors as refused:
        if _wrong(values, refused):
            raise
    if not any(str(values.get(name) or "").strip() for name in ANY_OF):
        raise refuse("company", _l("Say who it is: company, contact or telephone number."))
    intake.product_code(session, values.get("product_id"))


def _start_waiting(session: Session, principal: Principal, values: Mapping[str, Any], source: str) -> Started:
    with session.begin_nested():
        lead = intake.create(session, principal.login, source=source)
        intake.keep_given(session, lead, values)
        return Started(lead.number, closing.begin(session, lead, actor=principal.login), completed_first=False)


def _start_qualified(
    session: Session,
    principal: Principal,
    definition: DefinitionRow,
    form: Mapping[str, Any],
    given: Mapping[str, Any],
    source: str,
) -> Started:
    document = formkit.load(session, definition.id, FIRST_FORM)
    bound = formkit.bind(document, form, overrides={}, groups=principal.groups, facts={})
    lead = intake.create(session, principal.login, source=source)
    intake.keep_given(session, lead, given)
    step = Step(definition.id, FIRST_TASK, None, principal, bound.values, engine.now(session))
    variables = {**bound.variables, **qualifying.qualify(session, lead, step)}
    command = engine.StartProcess(
        process_key=queries.PROCESS_KEY,
        business_key=lead.number,
        title=intake.title(lead),
        variables=closing.start_variables(lead),
        complete_task=FIRST_TASK,
        complete_variables=variables,
        actor=principal.login,
    )
    result = engine.execute(session, command)
    lead.instance_id = result.instance_id
    session.flush()
    return Started(lead.number, str(result.instance_id), completed_first=True)


def _lead(session: Session, number: str | None, *, lock: bool = False) -> Lead:
    found = session.get(Lead, number, with_for_update=lock) if number else None
    if found is None:
        raise NotVisible
    return found
