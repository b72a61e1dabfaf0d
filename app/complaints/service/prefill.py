"""What each step's form starts with, and the limits that depend on the case."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

import engine
from app import formkit
from app.accounts import queries as accounts
from app.business_objects import FormContext
from app.complaints import queries
from app.complaints.models import Complaint
from app.complaints.service import carrying_out, fairness
from app.complaints.service.solving import REFUSALS_ALLOWED
from app.security import Principal
from engine import TaskRow

HIGHEST_LEVEL = "cco"
"""Above this group nobody approves."""
Option = dict[str, Any]
CCO_ROUND = 3
"""From this round on the CCO handles the case and nobody refuses it."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Whose form of which task of which complaint; ``variables`` are those the task sees."""

    complaint: Complaint
    task: TaskRow
    principal: Principal
    variables: Mapping[str, Any]


def context(session: Session, complaint: Complaint, task: TaskRow, principal: Principal) -> FormContext:
    """Prefill and limits of the form of ``task``."""
    build = _BUILDERS.get(task.node_id)
    if build is None:
        return FormContext()
    found = build(session, Asked(complaint, task, principal, visible_variables(session, task)))
    # what the form starts with is what its conditions and its read-only fields are checked against
    return FormContext(found.values, found.overrides, found.values)


def visible_variables(session: Session, task: TaskRow) -> dict[str, Any]:
    """The process variables as the task sees them: those of the instance and its own on top."""
    instance = engine.queries.instance(session, task.instance_id)
    return {**instance.variables, **task.local_variables}


def option(value: str, zh: str, en: str) -> Option:
    """One option of a choice field."""
    return {"value": value, "label": {"zh": zh, "en": en or zh}}


def department_options(session: Session) -> list[Option]:
    """The departments that can work on tasks: each has a group of the same name with somebody in it."""
    staffed = {row.name for row in accounts.groups(session) if row.members}
    return [option(row.key, row.name_zh, row.name_en) for row in accounts.departments(session) if row.key in staffed]


def cause_options(session: Session) -> list[Option]:
    """The leaves of the tree of causes, each under the name of its branch; empty while no tree is kept."""
    rows = {row.code: row for row in queries.cause_codes(session)}
    parents = {row.parent_code for row in rows.values()}
    found = []
    for row in rows.values():
        if row.code in parents:
            continue
        parent = rows.get(row.parent_code or "")
        zh = f"{parent.name} / {row.name}" if parent else row.name
        en = f"{parent.name_en} / {row.name_en}" if parent else row.name_en
        found.append(option(row.code, zh, en))
    return found


def _limited(name: str, options: list[Option]) -> dict[str, dict[str, Any]]:
    """An override of the options of a field; none when there is nothing to choose from (the form's own stay)."""
    return {name: {"options": options}} if options else {}


def _without(session: Session, task: TaskRow, name: str, *values: str) -> dict[str, dict[str, Any]]:
    """An override that no longer offers ``values`` in a choice of the form."""
    field = formkit.load(session, task.definition_id, task.form_key or "").field(name)
    offered = field.options or () if field else ()
    return _limited(name, [item.as_json() for item in offered if item.value not in values])


def _record(session: Session, asked: Asked) -> FormContext:
    complaint = asked.complaint
    values = {"received_at": complaint.received_at, **complaint.intake}
    if complaint.verbatim is None:
        return FormContext(values)
    return FormContext({**values, "verbatim": complaint.verbatim}, {"verbatim": {"readonly": True}})


def _assign_department(session: Session, asked: Asked) -> FormContext:
    proposed = asked.variables.get("proposed_department")
    options = department_options(session)
    values = {"proposed_department": proposed, "departments": [proposed] if proposed else []}
    overrides = {**_limited("departments", options), **_limited("proposed_department", options)}
    return FormContext(values, overrides)


def _analyse_cause(session: Session, asked: Asked) -> FormContext:
    complaint = asked.complaint
    overrides = {**_limited("cause_code", cause_options(session)), **_limited("cause_department", _causers(session))}
    if complaint.refusals >= REFUSALS_ALLOWED or complaint.round >= CCO_ROUND:
        overrides |= _without(session, asked.task, "outcome", "refused")
    said = _last_values(session, complaint, ("assign_department", "approve_solution")).get("instruction")
    values = {
        "instruction": said or "",
        "cause_code": complaint.cause_code,
        "cause_department": complaint.cause_department or complaint.responsible_department,
    }
    return FormContext(values, overrides)


def _causers(session: Session) -> list[Option]:
    departments = department_options(session)
    return [*departments, option("none", "公司以外", "Outside the company")] if departments else []


def _contribute_analysis(session: Session, asked: Asked) -> FormContext:
    return FormContext(overrides=_limited("cause_code", cause_options(session)))


def _propose_solution(session: Session, asked: Asked) -> FormContext:
    complaint = asked.complaint
    usual = fairness.band(session, complaint.sub_code or "", complaint.number)
    values: dict[str, Any] = {
        "instruction": complaint.instruction,
        "approval_round": int(asked.variables.get("approval_round") or 0),
        "usual_from": usual.low if usual else None,
        "usual_to": usual.high if usual else None,
    }
    values |= _earlier_proposal(session, complaint)
    return FormContext(values, _remedy_override(session, complaint))


