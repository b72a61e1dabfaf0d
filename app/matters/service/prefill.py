"""What each step's form starts with, and the limits that depend on the matter."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

import engine
from app import formkit
from app.accounts import queries as accounts
from app.accounts.in_forms import with_departments
from app.business_objects import FormContext
from app.customers import queries as customers
from app.matters import labels, queries
from app.matters.models import Matter
from app.matters.service import data_age
from app.matters.service.holding import by_whom
from app.security import Principal
from app.web.i18n import language
from engine import TaskRow

SIMILAR_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Asked:
    """Whose form of which task of which matter; ``variables`` are those the task sees."""

    matter: Matter
    task: TaskRow
    principal: Principal
    variables: Mapping[str, Any]


def context(session: Session, matter: Matter, task: TaskRow, principal: Principal) -> FormContext:
    """Prefill and limits of the form of ``task``."""
    build = _BUILDERS.get(task.node_id)
    if build is None:
        return FormContext()
    instance = engine.queries.instance(session, task.instance_id)
    found = build(session, Asked(matter, task, principal, {**instance.variables, **task.local_variables}))
    # what the form starts with is what its conditions and its read-only fields are checked against
    return FormContext(found.values, found.overrides, found.values)


def next_contact(session: Session, *, customer_id: int | None = None, phone: str = "") -> dict[str, Any]:
    """The form `register` for somebody who calls again, as far as the last contact says: who, how, about what, and
    where it stopped."""
    last = queries.last_contact(session, customer_id=customer_id, phone=phone)
    before = queries.matter(session, last.number) if last else None
    if last is None or before is None:
        return {}
    values = {
        "last_contact": _break_point(session, last),
        "channel": before.channel,
        "customer_id": _text(before.customer_id),
        "contact_id": _text(before.contact_id),
        "caller_name": before.caller_name,
        "caller_phone": before.caller_phone,
        "caller_company": before.caller_company,
        "product_id": _text(before.product_id),
    }
    return {name: value for name, value in values.items() if value}


def _register(session: Session, asked: Asked) -> FormContext:
    matter = asked.matter
    given = matter.intake
    before = _last_contact(session, matter, str(given.get("caller_phone") or ""))
    values = {"last_contact": before, **given}
    if matter.verbatim is None:
        return FormContext(values)
    return FormContext({**values, "verbatim": matter.verbatim}, {"verbatim": {"readonly": True}})


def _classify(session: Session, asked: Asked) -> FormContext:
    matter = asked.matter
    proposed = asked.variables.get("proposed_kind")
    values = {
        "verbatim_shown": matter.verbatim,
        "last_contact": _last_contact(session, matter, matter.caller_phone),
        "proposed_kind": proposed,
        "kind": proposed,
        "region": matter.region or None,
        "product_id": _text(matter.product_id),
        "data_age": _data_age(session, matter, asked.task.definition_id),
    }
    return FormContext(values)


def _work(session: Session, asked: Asked) -> FormContext:
    matter = asked.matter
    values = {
        "verbatim_shown": matter.verbatim,
        "history": history(session, matter),
        "similar": _similar(session, matter),
        "next_step": matter.next_step,
    }
    document = with_departments(session, formkit.load(session, asked.task.definition_id, asked.task.form_key or ""))
    field = document.field("next_department")
    others = [item.as_json() for item in (field.options or ()) if item.value != matter.department] if field else []
    known = {item.name for item in document.fields}
    return FormContext(
        {name: value for name, value in values.items() if name in known}, {"next_department": {"options": others}}
    )


def _cco_decide(session: Session, asked: Asked) -> FormContext:
    matter = asked.matter
    hours = asked.variables.get("hours")
    return FormContext(
        {"verbatim_shown": matter.verbatim, "history": history(session, matter), "hours": int(hours) if hours else None}
    )


def _reply_customer(session: Session, asked: Asked) -> FormContext:
    matter = asked.matter
    return FormContext(
        {
            "verbatim_shown": matter.verbatim,
            "answer_shown": matter.answer,
            "channel": matter.channel,
            "reply": matter.answer,
            "next_step": matter.next_step,
        }
    )


def _verify_with_customer(session: Session, asked: Asked) -> FormContext:
    matter = asked.matter
    product = customers.product(session, matter.product_id)
    recorded = {
        _("Caller"): matter.caller_name,
        _("Phone"): matter.caller_phone,
        _("Company"): queries.customer_name(session, matter.customer_id) or matter.caller_company,
        _("Product"): product.title(language()) if product else "",
        _("Summary"): matter.summary,
        _("Reply"): matter.reply,
    }
    rows = [{"fact": fact, "recorded": value[:500]} for fact, value in recorded.items() if value]
    return FormContext({"verbatim_shown": matter.verbatim, "facts": rows})


def history(session: Session, matter: Matter) -> str:
    """What happened so far, a line each: every move with its reason, and the answer."""
    moves = queries.transfers(session, matter.number)
    keys = {key for row in moves for key in (row.from_department, row.to_department)}
    names = accounts.department_names(session, keys, language())
    people = accounts.display_names(session, {row.actor for row in moves} | {matter.answered_by or ""})
    lines = [
        f"{_moment(session, row.at)} · {names[row.from_department]} → {names[row.to_department]}"
        f"{_by(row.actor, people)}{_because(row.reason)}"
        for row in moves
    ]
    if matter.answer and matter.answered_at and matter.answered_by:
        by = people.get(matter.answered_by, matter.answered_by)
        lines.append(f"{_moment(session, matter.answered_at)} · {by}{_because(matter.answer)}")
    lines += [f"{_moment(session, row.added_at)} · {row.text}" for row in queries.supplements(session, matter.number)]
    return "\n".join(lines)


def _by(login: str, people: Mapping[str, str]) -> str:
    name = by_whom(login, people)
    return f" · {name}" if name else ""


def _because(reason: str) -> str:
    return f"\n    {reason}" if reason else ""


def _similar(session: Session, matter: Matter) -> str:
    """The latest answers to questions of the same kind about the same product."""
    statement = (
        select(Matter.summary, Matter.answer)
        .where(
            Matter.kind == matter.kind,
            Matter.product_code == matter.product_code,
            Matter.answer != "",
            Matter.number != matter.number,
        )
        .order_by(Matter.number.desc())
        .limit(SIMILAR_SHOWN)
    )
    return "\n\n".join([f"{summary}\n    {answer}" for summary, answer in session.execute(statement)])


def _last_contact(session: Session, matter: Matter, phone: str) -> str:
    found = queries.last_contact(session, customer_id=matter.customer_id, phone=phone, before=matter.number)
    return _break_point(session, found) if found else ""


def _break_point(session: Session, last: queries.LastContact) -> str:
    """When, how, who, about what, how far, and what comes next."""
    who = accounts.display_names(session, [last.by], language()).get(last.by, last.by)
    how = labels.channels(session).get(last.channel) or last.channel
    far = labels.states().get(last.state) or last.state
    first = " · ".join((_moment(session, last.at), how, who, last.number, far))
    return "\n".join(filter(None, (first, last.summary, f"→ {last.next_step}" if last.next_step else "")))


def _data_age(session: Session, matter: Matter, definition_id: str) -> str:
    found = data_age.check(session, matter, definition_id)
    if found is None:
        return str(_("We don't know this customer."))
    names = {"phone": _("Phone"), "address": _("Address"), "contact": _("Contact"), "email": _("E-mail")}
    lines = [_("Last confirmed %(days)s days ago.", days=found.days)]
    if found.is_stale:
        lines.append(_("That is more than %(limit)s days: please ask the customer.", limit=found.limit))
    if found.missing:
        lines.append(_("Missing: %(fields)s.", fields=", ".join(names[name] for name in found.missing)))
    return " ".join(lines)


def _moment(session: Session, at: datetime) -> str:
    return f"{at.astimezone(ZoneInfo(engine.runtime(session).zone)):%Y-%m-%d %H:%M}"


def _text(value: int | None) -> str | None:
    return None if value is None else str(value)


_BUILDERS: Mapping[str, Callable[[Session, Asked], FormContext]] = {
    "register": _register,
    "classify": _classify,
    "handle_matter": _work,
    "answer_technical": _work,
    "cco_decide": _cco_decide,
    "reply_customer": _reply_customer,
    "verify_with_customer": _verify_with_customer,
}
