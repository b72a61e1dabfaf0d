"""The front desk: one page from the ringing telephone to the classified matter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from flask import flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

import app.db as db
from app.customers import lookup
from app.errors import FieldErrors, NotVisible
from app.formkit.drafting import DraftedPage
from app.formkit.drafts import Draft
from app.matters import desk, labels, queries
from app.matters.views.blueprint import blueprint, visible
from app.security import current, requires
from app.web.due import standing
from app.web.links import row_id
from app.web.people import display_name

SEES = "matter.register"
LONGEST_SEARCH = 200
CHOICE = ("customer", "contact", "phone")
"""What an address says about who calls."""
DRAWN = ("customer_id", "contact_id", "caller_phone")
"""The same in the form."""


def _whom(typed: Mapping[str, Any]) -> str:
    phone = str(typed.get("caller_phone") or "").strip()
    return str(typed.get("customer_id") or "") or (f"tel:{phone}" if phone else "")


PAGE = DraftedPage("matter.desk", _whom)


@dataclass(frozen=True, slots=True)
class Typed:
    """What came back refused, or is restored: the values, their errors, and what else was chosen."""

    values: Mapping[str, Any]
    errors: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    about: str = ""
    add: bool = False
    draft: Draft | None = None


@blueprint.get("/desk")
@requires(SEES)
def front_desk() -> ResponseReturnValue:
    """Who is calling, and what was typed and not sent; with ``?customer=`` and ``?contact=`` somebody is chosen,
    ``?q=`` searches without scripts."""
    session, words = db.session(), request.args.get("q", "")[:LONGEST_SEARCH]
    found = lookup.callers(session, current(), words) if words.strip() else None
    typed = _unsent(_asked())
    who = _known(session, *(typed.values.get(name) for name in DRAWN)) if typed else _chosen(session)
    return _page(session, who, typed, words=words, found=found)


@blueprint.get("/desk/callers")
@requires(SEES)
def callers() -> ResponseReturnValue:
    """People and companies that match what was typed so far."""
    words = request.args.get("q", "")[:LONGEST_SEARCH]
    found = lookup.callers(db.session(), current(), words) if words.strip() else None
    return render_template("matters/_callers.html", words=words, found=found)


@blueprint.get("/desk/caller")
@requires(SEES)
def caller() -> ResponseReturnValue:
    """Who was chosen: the part of the form about the caller, and what is known of them beside it."""
    session = db.session()
    found = _chosen(session)
    context = _context(session, found, None)
    response = make_response(render_template("matters/_chosen.html", **context))
    address: dict[str, Any] = {name: request.args[name] for name in CHOICE if name in request.args}
    response.headers["HX-Push-Url"] = url_for(".front_desk", **address)
    return response


@blueprint.get("/desk/similar")
@requires(SEES)
def similar() -> ResponseReturnValue:
    """Customers that the unknown caller may belong to, and earlier calls from the same number."""
    session = db.session()
    company, phone = request.args.get("caller_company", ""), request.args.get("caller_phone", "")
    return render_template("matters/_similar.html", **_alike(session, company[:LONGEST_SEARCH], phone[:40]))


@blueprint.put("/desk/drafts/<uuid:sheet>")
@requires(SEES)
def save_draft(sheet: UUID) -> ResponseReturnValue:
    """Keep what is typed so far."""
    typed = desk.payload(db.session(), request.form)
    chosen = {name: _id(typed[name]) for name in ("customer_id", "contact_id")}
    more = {"about": request.form.get("about", ""), "add": "add" in request.form}
    return PAGE.keep(sheet, typed | chosen | more)


@blueprint.delete("/desk/drafts/<uuid:sheet>")
@requires(SEES)
def discard_draft(sheet: UUID) -> ResponseReturnValue:
    """Forget what was typed and show the desk as it came."""
    return PAGE.discard(sheet, url_for(".front_desk"))


@blueprint.post("/desk")
@requires(SEES)
def take() -> ResponseReturnValue:
    """Register the contact and go on to classify it; or add it to a matter that is under way."""
    session = db.session()
    values, about = desk.payload(session, request.form), request.form.get("about", "")
    adding = desk.NewCustomer("add" in request.form, "anyway" in request.form)
    try:
        went_on = _add(session, about, values) if about else _register(session, values, adding)
    except FieldErrors as refused:
        found = _known(session, values.get("customer_id"), values.get("contact_id"), values.get("caller_phone"))
        return _page(session, found, Typed(values, refused.errors, about, adding.wanted)), 422
    PAGE.sent()
    return went_on


def _register(session: Session, values: Mapping[str, Any], adding: desk.NewCustomer) -> ResponseReturnValue:
    started = desk.register(session, current(), values, adding)
    flash(_("Matter %(number)s is registered. Now say what kind it is.", number=started.business_key), "success")
    task = desk.next_task(session, current(), started)
    target = url_for("inbox.task", task_id=task) if task else url_for(".show", number=started.business_key)
    return redirect(target, 303)


def _add(session: Session, number: str, values: Mapping[str, Any]) -> ResponseReturnValue:
    matter = visible(session, number)
    text, channel = str(values.get("verbatim") or ""), str(values.get("channel") or matter.channel)
    try:
        desk.supplement(session, current(), matter, text, channel, values.get("files") or ())
    except FieldErrors as refused:
        raise FieldErrors(
            {"verbatim" if name == "text" else name: e for name, e in refused.errors.items()}
        ) from refused
    flash(_("Added to %(number)s. Whoever has it was told.", number=number), "success")
    return redirect(url_for(".show", number=number), 303)


def _chosen(session: Session) -> desk.Known:
    return _known(session, *(request.args.get(name) for name in CHOICE))


def _id(text: str | None) -> str | None:
    """The number of a row, unless nobody could have that number."""
    try:
        return str(row_id(text)) if text else None
    except ValueError:
        return None


def _asked() -> dict[str, Any]:
    """Whom the address names, by the names of the form."""
    given = ((name, request.args.get(asked)) for asked, name in zip(CHOICE, DRAWN, strict=True))
    return {name: value for name, value in given if value}


def _unsent(asked: Mapping[str, Any]) -> Typed | None:
    """What this person typed about that caller, or about nobody known yet, and did not send."""
    draft = PAGE.found(asked)
    if draft is None:
        return None
    values = draft.over(asked)
    if "customer_id" in asked and not draft.subject:  # written down before it was known who calls
        values = {name: value for name, value in values.items() if name in asked or name not in desk.CALLER_FIELDS}
    return Typed(values, about=str(values.get("about") or ""), add=bool(values.get("add")), draft=draft)


def _known(session: Session, customer: Any, contact: Any, phone: Any) -> desk.Known:
    try:
        ids = [row_id(str(value)) if value else None for value in (customer, contact)]
    except ValueError:
        raise NotVisible from None
    return desk.known(session, current(), ids[0], ids[1], str(phone or "")[:40])


def _alike(session: Session, company: str, phone: str) -> dict[str, Any]:
    return {
        "alike": lookup.similar(session, current(), company=company, phone=phone),
        "before": queries.last_contact(session, phone=phone.strip()) if phone.strip() else None,
        "phone": phone,
    }


def _context(session: Session, found: desk.Known, typed: Typed | None) -> dict[str, Any]:
    values = {**desk.prefill(found), **(typed.values if typed else {})}
    if not found.customer and not typed:
        values["caller_phone"] = request.args.get("phone", "")[:40]
    alike = _alike(session, str(values["caller_company"] or ""), str(values["caller_phone"] or "")) if typed else {}
    return {
        "it": found,
        "values": values,
        "errors": typed.errors if typed else {},
        "about": typed.about if typed else "",
        "add": typed.add if typed else False,
        "standing": standing(session),
        "channels": labels.channels(session),
        "states": labels.states(),
        "last_by": display_name(found.last.by) if found.last else "",
        **({"alike": (), "before": None, "phone": ""} | (alike if not found.customer else {})),
    }


def _page(
    session: Session, known: desk.Known, typed: Typed | None, words: str = "", found: list[lookup.Caller] | None = None
) -> str:
    context = {"words": words, "found": found, **_context(session, known, typed)}
    concerns = labels.of_field(session, labels.REGISTER, desk.CONCERN)
    context |= PAGE.context(typed.draft if typed else None)
    return render_template("matters/desk.html", document=desk.documents(session), concerns=concerns, **context)
