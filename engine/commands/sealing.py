"""Seals: the heads of all chains that have grown, kept together under one digest that fits on a line of paper."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from engine.context import now
from engine.store import chain
from engine.store.tables import audit_chain, audit_log, audit_seal, audit_seal_head, history_event, process_instance


@dataclass(frozen=True, slots=True)
class Seal:
    """A seal: number, digest (64 hex digits), and how many heads it holds."""

    number: int
    digest: str
    heads: int


def seal_chains(session: Session) -> Seal:
    """Seal every chain that has grown since the seal before the last (numbers are given before rows are seen).

    Whoever keeps the digest elsewhere can show later that nothing up to here was written anew.
    """
    last = session.execute(select(audit_seal).order_by(audit_seal.c.id.desc()).limit(2)).all()
    history_from, audit_from = (last[1].history_to, last[1].audit_to) if len(last) == 2 else (0, 0)
    grown = select(history_event.c.instance_id).where(history_event.c.id > history_from)
    instances = process_instance.c
    found = [
        ("history", row.id, row.history_head)
        for row in session.execute(select(instances.id, instances.history_head).where(instances.id.in_(grown)))
    ]
    spoken = select(func.coalesce(audit_log.c.instance_id, chain.NO_INSTANCE)).where(audit_log.c.id > audit_from)
    for row in session.execute(select(audit_chain).where(audit_chain.c.chain.in_(spoken))):
        found.append(("audit", row.chain, row.head))
    heads: list[dict[str, Any]] = [
        {"kind": kind, "chain": name, "head": head} for kind, name, head in sorted(found) if head
    ]
    return _write(session, last[0].digest if last else None, heads)


def _write(session: Session, before: str | None, heads: list[dict[str, Any]]) -> Seal:
    at = now(session)
    digest = chain.seal(before, at, heads)
    values = {
        "at": at,
        "digest": digest,
        "history_to": session.scalar(select(func.coalesce(func.max(history_event.c.id), 0))),
        "audit_to": session.scalar(select(func.coalesce(func.max(audit_log.c.id), 0))),
    }
    number = session.execute(insert(audit_seal).values(values).returning(audit_seal.c.id)).scalar_one()
    if heads:
        session.execute(insert(audit_seal_head), [{**head, "seal_id": number} for head in heads])
    return Seal(int(number), digest, len(heads))
