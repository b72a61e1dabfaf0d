"""Lists: every row once, whichever way one turns the pages; filters that say what they do not understand."""

from __future__ import annotations

import base64
import csv
import io
import json
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook
from sqlalchemy import BigInteger, Boolean, Date, Float, Integer, Numeric, Row, String, column, delete, insert, select
from sqlalchemy.types import TypeDecorator
from werkzeug.datastructures import MultiDict

import engine
from app.db import Database, search
from app.errors import NotAllowedHere
from app.security import Principal
from app.web import lists
from app.web.lists.paging import Order, _plain
from app.web.lists.spec import Sort
from tests.support.core import core_app, opened

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from tests.support.postgres import PostgresServer

JOB = engine.tables.job
START = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
EVERYTHING = Principal(login="wang.fang", name="王芳", permissions=frozenset({"complaint.export", "penalty.view"}))
NOTHING = Principal(login="li.na", name="李娜")


def _rows(_session: Session, found: Sequence[Row[Any]]) -> Sequence[Row[Any]]:
    return found


def _select(_session: Session, _principal: Principal) -> Any:
    return select(JOB.c.id, JOB.c.topic, JOB.c.due_at, JOB.c.ended_at, JOB.c.state)


SPEC: lists.ListSpec[Any] = lists.ListSpec(
    name="jobs",
    select=_select,
    rows=_rows,
    key=JOB.c.id,
    columns=(
        lists.Column("topic", "Topic", lambda row: row.topic, sort="topic"),
        lists.Column("due_at", "Due", lambda row: row.due_at, sort="due_at"),
        lists.Column("ended_at", "Ended", lambda row: row.ended_at, sort="ended_at"),
        lists.Column("secret", "Penalty", lambda row: row.id, permission="penalty.view"),
    ),
    sorts={
        "topic": Sort(JOB.c.topic),
        "due_at": Sort(JOB.c.due_at),
        "ended_at": Sort(JOB.c.ended_at, nullable=True),
    },
    default_sort="-due_at",
    filters=(
        lists.SearchFilter("q", "Search", "job", JOB.c.topic),
        lists.TextFilter("topic", "Topic", JOB.c.topic),
        lists.ChoiceFilter("state", "State", (("completed", "Done"), ("failed", "Failed")), JOB.c.state, several=True),
        lists.DateFilter("due", "Due", JOB.c.due_at),
        lists.FlagFilter("ended", "Ended", lambda _context: JOB.c.ended_at.is_not(None)),
    ),
    page_size=3,
    export_permission="complaint.export",
)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    if request.param == "postgresql":
        server: PostgresServer = request.getfixturevalue("postgres_server")
        name = f"core_{abs(hash(request.node.name))}"
        with opened(server.create(name)) as found:
            yield found
        server.drop(name)
        return
    with opened(f"sqlite:///{tmp_path / 'core.sqlite3'}") as found:
        yield found


@pytest.fixture
def app(database: Database, tmp_path: Path) -> Flask:
    return core_app(database, tmp_path)


def _fill(database: Database, rows: Sequence[tuple[str, int, int | None, str]]) -> None:
    """Jobs as (topic, due in hours, ended in hours or None, state)."""

    def work(session: Session) -> None:
        session.execute(delete(JOB))
        for number, (topic, due, ended, state) in enumerate(rows, 1):
            session.execute(
                insert(JOB).values(
                    id=number,
                    kind="work",
                    topic=topic,
                    payload={},
                    state=state,
                    due_at=START + timedelta(hours=due),
                    ended_at=None if ended is None else START + timedelta(hours=ended),
                    created_at=START,
                )
            )

    database.write(work)


def _page(app: Flask, query: str = "", principal: Principal = EVERYTHING) -> lists.Page[Any]:
    with app.test_request_context(f"/jobs?{query}"):
        from flask import request

        from app import db

        return lists.load(SPEC, db.session(), principal, request.args)


def _ids(page: lists.Page[Any]) -> list[int]:
    return [row.id for row in page.rows]


def _walk(app: Flask, sort: str) -> tuple[list[int], list[int]]:
    """All ids, turning the pages forwards to the end and then backwards to the beginning."""
    page = _page(app, f"sort={sort}")
    forwards = _ids(page)
    while page.after and len(forwards) < 1_000:
        page = _page(app, f"sort={sort}&after={page.after}")
        forwards += _ids(page)
    backwards = _ids(page)
    while page.before and len(backwards) < 1_000:
        page = _page(app, f"sort={sort}&before={page.before}")
        backwards = _ids(page) + backwards
    return forwards, backwards


