"""The complaint as business object: what the inbox and the REST dialects know of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

import engine
from app import files, formkit
from app.business_objects import BusinessObjects, FilledForm, FormContext, Started, Summary
from app.complaints import labels, queries
from app.complaints.models import Complaint
from app.complaints.service import (
    carrying_out,
    closing,
    intake,
    judging,
    measuring,
    messages,
    prefill,
    solving,
    suggesting,
)
from app.complaints.service.steps import Step, record
from app.customers.models import Customer
from app.errors import FieldErrors, NotAllowedHere, NotVisible
from app.security import Principal
from engine import DefinitionRow, TaskRow

FIRST_TASK = "record"
FIRST_FORM = "complaint/record"
PREPARED = "process"
"""The source of a complaint that came out of another process."""

StepFunction = Callable[[Session, Complaint, Step], dict[str, Any]]
STEPS: Mapping[str, StepFunction] = {
    "record": intake.complete_record,
    "judge": judging.judge,
    "assign_department": judging.assign_department,
    "analyse_cause": solving.analyse_cause,
    "contribute_analysis": solving.contribute_analysis,
    "propose_solution": solving.propose_solution,
    "approve_solution": solving.approve_solution,
    "take_containment": solving.take_containment,
    "perform_action": carrying_out.perform_action,
    "pay_compensation": carrying_out.pay_compensation,
    "decide_penalty": carrying_out.decide_penalty,
    "hear_appeal": carrying_out.hear_appeal,
    "return_visit": closing.return_visit,
    "evaluate": closing.evaluate,
    "thank_customer": closing.keep_as_recorded,
    "review_withdrawal": closing.keep_as_recorded,
}
"""What completing each user task of the process writes. Of a step a designer added the record is all there is."""


class ComplaintObject:
    """Implements :class:`app.business_objects.BusinessObject` for the process ``complaint``."""

    process_key = queries.PROCESS_KEY

    def __init__(self, others: BusinessObjects | None = None) -> None:
        """``others``: where leads are found, for what a satisfied customer wants next."""
        self._others = others or BusinessObjects()

    def start(
        self,
        session: Session,
        principal: Principal,
        values: Mapping[str, Any],
        *,
        source: str = "form",
        may_wait: bool = False,
    ) -> Started:
        """Register a complaint: complete, with `record` done in the same commit; or waiting at `record`."""
        if not principal.has("complaint.register"):
            raise NotAllowedHere("complaint.register")
        definition = engine.queries.latest_definition(session, self.process_key)
        try:
            with session.begin_nested():  # a refused registration leaves no number behind, whoever catches the refusal
                return _start_recorded(session, principal, definition, values, source)
        except FieldErrors as refused:
            if not may_wait or _wrong(values, refused):
                raise
        return _start_waiting(session, principal, definition, values, source)

    def prepare(self, session: Session, principal: Principal, values: Mapping[str, Any]) -> str:
        """A complaint that another process is about to call: its words are kept, the rest is prefill of `record`."""
        definition = engine.queries.latest_definition(session, self.process_key)
        version = f"v{definition.version}"
        complaint = intake.create(session, principal.login, source=PREPARED, policy_version=version)
        intake.keep_prepared(session, complaint, values)
        return complaint.number

    def start_url(self, principal: Principal) -> str | None:
        """The page to register a complaint, for who may."""
        return "/complaints/new" if principal.has("complaint.register") else None

    def visible_keys(self, principal: Principal, *, by_tasks: bool = True, one_by_one: bool = False) -> Select[str]:
        """Numbers of the complaints this person may see."""
        return queries.visible(principal, by_tasks=by_tasks, one_by_one=one_by_one)

    def context(self, session: Session, task: TaskRow, principal: Principal) -> FormContext:
        """Prefill and limits of the task's form."""
        return prefill.context(session, _complaint(session, task.business_key), task, principal)

    def complete(self, session: Session, task: TaskRow, principal: Principal, bound: FilledForm) -> dict[str, Any]:
        """Write the rows of this step and its immutable record."""
        complaint = _complaint(session, task.business_key, lock=True)
        variables = prefill.visible_variables(session, task)
        if task.node_id == "assign_department":
            complaint.proposed_department = variables.get("proposed_department")
        step = Step(task, principal, bound.values, variables, engine.now(session))
        record(session, complaint, step, confidential_fields(session, task))
        extra = STEPS.get(task.node_id, closing.keep_as_recorded)(session, complaint, step)
        if task.node_id == "return_visit":
            suggesting.suggest(session, self._others, principal, complaint, step)
        measuring.measure(session, complaint)
        session.flush()
        return extra

    def summary(self, session: Session, business_key: str, principal: Principal) -> Summary:
        """Row text and link."""
        found = self.summaries(session, [business_key], principal).get(business_key)
        if found is None:
            raise NotVisible
        return found

    def summaries(self, session: Session, business_keys: list[str], principal: Principal) -> dict[str, Summary]:
        """Row texts of a page of complaints."""
        statement = (
            select(Complaint.number, Complaint.summary, Complaint.verbatim, Customer.name)
            .outerjoin(Customer, Customer.id == Complaint.customer_id)
            .where(Complaint.number.in_(business_keys))
        )
        return {
            number: Summary(
                title=labels.title(summary, verbatim),
                subtitle=number,
                url=f"/complaints/{number}",
                customer=name or "",
            )
            for number, summary, verbatim, name in session.execute(statement)
        }

    def side_panel(self, session: Session, business_key: str, principal: Principal) -> str | None:
        """The fragment beside a task of this complaint."""
        return f"/complaints/{business_key}/panel"

    def message(
        self,
        session: Session,
        principal: Principal,
        name: str,
        business_key: str,
        variables: Mapping[str, Any],
    ) -> dict[str, Any]:
        """Check message ``name`` and write its rows, before it is correlated."""
        if queries.visible_complaint(session, principal, business_key) is None:
            raise NotVisible
        return messages.receive(session, principal, _complaint(session, business_key, lock=True), name, variables)


