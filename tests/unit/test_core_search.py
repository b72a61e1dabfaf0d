"""Search finds parts of Chinese words, the same on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.db import Database, numbers, search
from tests.support.core import opened

if TYPE_CHECKING:
    from tests.support.postgres import PostgresServer

COMPANIES = {
    "1": "上海申远医疗设备有限公司 CMP-2026-000001",
    "2": "北京远方贸易 Müller GmbH",
    "3": "ＡＢＣ远洋運輸 order 12345",
    "4": 'a plain name\'s "quoted" text, 3.5 1e5',
}


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
def companies(database: Database) -> Database:
    def fill(session: object) -> None:
        for ref, text in COMPANIES.items():
            search.index(session, "customer", ref, text)  # type: ignore[arg-type]  # a Session
        search.index(session, "complaint", "9", "申远")  # type: ignore[arg-type]

    database.write(fill)
    return database


def _found(database: Database, query: str, kind: str = "customer") -> set[str]:
    with database.read() as session:
        found = set(session.scalars(search.matching(kind, query, database.dialect)))
        assert set(session.scalars(search.found_in(kind, query))) == found  # asked one by one it is the same
        return found


@pytest.mark.parametrize(
    ("query", "hits"),
    [
        ("申远", {"1"}),
        ("医疗", {"1"}),
        ("远", {"1", "2", "3"}),
        ("远医疗设", {"1"}),
        ("医远", set()),
        ("申远 设备", {"1"}),
        ("cmp-2026", {"1"}),
        ("CMP-2026-000001", {"1"}),
        ("000001", {"1"}),
        ("mull", {"2"}),
        ("müller gmbh", {"2"}),
        ("ller", set()),
        ("abc", {"3"}),
        ("ａｂｃ", {"3"}),
        ("1234", {"3"}),
        ("1e5", {"4"}),
        ('quoted" OR "plain', set()),
        ('"quoted"', {"4"}),
        ("name's", {"4"}),
        ("'; DROP TABLE search_entry; --", set()),
        ("!!!", set()),
        ("   ", set()),
        ("\x00", set()),
        ("远" * 500, set()),
    ],
)
def test_queries_find_what_people_expect(companies: Database, query: str, hits: set[str]) -> None:
    assert _found(companies, query) == hits


def test_kinds_are_apart(companies: Database) -> None:
    assert _found(companies, "申远", "complaint") == {"9"}


def test_a_new_text_replaces_the_old(companies: Database) -> None:
    companies.write(lambda session: search.index(session, "customer", "1", "广州新名"))
    assert _found(companies, "申远") == set()
    assert _found(companies, "新名") == {"1"}


def test_what_was_removed_is_not_found(companies: Database) -> None:
    companies.write(lambda session: search.remove(session, "customer", "2"))
    assert _found(companies, "贸易") == set()
    companies.write(lambda session: search.remove(session, "customer", "2"))


def test_several_searches_narrow_one_query(companies: Database) -> None:
    with companies.read() as session:
        both = search.matching("customer", "远", companies.dialect).where(
            search.SearchEntry.ref.in_(search.matching("customer", "运输", companies.dialect))
        )
        assert set(session.scalars(both)) == set()


def test_numbers_have_no_gaps_and_begin_anew_each_year(database: Database) -> None:
    given = [database.write(lambda session: numbers.next_number(session, "CMP", 2026)) for _ in range(3)]
    assert given == ["CMP-2026-000001", "CMP-2026-000002", "CMP-2026-000003"]
    assert database.write(lambda session: numbers.next_number(session, "CMP", 2027)) == "CMP-2027-000001"
    assert database.write(lambda session: numbers.next_number(session, "CUS", 2026)) == "CUS-2026-000001"


def test_a_number_whose_transaction_failed_is_given_again(database: Database) -> None:
    def fails(session: object) -> None:
        numbers.next_number(session, "CMP", 2026)  # type: ignore[arg-type]  # a Session
        raise LookupError

    with pytest.raises(LookupError):
        database.write(fails)
    assert database.write(lambda session: numbers.next_number(session, "CMP", 2026)) == "CMP-2026-000001"


@given(st.text(max_size=40), st.data())
def test_every_part_of_a_chinese_run_is_among_the_tokens(text: str, data: st.DataObject) -> None:
    chinese = data.draw(st.text(alphabet="上海申远医疗设备有限公司客户", min_size=1, max_size=8))
    begin = data.draw(st.integers(0, len(chinese) - 1))
    end = data.draw(st.integers(begin + 1, len(chinese)))
    tokens = set(search.tokens_of(f"{text} {chinese} {text}"))
    assert {token for token, _prefix in search.query_tokens(chinese[begin:end])} <= tokens


@given(st.text())
def test_tokens_need_no_quoting(text: str) -> None:
    for token, _prefix in search.query_tokens(text):
        assert token and not set(token) & set("'\"\\ :*&|!()\x00")