@pytest.mark.parametrize("sort", ["topic", "-topic", "due_at", "-due_at", "ended_at", "-ended_at"])
def test_turning_pages_shows_every_row_once_in_both_directions(app: Flask, database: Database, sort: str) -> None:
    rows = [(f"t{i % 4}", i % 5, None if i % 3 == 0 else i % 2, "completed") for i in range(17)]
    _fill(database, rows)
    forwards, backwards = _walk(app, sort)
    assert sorted(forwards) == list(range(1, 18))
    assert backwards == forwards
    column = {"topic": 0, "due_at": 1, "ended_at": 2}[sort.removeprefix("-")]
    values = [rows[number - 1][column] for number in forwards]
    present = [value for value in values if value is not None]
    assert present == sorted(present, reverse=sort.startswith("-"))  # type: ignore[type-var]  # of one type each
    assert values[len(present) :] == [None] * (len(values) - len(present))


def test_a_row_that_appears_meanwhile_shifts_nothing(app: Flask, database: Database) -> None:
    _fill(database, [("t", i, None, "completed") for i in range(6)])
    first = _page(app, "sort=due_at")
    _fill(database, [("t", i, None, "completed") for i in range(6)] + [("new", -5, None, "completed")])
    assert _ids(_page(app, f"sort=due_at&after={first.after}")) == [4, 5, 6]


@pytest.mark.parametrize(
    "cursor",
    [
        "x",
        "!!!",
        "e30",
        "W10",
        "WzEsMl0",
        "WyIyMDI2IiwxXQ",
        "bnVsbA",
        "WyJ0IiwiMSJd",
        "W251bGwsMV0",
        "A" * 5000,
        "%00",
        "á",
    ],
)
def test_an_invented_cursor_is_no_cursor(app: Flask, database: Database, cursor: str) -> None:
    _fill(database, [("t", i, None, "completed") for i in range(4)])
    for name in ("after", "before"):
        assert len(_page(app, f"sort=due_at&{name}={cursor}").rows) == 3


@given(st.one_of(st.none(), st.datetimes(timezones=st.just(UTC))), st.integers(0, 2**62))
def test_cursors_come_back_as_they_were(value: datetime | None, key: int) -> None:
    order = Order(Sort(JOB.c.ended_at, nullable=True), JOB.c.id, descending=False)
    cursor = order.decode(order.encode(value, key))
    assert cursor is not None and (cursor.value, cursor.key) == (value, key)


class Fen(TypeDecorator[Decimal]):
    """Yuan stored as whole fen, like the amounts of the slices."""

    impl = BigInteger
    cache_ok = True


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (Fen(), Decimal("12.50")),
        (Numeric(), Decimal("-3")),
        (Date(), date(2026, 11, 23)),
        (String(), "上海"),
        (Integer(), -5),
        (Boolean(), True),
        (Float(), 1.5),
        (engine.UtcDateTime(), START),
    ],
    ids=lambda value: type(value).__name__,
)
def test_every_kind_of_column_can_be_paged_and_takes_no_other_kind(kind: Any, value: Any) -> None:
    order = Order(Sort(column("c", kind)), JOB.c.id, descending=False)
    cursor = order.decode(order.encode(value, 1))
    assert cursor is not None and cursor.value == value
    for stranger in (
        "text",
        "a\x00b",
        7,
        True,
        Decimal("1E+400"),
        Decimal("NaN"),
        date.min,
        START,
        START.replace(tzinfo=None),
        None,
    ):
        text = json.dumps([_plain(stranger), 1])
        found = order.decode(base64.urlsafe_b64encode(text.encode()).decode())
        assert found is None or type(found.value) in (type(value), int)


def test_what_cannot_be_paged_is_our_mistake_and_loud() -> None:
    with pytest.raises(TypeError):
        Order(Sort(JOB.c.due_at), JOB.c.id, descending=False).encode("text", 1)


@given(st.text(max_size=50))
def test_no_text_breaks_the_reader_of_cursors(text: str) -> None:
    Order(Sort(JOB.c.topic), JOB.c.id, descending=False).decode(text)