def confidential_fields(session: Session, task: TaskRow) -> frozenset[str]:
    """Names under which the task's form keeps what not everybody may see."""
    if not task.form_key:
        return frozenset()
    return formkit.load(session, task.definition_id, task.form_key).confidential_names()


def _wrong(values: Mapping[str, Any], refused: FieldErrors) -> bool:
    """Whether something given was refused, and not only something missing: a wrong value does not wait, it is corrected
    where it came from."""
    given = {name for name, value in values.items() if value not in (None, "", [])}
    if "sub_code" in given:
        given |= {name for name in refused.errors if name.startswith("sub_code_")}
    return any(name == "" or name.partition(".")[0] in given for name in refused.errors)


def _start_waiting(
    session: Session, principal: Principal, definition: DefinitionRow, values: Mapping[str, Any], source: str
) -> Started:
    intake.refuse_known_reference(session, source, str(values.get("customer_reference") or "").strip())
    complaint = intake.create(session, principal.login, source=source, policy_version=f"v{definition.version}")
    intake.keep_incomplete(session, complaint, values)
    result = engine.execute(session, _start_command(session, principal, complaint))
    complaint.instance_id = result.instance_id
    session.flush()
    return Started(complaint.number, str(result.instance_id), completed_first=False)


def _start_recorded(
    session: Session, principal: Principal, definition: DefinitionRow, values: Mapping[str, Any], source: str
) -> Started:
    document = formkit.load(session, definition.id, FIRST_FORM)
    bound = formkit.bind(document, values, overrides={}, groups=principal.groups, facts={})
    complaint = intake.create(session, principal.login, source=source, policy_version=f"v{definition.version}")
    attached = formkit.files_in(document, bound.values)
    files.attach(session, principal, attached, process_key=queries.PROCESS_KEY, business_key=complaint.number)
    variables = {**bound.variables, **intake.record(session, complaint, bound.values)}
    command = replace(
        _start_command(session, principal, complaint), complete_task=FIRST_TASK, complete_variables=variables
    )
    result = engine.execute(session, command)
    complaint.instance_id = result.instance_id
    task = next(row for row in engine.queries.tasks_of(session, str(result.instance_id)) if row.node_id == FIRST_TASK)
    step = Step(task, principal, bound.values, variables, engine.now(session))
    record(session, complaint, step, confidential_fields(session, task))
    measuring.measure(session, complaint)
    return Started(complaint.number, str(result.instance_id), completed_first=True)


def _start_command(session: Session, principal: Principal, complaint: Complaint) -> engine.StartProcess:
    return engine.StartProcess(
        process_key=queries.PROCESS_KEY,
        business_key=complaint.number,
        title=intake.title(session, complaint),
        variables={"complaint_id": complaint.number},
        actor=principal.login,
    )


def _complaint(session: Session, number: str | None, *, lock: bool = False) -> Complaint:
    found = session.get(Complaint, number, with_for_update=lock) if number else None
    if found is None:
        raise NotVisible
    return found
