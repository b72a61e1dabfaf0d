"""The list of what is sent out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import Row, Select, select
from sqlalchemy.orm import Session

from app.accounts import queries as accounts
from app.notifications import labels, parcels
from app.notifications.models import Delivery, OutboxMessage, TeamChannel
from app.notifications.wording import KINDS, said
from app.security import Principal
from app.web.i18n import language
from app.web.lists import ChoiceFilter, Column, ListSpec, Sort, TextFilter


@dataclass(frozen=True, slots=True)
class DeliveryLine:
    """A delivery as the list shows it."""

    id: int
    text: str
    receiver: str
    address: str
    medium: str
    kind: str
    state: str
    reason: str
    detail: str
    attempts: int
    created_at: datetime
    due_at: datetime
    delivered_at: datetime | None
    merged_into: int | None


def _select(_session: Session, _principal: Principal) -> Select[*tuple[Any, ...]]:
    return (
        select(Delivery, TeamChannel.name, OutboxMessage.subject_zh, OutboxMessage.subject_en)
        .outerjoin(TeamChannel, TeamChannel.id == Delivery.channel_id)
        .outerjoin(OutboxMessage, OutboxMessage.id == Delivery.outbox_id)
    )


def _rows(session: Session, found: Sequence[Row[*tuple[Any, ...]]]) -> list[DeliveryLine]:
    names = accounts.display_names(session, {row[0].login for row in found if row[0].login})
    lines = []
    for delivery, channel, subject_zh, subject_en, *_paging in found:
        chinese = language() == "zh"
        subject = (subject_zh if chinese else subject_en) if delivery.outbox_id else None
        lines.append(
            DeliveryLine(
                id=delivery.id,
                text=subject or parcels.sentence(session, delivery.template, delivery.facts, language()),
                receiver=channel or names.get(delivery.login or "", ""),
                address=delivery.address,
                medium=str(labels.MEDIA[delivery.medium]),
                kind=delivery.kind,
                state=delivery.state,
                reason=labels.reason(delivery.reason) if delivery.reason else "",
                detail=delivery.detail,
                attempts=delivery.attempts,
                created_at=delivery.created_at,
                due_at=delivery.due_at,
                delivered_at=delivery.delivered_at,
                merged_into=delivery.merged_into,
            )
        )
    return lines


def _kinds(_session: Session) -> list[tuple[str, str]]:
    return [("letter", str(_l("Letter to a customer"))), *((kind, said(KINDS[kind], language())) for kind in KINDS)]


DELIVERIES: ListSpec[DeliveryLine] = ListSpec(
    name="deliveries",
    title=_l("Sent out"),
    select=_select,
    rows=_rows,
    key=Delivery.id,
    columns=(
        Column("created_at", _l("Written"), lambda line: line.created_at, sort="created_at"),
        Column("text", _l("About"), lambda line: line.text),
        Column("receiver", _l("To"), lambda line: line.receiver or line.address),
        Column("state", _l("State"), lambda line: str(labels.STATES[line.state][0])),
        Column("attempts", _l("Tries"), lambda line: line.attempts, numeric=True),
        Column("actions", _l("Actions"), lambda line: ""),
    ),
    sorts={"created_at": Sort(Delivery.id)},  # ids grow with time
    default_sort="-created_at",
    filters=(
        ChoiceFilter(
            "state", _l("State"), [(key, label) for key, (label, _colour) in labels.STATES.items()], Delivery.state
        ),
        ChoiceFilter("medium", _l("By"), list(labels.MEDIA.items()), Delivery.medium),
        ChoiceFilter("kind", _l("Kind of message"), _kinds, Delivery.kind),
        ChoiceFilter("reason", _l("Reason"), list(labels.REASONS.items()), Delivery.reason),
        TextFilter("address", _l("Address"), Delivery.address),
    ),
)
