"""Whether history and audit log are as they were written: every link computed again, compared with heads and seals."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import RowMapping, Table, select
from sqlalchemy.orm import Session

from engine.store import chain
from engine.store.tables import audit_chain, audit_log, audit_seal, audit_seal_head, history_event, process_instance

PAGE = 2000


@dataclass(frozen=True, slots=True)
class Break:
    """The first place where a chain is not as it was written. ``row``: the id in ``table``, None: rows are missing."""

    table: str
    instance_id: str | None
    row: int | None
    reason: str

    def __str__(self) -> str:
        return f"{self.table} {self.row or '-'} (instance {self.instance_id or '-'}): {self.reason}"


@dataclass(frozen=True, slots=True)
class Verified:
    """What was looked at, and the first broken place of each chain that is broken."""

    chains: int
    rows: int
    seals: int
    breaks: tuple[Break, ...]


def verify_chains(session: Session) -> Verified:
    """Compute every link again; reads every row once, in the order of an index, a few thousand at a time."""
    history = {row.id: row.history_head for row in session.execute(select(*_head_of_instance()))}
    audit = {row.chain: row.head for row in session.execute(select(audit_chain))}
    sealed: dict[tuple[str, str], set[str]] = {}
    for head in session.execute(select(audit_seal_head)):
        sealed.setdefault((head.kind, head.chain), set()).add(head.head)
    work = _Verification(sealed)
    work.run(session, history_event, chain.HISTORY, history, "history")
    work.run(session, audit_log, chain.AUDIT, audit, "audit")
    seals, broken = _seals(session)
    return Verified(work.chains, work.rows, seals, (*work.breaks, *broken))


def _head_of_instance() -> tuple[Any, Any]:
    return process_instance.c.id, process_instance.c.history_head


class _Verification:
    def __init__(self, sealed: dict[tuple[str, str], set[str]]) -> None:
        self.sealed, self.chains, self.rows = sealed, 0, 0
        self.breaks: list[Break] = []

    def run(
        self, session: Session, table: Table, columns: tuple[str, ...], heads: dict[str, str | None], kind: str
    ) -> None:
        """Every chain of one table."""
        missing = {name for name, head in heads.items() if head} | {n for k, n in self.sealed if k == kind}
        for instance_id, rows in itertools.groupby(_rows(session, table), key=lambda row: row["instance_id"]):
            name = instance_id or chain.NO_INSTANCE
            missing.discard(name)
            self.chains += 1
            found = self._chain(table, columns, list(rows), heads.get(name), self.sealed.get((kind, name), set()))
            self.breaks += [found] if found else []
        self.breaks += [Break(table.name, name or None, None, "all rows are missing") for name in sorted(missing)]

    def _chain(
        self, table: Table, columns: tuple[str, ...], rows: list[RowMapping], head: str | None, sealed: set[str]
    ) -> Break | None:
        self.rows += len(rows)
        before, waiting, links = None, list[RowMapping](), set()
        instance = rows[0]["instance_id"]
        for row in rows:
            waiting.append(row)
            if row["hash"] is None:
                continue
            before = chain.link(before, map(dict, waiting), columns)
            if before != row["hash"]:
                return Break(table.name, instance, waiting[0]["id"], "a row was changed, added, removed or moved")
            links.add(before)
            waiting = []
        if waiting:
            return Break(table.name, instance, waiting[0]["id"], "a row was added")
        if before != head:
            return Break(table.name, instance, rows[-1]["id"], "the rows after this one are missing")
        if not sealed <= links:
            return Break(table.name, instance, None, "the chain was written anew after it had been sealed")
        return None


def _rows(session: Session, table: Table) -> Iterator[RowMapping]:
    query = select(table).order_by(table.c.instance_id.nulls_first(), table.c.id)
    yield from session.execute(query.execution_options(yield_per=PAGE)).mappings()


def _seals(session: Session) -> tuple[int, tuple[Break, ...]]:
    before, count = None, 0
    heads: dict[int, list[dict[str, Any]]] = {}
    keys = audit_seal_head.c
    for row in session.execute(select(audit_seal_head).order_by(keys.seal_id, keys.kind, keys.chain)).mappings():
        heads.setdefault(row["seal_id"], []).append(dict(row))
    for seal in session.execute(select(audit_seal).order_by(audit_seal.c.id)):
        count += 1
        before = chain.seal(before, seal.at, heads.get(seal.id, []))
        if before != seal.digest:
            return count, (Break("audit_seal", None, seal.id, "a seal was changed, added or removed"),)
    return count, ()


def seals(session: Session) -> tuple[str, ...]:
    """The digests of all seals, oldest first."""
    return tuple(session.scalars(select(audit_seal.c.digest).order_by(audit_seal.c.id)))