def _earlier_proposal(session: Session, complaint: Complaint) -> dict[str, Any]:
    """A returned solution is improved, not typed again; a new round starts with an empty form."""
    earlier = [step for step in queries.steps(session, complaint.number) if step.node_id == "propose_solution"]
    if not earlier or earlier[-1].round != complaint.round:
        return {}
    kept = ("remedies", "solution", "actions", "compensation", "deviation_reason", "prevention")
    return {name: value for name, value in earlier[-1].values.items() if name in kept}


def _remedy_override(session: Session, complaint: Complaint) -> dict[str, dict[str, Any]]:
    rows = queries.remedies(session)
    names = {row.code: (row.name, row.name_en) for row in rows}
    found = _limited("remedies", [option(code, zh, en) for code, (zh, en) in names.items()])
    best = fairness.suggestion(session, complaint.sub_code or "")
    if best is None:
        text = {"zh": "同类投诉不足五件，暂无建议。", "en": "Fewer than five like cases: no suggestion yet."}
    else:
        zh, en = names.get(best.remedy, (best.remedy, best.remedy))
        grade = f"{best.satisfaction:.1f}"
        text = {
            "zh": f"{best.cases} 件同类投诉中，“{zh}”的客户满意度最高（{grade} 分）。",
            "en": f"In {best.cases} like cases “{en}” satisfied customers most ({grade} of 5).",
        }
    found.setdefault("remedies", {})["help"] = text
    return found


def _approve_solution(session: Session, asked: Asked) -> FormContext:
    complaint = asked.complaint
    highest = asked.variables.get("approval_level") == HIGHEST_LEVEL
    return FormContext(
        {
            "containments": "\n".join(_containments(session, complaint)),
            "solution": complaint.solution,
            "compensation": complaint.compensation,
            "total_cost": complaint.total_cost,
        },
        _without(session, asked.task, "outcome", "raise_level") if highest else {},
    )


def _containments(session: Session, complaint: Complaint) -> list[str]:
    """What was asked for and what was done at once, in order."""
    asked = [
        (row.added_at, f"→ {row.text}")
        for row in queries.supplements(session, complaint.number)
        if row.kind == "containment"
    ]
    done = [
        (step.at, f"✓ {step.values.get('measure', '')}")
        for step in queries.steps(session, complaint.number)
        if step.node_id == "take_containment"
    ]
    return [text for _at, text in sorted(asked + done)]


def _perform_action(session: Session, asked: Asked) -> FormContext:
    action = carrying_out.action_of_task(session, asked.complaint, asked.variables)
    return FormContext({"action_title": action.description, "action_due": action.due_on})


def _pay_compensation(session: Session, asked: Asked) -> FormContext:
    approved = asked.complaint.approved_compensation
    values = {"approved_amount": approved, "paid_amount": approved}
    return FormContext(values, {"paid_amount": {"max": float(approved or 0)}})


def _decide_penalty(session: Session, asked: Asked) -> FormContext:
    complaint = asked.complaint
    login = complaint.responsible_person
    named = accounts.display_names(session, [login]).get(login, login) if login else complaint.no_person_reason
    return FormContext({"responsible_person": named, "employee": login})


def _hear_appeal(session: Session, asked: Asked) -> FormContext:
    appeal = carrying_out.open_appeal(session, asked.complaint.number)
    return FormContext({"appeal": appeal.reason if appeal else ""})


def _return_visit(session: Session, asked: Asked) -> FormContext:
    complaint = asked.complaint
    spoken = (complaint.summary or complaint.verbatim or "", complaint.solution)
    attempts = int(asked.variables.get("visit_attempts") or 0)
    return FormContext({"script": "\n\n".join(filter(None, spoken)), "visit_attempts": attempts})


def _evaluate(session: Session, asked: Asked) -> FormContext:
    return FormContext({"prevention": asked.complaint.prevention})


def _take_containment(session: Session, asked: Asked) -> FormContext:
    return FormContext({"request": _last_supplement(session, asked.complaint, "containment")})


def _review_withdrawal(session: Session, asked: Asked) -> FormContext:
    return FormContext({"withdrawal_reason": _last_supplement(session, asked.complaint, "withdrawn")})


def _last_supplement(session: Session, complaint: Complaint, kind: str) -> str:
    rows = [row.text for row in queries.supplements(session, complaint.number) if row.kind == kind]
    return rows[-1] if rows else ""


def _last_values(session: Session, complaint: Complaint, nodes: Iterable[str]) -> Mapping[str, Any]:
    wanted = set(nodes)
    rows = [step.values for step in queries.steps(session, complaint.number) if step.node_id in wanted]
    return rows[-1] if rows else {}


_BUILDERS: Mapping[str, Callable[[Session, Asked], FormContext]] = {
    "record": _record,
    "assign_department": _assign_department,
    "analyse_cause": _analyse_cause,
    "contribute_analysis": _contribute_analysis,
    "propose_solution": _propose_solution,
    "approve_solution": _approve_solution,
    "perform_action": _perform_action,
    "pay_compensation": _pay_compensation,
    "decide_penalty": _decide_penalty,
    "hear_appeal": _hear_appeal,
    "return_visit": _return_visit,
    "evaluate": _evaluate,
    "take_containment": _take_containment,
    "review_withdrawal": _review_withdrawal,
}
