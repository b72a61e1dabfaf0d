"""The matter as business object: what the inbox and the REST dialects know of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

import engine
from app import files, formkit
from app.business_objects import FilledForm, FormContext, Started, Summary
from app.customers.models import Customer
from app.errors import FieldErrors, NotAllowedHere, NotVisible
from app.matters import queries
from app.matters.models import Matter
from app.matters.service import closing, intake, messages, prefill, routing
from app.matters.service.steps import Step, record
from app.security import Principal
from engine import DefinitionRow, TaskRow

FIRST_TASK = "register"
FIRST_FORM = "cco_routing/register"
TITLE_LENGTH = 80

StepFunction = Callable[[Session, Matter, Step], dict[str, Any]]
STEPS: Mapping[str, StepFunction] = {
    "register": intake.complete_register,
    "classify": routing.classify,
    "handle_matter": routing.work,
    "answer_technical": routing.work,
    "cco_decide": routing.cco_decide,
    "reply_customer": closing.reply_customer,
    "verify_with_customer": closing.verify_with_customer,
}
"""What completing each user task of the process writes. Of a step a designer added the record is all there is."""


class MatterObject:
    """Implements :class:`app.business_objects.BusinessObject` for the process ``cco_routing``."""

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
        """Take a matter in: complete, with `register` done in the same commit; or waiting at `register`."""
        if not principal.has("matter.register"):
            raise NotAllowedHere("matter.register")
        definition = engine.queries.latest_definition(session, self.process_key)
        try:
            with session.begin_nested():  # a refused contact leaves no number behind, whoever catches the refusal
                return _start_registered(session, principal, definition, values, source)
        except FieldErrors as refused:
            if not may_wait or _wrong(values, refused):
                raise
        intake.refuse_known_reference(session, source, str(values.get("source_reference") or "").strip())
        matter = intake.create(session, principal, source=source)
        intake.keep_incomplete(session, matter, values)
        result = engine.execute(session, _start_command(session, principal, matter))
        matter.instance_id = result.instance_id
        session.flush()
        return Started(matter.number, str(result.instance_id), completed_first=False)

    def prepare(self, session: Session, principal: Principal, values: Mapping[str, Any]) -> str:
        """A matter that another process is about to call: its words are kept, the rest is prefill of `register`."""
        matter = intake.create(session, principal, source="process")
        intake.keep_incomplete(session, matter, values)
        return matter.number

    def start_url(self, principal: Principal) -> str | None:
        """The front desk, for who may take matters in."""
        return "/matters/desk" if principal.has("matter.register") else None

    def visible_keys(self, principal: Principal, *, by_tasks: bool = True, one_by_one: bool = False) -> Select[str]:
        """Numbers of the matters this person may see."""
        return queries.visible(principal, by_tasks=by_tasks, one_by_one=one_by_one)

    def context(self, session: Session, task: TaskRow, principal: Principal) -> FormContext:
        """Prefill and limits of the task's form."""
        return prefill.context(session, _matter(session, task.business_key), task, principal)

    def complete(self, session: Session, task: TaskRow, principal: Principal, bound: FilledForm) -> dict[str, Any]:
        """Write the rows of this step and its immutable record."""
        matter = _matter(session, task.business_key, lock=True)
        step = Step(task, principal, bound.values, engine.now(session))
        record(session, matter, step)
        write = STEPS.get(task.node_id)
        extra = write(session, matter, step) if write else {}
        session.flush()
        return extra

    def summary(self, session: Session, business_key: str, principal: Principal) -> Summary:
        """Row text and link."""
        found = self.summaries(session, [business_key], principal).get(business_key)
        if found is None:
            raise NotVisible
        return found

    def summaries(self, session: Session, business_keys: list[str], principal: Principal) -> dict[str, Summary]:
        """Row texts of a page of matters."""
        who = (Customer.name, Matter.caller_company, Matter.caller_name)
        statement = (
            select(Matter.number, Matter.summary, Matter.verbatim, *who)
            .outerjoin(Customer, Customer.id == Matter.customer_id)
            .where(Matter.number.in_(business_keys))
        )
        return {
            number: Summary(
                title=_title(summary or verbatim or number),
                subtitle=number,
                url=f"/matters/{number}",
                customer=next(filter(None, names), ""),
            )
            for number, summary, verbatim, *names in session.execute(statement)
        }

    def side_panel(self, session: Session, business_key: str, principal: Principal) -> str | None:
        """The fragment beside a task of this matter."""
        return f"/matters/{business_key}/panel"

    def message(
        self,
        session: Session,
        principal: Principal,
        name: str,
        business_key: str,
        variables: Mapping[str, Any],
    ) -> dict[str, Any]:
        """Check message ``name`` and write its rows, before it is correlated."""
        if queries.visible_matter(session, principal, business_key) is None:
            raise NotVisible
        return messages.receive(session, principal, _matter(session, business_key, lock=True), name, variables)


def _title(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= TITLE_LENGTH else f"{line[: TITLE_LENGTH - 1]}…"


def _wrong(values: Mapping[str, Any], refused: FieldErrors) -> bool:
    """Whether something given was refused, and not only something missing: a wrong value does not wait, it is corrected
    where it came from."""
    given = {name for name, value in values.items() if value not in (None, "", [])}
    return any(name == "" or name.partition(".")[0] in given for name in refused.errors)


def _start_registered(
    session: Session, principal: Principal, definition: DefinitionRow, values: Mapping[str, Any], source: str
) -> Started:
    document = formkit.load(session, definition.id, FIRST_FORM)
    bound = formkit.bind(document, values, overrides={}, groups=principal.groups, facts={})
    matter = intake.create(session, principal, source=source)
    taken_in_by = matter.department
    attached = formkit.files_in(document, bound.values)
    files.attach(session, principal, attached, process_key=queries.PROCESS_KEY, business_key=matter.number)
    variables = {**bound.variables, **intake.record(session, matter, bound.values)}
    command = replace(
        _start_command(session, principal, matter), complete_task=FIRST_TASK, complete_variables=variables
    )
    result = engine.execute(session, command)
    matter.instance_id = result.instance_id
    task = next(row for row in engine.queries.tasks_of(session, str(result.instance_id)) if row.node_id == FIRST_TASK)
    record(session, matter, Step(task, principal, bound.values, engine.now(session)), taken_in_by)
    return Started(matter.number, str(result.instance_id), completed_first=True)


def _start_command(session: Session, principal: Principal, matter: Matter) -> engine.StartProcess:
    return engine.StartProcess(
        process_key=queries.PROCESS_KEY,
        business_key=matter.number,
        title=intake.title(session, matter),
        variables={"matter_id": matter.number},
        actor=principal.login,
    )


def _matter(session: Session, number: str | None, *, lock: bool = False) -> Matter:
    found = session.get(Matter, number, with_for_update=lock) if number else None
    if found is None:
        raise NotVisible
    return found
