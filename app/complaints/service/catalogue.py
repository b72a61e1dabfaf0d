"""The tree of causes and the remedies that ship with Keliu; a company edits its own."""

from __future__ import annotations

import csv
from importlib import resources

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.complaints.models import CauseCode, Remedy


def load(session: Session) -> int:
    """Add what is missing, in the order of the files; returns how many entries were added."""
    return _causes(session) + _remedies(session)


def _rows(file: str) -> list[dict[str, str]]:
    return list(csv.DictReader((resources.files("demo") / file).read_text("utf-8").splitlines()))


def _causes(session: Session) -> int:
    known = set(session.scalars(select(CauseCode.code)))
    new = [
        CauseCode(
            code=row["code"],
            parent_code=row["parent"] or None,
            name=row["name_zh"],
            name_en=row["name_en"],
            position=position,
            active=True,
        )
        for position, row in enumerate(_rows("causes.csv"))
        if row["code"] not in known
    ]
    for cause in new:  # one by one: a branch must be there before its leaves
        session.add(cause)
        session.flush()
    return len(new)


def _remedies(session: Session) -> int:
    known = set(session.scalars(select(Remedy.code)))
    new = [
        Remedy(code=row["code"], name=row["name_zh"], name_en=row["name_en"], position=position, active=True)
        for position, row in enumerate(_rows("remedies.csv"))
        if row["code"] not in known
    ]
    session.add_all(new)
    session.flush()
    return len(new)