@pytest.fixture
def some(app: Flask, database: Database) -> Flask:
    _fill(
        database,
        [("pay 100%", 0, 1, "completed"), ("pay_back", 15, None, "failed"), ("上海申远", 16, 3, "scheduled")],
    )
    database.write(lambda session: search.index(session, "job", "上海申远", "上海申远"))
    return app


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("", [3, 2, 1]),
        ("topic=PAY", [2, 1]),
        ("topic=100%25", [1]),
        ("topic=_", [2]),
        ("topic=%27", []),
        ("topic=%00pay", [2, 1]),
        ("q=申远", [3]),
        ("state=failed", [2]),
        ("state=failed&state=completed", [2, 1]),
        ("ended=1", [3, 1]),
        ("ended=0", [3, 2, 1]),
        # 15 hours after 09:00 in Shanghai a new day begins there.
        ("due_from=2026-11-24", [3, 2]),
        ("due_to=2026-11-23", [1]),
        ("due_from=2026-11-23&due_to=2026-11-23", [1]),
        ("due_to=9999-12-31", [3, 2, 1]),
        ("due_from=0001-01-01", [3, 2, 1]),
        ("sort=nonsense", [3, 2, 1]),
    ],
)
def test_filters_narrow_the_list(some: Flask, query: str, ids: list[int]) -> None:
    page = _page(some, query)
    assert _ids(page) == ids
    assert page.total == len(ids)


@pytest.mark.parametrize(
    "query", ["due_from=soon", "due_to=2026-02-30", "due_from=2026-11-24&due_to=2026-11-23", "state=x"]
)
def test_a_value_that_makes_no_sense_is_named_and_narrows_nothing(some: Flask, query: str) -> None:
    page = _page(some, query)
    assert len(page.rows) == 3
    assert [bound.error for bound in page.filters if bound.error]


def test_a_column_without_permission_is_nowhere(some: Flask) -> None:
    assert [column.name for column in _page(some).columns] == ["topic", "due_at", "ended_at", "secret"]
    assert [column.name for column in _page(some, principal=NOTHING).columns] == ["topic", "due_at", "ended_at"]


def _export(app: Flask, kind: str, principal: Principal = EVERYTHING) -> bytes:
    from app.security import impersonate

    with app.test_request_context(f"/jobs?export={kind}&sort=due_at"):
        impersonate(principal)
        return lists.respond(SPEC, "unused", "unused").data


def test_the_file_holds_the_whole_filtered_list(app: Flask, database: Database) -> None:
    _fill(database, [(f"t{i}", i, None, "completed") for i in range(1203)])
    table = list(csv.reader(io.StringIO(_export(app, "csv").decode("utf-8-sig"))))
    assert table[0] == ["Topic", "Due", "Ended", "Penalty"]
    assert [row[0] for row in table[1:]] == [f"t{i}" for i in range(1203)]
    assert table[1][1] == "2026-11-23 09:00:00"


def test_without_permission_there_is_no_file(some: Flask) -> None:
    with pytest.raises(NotAllowedHere):
        _export(some, "csv", NOTHING)


FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1+1", '=HYPERLINK("http://x","y")', "=cmd|' /C calc'!A0"]


def test_no_cell_is_a_formula(app: Flask, database: Database) -> None:
    _fill(database, [(text[:200], i, None, "completed") for i, text in enumerate(FORMULAS)])
    table = list(csv.reader(io.StringIO(_export(app, "csv").decode("utf-8-sig"), newline="")))
    assert all(row[0].startswith("'") for row in table[1:])
    sheet = load_workbook(io.BytesIO(_export(app, "xlsx"))).active
    assert sheet is not None
    for row in sheet.iter_rows(min_row=2):
        assert row[0].data_type == "s" and str(row[0].value).startswith("'")


@given(
    st.lists(
        st.one_of(st.text(), st.integers(-(2**53), 2**53), st.floats(allow_nan=False, allow_infinity=False), st.none())
    )
)
def test_every_text_fits_into_both_kinds_of_file(cells: list[Any]) -> None:
    head = ["a"] * len(cells)
    assert lists.csv_bytes(head, [cells])
    book = load_workbook(io.BytesIO(lists.xlsx_bytes(head, [cells], "a/b[c]:*?")))
    assert book.sheetnames


def test_numbers_stay_numbers() -> None:
    sheet = load_workbook(io.BytesIO(lists.xlsx_bytes(["n"], [[-5], [1.5], [True]]))).active
    assert sheet is not None
    assert [row[0].value for row in sheet.iter_rows(min_row=2)] == [-5, 1.5, True]


def test_the_address_is_the_state(some: Flask) -> None:
    with some.test_request_context("/jobs?topic=pay&sort=due_at&after=x&lang=zh"):
        some.add_url_rule("/jobs", "jobs")
    with some.test_request_context("/jobs?topic=pay&sort=due_at&after=x&lang=zh"):
        from app import db

        page = lists.load(SPEC, db.session(), EVERYTHING, MultiDict({"topic": "pay", "sort": "due_at"}))
        assert page.sort_url("due_at") == "/jobs?topic=pay&sort=-due_at"
        assert page.reset_url() == "/jobs?sort=due_at"
        assert page.export_url("csv") == "/jobs?topic=pay&sort=due_at&export=csv"
