"""What the course of every complaint amounts to, for figures: worked out once for those that are there."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from datetime import time
from itertools import groupby
from typing import Any

import sqlalchemy as sa
from alembic import op

from engine.calendar import WorkingCalendar
from engine.store.types import BigKey, JsonValue, UtcDateTime

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

OFFICE = "office"
ORDINARY = [[["09:00", "18:00"]]] * 5 + [[], []]
FROM_CUSTOMER = ("information", "supplement", "contested")
WRITTEN_AT_ONCE = 500


def _table(name: str, *columns: Any) -> Any:
    return sa.table(name, *columns)


COMPLAINT = _table(
    "complaint",
    sa.column("number", sa.String),
    sa.column("state", sa.String),
    sa.column("complaint_class", sa.String),
    sa.column("round", sa.Integer),
    sa.column("received_at", UtcDateTime),
    sa.column("closed_at", UtcDateTime),
    sa.column("archived_at", UtcDateTime),
)
STEP = _table(
    "complaint_step",
    sa.column("id", BigKey),
    sa.column("number", sa.String),
    sa.column("actor", sa.String),
    sa.column("department_key", sa.String),
    sa.column("created_at", UtcDateTime),
    sa.column("at", UtcDateTime),
)
VISIT = _table(
    "complaint_visit",
    sa.column("id", BigKey),
    sa.column("number", sa.String),
    sa.column("outcome", sa.String),
    sa.column("satisfaction", sa.Integer),
)
PAUSE = _table("complaint_pause", sa.column("number", sa.String))
SUPPLEMENT = _table("complaint_supplement", sa.column("number", sa.String), sa.column("kind", sa.String))
CALENDAR = _table("calendar", sa.column("key", sa.String), sa.column("week", JsonValue))
DAY = _table(
    "calendar_day",
    sa.column("calendar_key", sa.String),
    sa.column("date", sa.Date),
    sa.column("working", sa.Boolean),
    sa.column("hours", JsonValue),
)
MEASURE = _table(
    "complaint_measure",
    *(sa.column(name, sa.String) for name in ("number", "state", "complaint_class")),
    *(sa.column(name, sa.Integer) for name in ("steps", "hand_offs", "people", "waits", "visits", "satisfaction")),
    *(sa.column(name, sa.Integer) for name in ("minutes", "working_minutes")),
    sa.column("received_at", UtcDateTime),
    sa.column("closed_at", UtcDateTime),
    sa.column("first_time", sa.Boolean),
)


def upgrade() -> None:
    op.create_table(
        "complaint_measure",
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("received_at", UtcDateTime, nullable=False),
        sa.Column("steps", sa.Integer(), nullable=False),
        sa.Column("hand_offs", sa.Integer(), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("waits", sa.Integer(), nullable=False),
        sa.Column("closed_at", UtcDateTime, nullable=True),
        sa.Column("state", sa.String(length=12), nullable=True),
        sa.Column("complaint_class", sa.String(length=20), nullable=True),
        sa.Column("minutes", sa.Integer(), nullable=True),
        sa.Column("working_minutes", sa.Integer(), nullable=True),
        sa.Column("visits", sa.Integer(), nullable=False),
        sa.Column("satisfaction", sa.Integer(), nullable=True),
        sa.Column("first_time", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["number"], ["complaint.number"], name=op.f("fk_complaint_measure_number_complaint")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_complaint_measure")),
    )
    figures = ["received_at", "complaint_class", "responsible_department", "cause_code", "customer_id"]
    op.create_index("ix_complaint_figures", "complaint", figures)
    closed = ["state", "closed_at", "complaint_class", "working_minutes", "minutes"]
    op.create_index("ix_complaint_measure_closed", "complaint_measure", closed)
    op.create_index("ix_complaint_measure_steps", "complaint_measure", ["steps", "received_at", "number"])
    _measure()


def _measure() -> None:
    connection = op.get_bind()
    calendar = _calendar(connection)
    counted = sa.func.count().label("counted")
    pauses = _counts(connection, sa.select(PAUSE.c.number, counted).group_by(PAUSE.c.number))
    again = sa.select(SUPPLEMENT.c.number, counted).where(SUPPLEMENT.c.kind.in_(FROM_CUSTOMER))
    contacts = _counts(connection, again.group_by(SUPPLEMENT.c.number))
    visits = _by_number(connection, VISIT)
    courses = _by_number(connection, STEP)
    rows = []
    for complaint in connection.execute(sa.select(COMPLAINT)).all():
        number = complaint.number
        if number not in courses and complaint.archived_at is None:
            continue  # its first step is not done
        row = _course(courses.get(number, ()), calendar)
        row |= {"number": number, "received_at": complaint.received_at}
        row["waits"] += pauses.get(number, 0)
        rows.append(row | _end(complaint, visits.get(number, ()), number in contacts, calendar))
    for start in range(0, len(rows), WRITTEN_AT_ONCE):
        connection.execute(sa.insert(MEASURE), rows[start : start + WRITTEN_AT_ONCE])


def _counts(connection: sa.Connection, statement: Any) -> dict[str, int]:
    return {row.number: row.counted for row in connection.execute(statement)}


def _by_number(connection: sa.Connection, table: Any) -> Mapping[str, Sequence[Any]]:
    found = connection.execute(sa.select(table).order_by(table.c.number, table.c.id))
    return {number: list(rows) for number, rows in groupby(found, key=lambda row: row.number)}


def _course(steps: Sequence[Any], calendar: WorkingCalendar) -> dict[str, Any]:
    departments = [step.department_key for step in steps if step.department_key]
    return {
        "steps": len(steps),
        "hand_offs": sum(before != after for before, after in zip(departments, departments[1:], strict=False)),
        "people": len({step.actor for step in steps}),
        "waits": sum(calendar.between(step.created_at, step.at) > calendar.day_length for step in steps),
    }


def _end(complaint: Any, visits: Sequence[Any], again: bool, calendar: WorkingCalendar) -> dict[str, Any]:
    names = ("closed_at", "state", "complaint_class", "minutes", "working_minutes", "satisfaction")
    none = dict.fromkeys(names) | {"visits": 0, "first_time": False}
    if complaint.archived_at is None or complaint.closed_at is None:
        return none
    satisfied = bool(visits) and visits[-1].outcome == "satisfied"
    return {
        "closed_at": complaint.closed_at,
        "state": complaint.state,
        "complaint_class": complaint.complaint_class,
        "minutes": int((complaint.closed_at - complaint.received_at).total_seconds() // 60),
        "working_minutes": int(calendar.between(complaint.received_at, complaint.closed_at).total_seconds() // 60),
        "visits": len(visits),
        "satisfaction": visits[-1].satisfaction if visits else None,
        "first_time": complaint.state == "closed" and satisfied and complaint.round == 1 and not again,
    }


def _calendar(connection: sa.Connection) -> WorkingCalendar:
    """The office's calendar as it is stored; days that nobody loaded are ordinary ones."""
    stored = connection.scalar(sa.select(CALENDAR.c.week).where(CALENDAR.c.key == OFFICE)) or ORDINARY
    hours = [_hours(day) for day in stored]
    ordinary = next((day for day in hours if day), ())
    days = {
        row.date: (ordinary if row.hours is None else _hours(row.hours)) if row.working else ()
        for row in connection.execute(sa.select(DAY).where(DAY.c.calendar_key == OFFICE)).all()
    }
    monday, tuesday, wednesday, thursday, friday, saturday, sunday = hours
    week = (monday, tuesday, wednesday, thursday, friday, saturday, sunday)
    return WorkingCalendar(os.environ.get("KELIU_ZONE") or "Asia/Shanghai", week, days)


def _hours(stored: Sequence[Sequence[str]]) -> Any:
    return tuple((_time(start), _time(end)) for start, end in stored)


def _time(text: str) -> time:
    return time(0) if text == "24:00" else time.fromisoformat(text)


def downgrade() -> None:
    op.drop_table("complaint_measure")
    op.drop_index("ix_complaint_figures", table_name="complaint")
