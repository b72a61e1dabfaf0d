"""What happened to a lead, in order: who had it, how near the purchase was, what was said and what was sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.orm import Session

from app.absences import naming
from app.accounts import queries as accounts
from app.calendars import timeline as clocks
from app.leads import labels, queries
from app.leads.models import FollowUp, Lead, LeadHorizon, LeadMaterial, LeadOwner
from app.notifications import queries as notices
from app.web.filters import localdate, localtime, money
from app.web.i18n import language


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the timeline. ``notes``: short facts below it; ``kind``: follow_up, owner, horizon, material, end."""

    at: datetime
    kind: str
    title: str
    icon: str
    who: str = ""
    text: str = ""
    notes: tuple[str, ...] = ()


def of(session: Session, lead: Lead) -> list[Entry]:
    """Everything that happened, the latest first."""
    owners, contacts = queries.owners(session, lead.number), queries.follow_ups(session, lead.number)
    people = _people(session, lead, owners, contacts)
    captured = labels.source(lead.source, labels.sources())
    entries = [
        Entry(lead.captured_at, "captured", _("Lead captured"), "plus", _named(people, lead.captured_by), captured),
        *_horizons(queries.horizons(session, lead.number)),
        *_owners(session, owners, people),
        *_contacts(session, contacts, people),
        *_materials(session, queries.materials(session, lead.number)),
        *_letters(session, lead),
        *_end(session, lead, people),
        *(Entry(c.at, "clock", c.title, c.icon, c.who, c.text) for c in clocks.of(session, lead.instance_id)),
    ]
    # what happened at the same moment stays in the order in which it follows from each other
    return sorted(entries, key=lambda entry: entry.at)[::-1]


def _people(session: Session, lead: Lead, owners: list[LeadOwner], contacts: list[FollowUp]) -> dict[str, str]:
    logins = {lead.captured_by, lead.closed_by} | {row.actor for row in contacts}
    logins |= {row.actor for row in owners} | {row.owner for row in owners}
    return accounts.display_names(session, filter(None, logins), language())


def _named(people: Mapping[str, str], login: str | None) -> str:
    return people.get(login or "", login or "")


def _horizons(rows: list[LeadHorizon]) -> list[Entry]:
    names, moves = labels.horizons(), labels.moves()
    return [
        Entry(
            row.entered_at,
            "horizon",
            _("Purchase: %(horizon)s", horizon=names[row.horizon]),
            "calendar-time",
            notes=(
                moves.get(row.reason, row.reason),
                _("expected %(day)s, in %(days)s days", day=localdate(row.purchase_date), days=row.days_to_purchase),
            ),
        )
        for row in rows
    ]


def _owners(session: Session, rows: list[LeadOwner], people: Mapping[str, str]) -> list[Entry]:
    reasons = labels.reasons()
    departments = accounts.department_names(
        session, {row.department_key for row in rows if row.department_key}, language()
    )
    found = []
    for row in rows:
        title = _("%(person)s has the lead", person=_named(people, row.owner)) if row.owner else _("Into the pool")
        centre = departments.get(row.department_key or "", "")
        notes = tuple(filter(None, (reasons.get(row.reason, row.reason), centre)))
        by = "" if row.actor == row.owner else _named(people, row.actor)
        found.append(Entry(row.from_at, "owner", title, "user-check" if row.owner else "users", by, row.remark, notes))
    return found


def _contacts(session: Session, rows: list[FollowUp], people: Mapping[str, str]) -> list[Entry]:
    channels = labels.of_field(session, labels.CONTACT_FORM, "channel")
    outcomes = labels.of_field(session, labels.CONTACT_FORM, "outcome")
    outcomes |= labels.of_field(session, labels.ADVANCE_FORM, "outcome")
    for_others = naming.for_whom(session, {row.task_id: row.actor for row in rows if row.task_id})
    return [
        Entry(
            row.at,
            "follow_up",
            _("Follow-up by %(channel)s", channel=channels.get(row.channel, row.channel)),
            "phone" if row.channel == "phone" else "message-2",
            for_others.get(row.task_id or "") or _named(people, row.actor),
            row.text,
            tuple(filter(None, (outcomes.get(row.outcome, row.outcome), *_what_follows(row)))),
        )
        for row in rows
    ]


def _what_follows(row: FollowUp) -> tuple[str, ...]:
    return (
        _("New purchase date: %(day)s", day=localdate(row.purchase_date)) if row.purchase_date else "",
        _("Next step: %(step)s", step=row.next_step) if row.next_step else "",
        _("on %(time)s", time=localtime(row.next_at)) if row.next_at else "",
    )


def _materials(session: Session, rows: list[LeadMaterial]) -> list[Entry]:
    names = labels.materials()
    return [
        Entry(
            row.at,
            "material",
            _("Sent: %(material)s", material=names.get(row.kind, row.kind)),
            "package",
            row.recipient,
            notes=tuple(filter(None, (_product(session, row.product_code), _opened(row)))),
        )
        for row in rows
    ]


def _product(session: Session, code: str | None) -> str:
    product = queries.product_by_code(session, code)
    return "" if product is None else (product.name if language() == "zh" or not product.name_en else product.name_en)


def _opened(row: LeadMaterial) -> str:
    if not row.opens:
        return str(_("not opened yet"))
    return str(
        ngettext("opened once", "opened %(num)d times", row.opens)
        + _(", ")
        + _("last on %(time)s", time=localtime(row.last_opened_at))
    )


def _letters(session: Session, lead: Lead) -> list[Entry]:
    packs = {row.outbox_id for row in queries.materials(session, lead.number)}
    kind = "zh" if language() == "zh" else "en"
    return [
        Entry(letter.created_at, "letter", _("Letter to the customer"), "mail", letter.recipient, letter.subject[kind])
        for letter in notices.outbox_of(session, lead.number)
        if letter.id not in packs
    ]


def _end(session: Session, lead: Lead, people: Mapping[str, str]) -> list[Entry]:
    if lead.closed_at is None:
        return []
    titles = labels.states()
    reasons = labels.of_field(session, labels.CONTACT_FORM, "lost_reason")
    notes = (
        money(lead.deal_amount) if lead.deal_amount is not None else "",
        advanced(lead.months_advanced) if lead.won_at else "",
        reasons.get(lead.lost_reason, lead.lost_reason),
        lead.rival,
    )
    icon = "circle-check" if lead.won_at else "circle-x"
    who = _named(people, lead.closed_by)
    found = Entry(lead.closed_at, "end", titles[lead.state], icon, who, lead.close_reason, tuple(filter(None, notes)))
    return [found]


def advanced(months: int | None) -> str:
    """How much earlier than first expected, in words."""
    if months is None:
        return ""
    if months > 0:
        return str(
            ngettext("%(num)d month earlier than first expected", "%(num)d months earlier than first expected", months)
        )
    if months < 0:
        return str(
            ngettext("%(num)d month later than first expected", "%(num)d months later than first expected", -months)
        )
    return str(_("when first expected"))
