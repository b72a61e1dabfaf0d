"""Every row of the tables that classify, route and check matters, every limit, and every gap between the rules."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from app.matters.service.closing import is_drawn
from engine import decisions
from engine.decisions import Decision
from tests.support.processes import ROOT

KINDS = [
    (("dissatisfied", "C"), "complaint"),
    (("wants_to_buy", "C"), "purchase_interest"),
    (("needs_help", "C"), "technical"),
    (("order", "C"), "order"),
    (("idea", "C"), "suggestion"),
    (("leaving", "C"), "churn_signal"),
    (("rival", "B"), "churn_signal"),
    (("rival", "C"), "rival_news"),
    (("asks", "A"), "inquiry"),
]
ROUTES: list[tuple[dict[str, Any], tuple[str, str, int]]] = [
    ({"kind": "complaint"}, ("complaint", "customer_support", 2)),
    ({"kind": "purchase_interest", "amount": 99_999.99}, ("lead", "region", 4)),
    ({"kind": "purchase_interest", "amount": 100_000}, ("lead", "key_accounts", 4)),
    ({"kind": "technical"}, ("technical", "technical_support", 4)),
    ({"kind": "order"}, ("department", "logistics", 4)),
    ({"kind": "order", "amount": 100_000}, ("department", "key_accounts", 4)),
    ({"kind": "inquiry", "region": "centre_3"}, ("department", "region", 8)),
    ({"kind": "inquiry", "region": "centre_3", "amount": 100_000}, ("department", "key_accounts", 4)),
    ({"kind": "inquiry"}, ("department", "customer_department", 8)),
    ({"kind": "suggestion", "product_code": "CAD"}, ("department", "development", 16)),
    ({"kind": "suggestion", "product_code": "OA"}, ("department", "implementation", 16)),
    ({"kind": "churn_signal", "value_class": "A"}, ("department", "key_accounts", 2)),
    ({"kind": "churn_signal", "value_class": "B"}, ("department", "region", 4)),
    ({"kind": "rival_news"}, ("department", "customer_department", 16)),
]
NOTHING_SPECIAL: dict[str, Any] = {"product_code": "", "region": "", "amount": 0, "value_class": "C"}
SAMPLES = [(("complaint", "A"), 0), (("inquiry", "A"), 20), (("inquiry", "B"), 10)]
AGES = [("A", 90), ("C", 180)]
TABLES = {
    "matter_kind": ("matter_kind", len(KINDS), "FIRST"),
    "matter_routing": ("matter_routing", len(ROUTES), "COLLECT"),
    "matter_sampling": ("matter_routing", len(SAMPLES), "FIRST"),
    "customer_data_age": ("matter_routing", len(AGES), "FIRST"),
}


def table(name: str) -> Decision:
    file = TABLES[name][0]
    parsed = decisions.parse(f"{file}.dmn", (ROOT / "processes" / f"{file}.dmn").read_bytes())
    assert parsed.findings == ()
    return next(found for found in parsed.decisions if found.id == name)


def first(name: str, row: int, variables: dict[str, Any]) -> Any:
    """The outputs, after checking that exactly the row under test answered."""
    result = decisions.evaluate(table(name), variables)
    assert [hit.number for hit in result.hits] == [row]
    return result.outputs[0]


def routes(**facts: Any) -> dict[int, tuple[Any, ...]]:
    """Every row that answers, with target, department and hours."""
    result = decisions.evaluate(table("matter_routing"), {**NOTHING_SPECIAL, **facts})
    return {hit.number: tuple(found.values()) for hit, found in zip(result.hits, result.outputs, strict=True)}


@pytest.mark.parametrize("name", TABLES)
def test_every_row_has_a_test_and_a_reason_in_both_languages(name: str) -> None:
    found, (_file, rows, policy) = table(name), TABLES[name]
    assert (found.hit_policy, len(found.rules)) == (policy, rows)
    assert policy == "COLLECT" or all(test is None for test in found.rules[-1].tests)
    for rule in found.rules:
        assert rule.annotations["zh"].strip() and rule.annotations["en"].isascii()


@pytest.mark.parametrize(("row", "facts"), list(enumerate(KINDS, 1)))
def test_proposed_kind(row: int, facts: tuple[tuple[str, str], str]) -> None:
    (concern, value_class), kind = facts
    assert first("matter_kind", row, {"concern": concern, "value_class": value_class}) == {"kind": kind}


@pytest.mark.parametrize(("row", "case"), list(enumerate(ROUTES, 1)))
def test_every_rule_sends_its_matter_where_it_says(row: int, case: tuple[dict[str, Any], tuple[str, str, int]]) -> None:
    facts, expected = case
    found = routes(**facts)
    assert found.pop(row) == expected
    assert found == ({5: ("department", "logistics", 4)} if row == 6 else {})  # else no other rule has a say


def test_a_hundred_thousand_yuan_is_the_limit() -> None:
    below, from_there = (set(routes(kind="purchase_interest", amount=amount)) for amount in (99_999.99, 100_000))
    assert (below, from_there) == ({2}, {3})
    assert set(routes(kind="inquiry", region="centre_1", amount=99_999.99)) == {7}
    assert set(routes(kind="inquiry", region="centre_1", amount=100_000)) == {8}


def test_gaps_and_disagreements_are_exactly_these() -> None:
    """Whatever comes, one department answers for it, but for what the CCO is to decide."""
    kinds = [kind for _facts, kind in KINDS] + ["unheard_of", "", None]
    left_to_the_cco = set()
    for kind, region, amount, value, product in itertools.product(
        dict.fromkeys(kinds), ("", "centre_8"), (0, 99_999.99, 100_000, 5_000_000), "ABC", ("", "CAD", "OA")
    ):
        found = routes(kind=kind, region=region, amount=amount, value_class=value, product_code=product)
        answers = {(target, region if where == "region" else where) for target, where, _hours in found.values()}
        if len(answers) != 1 or ("", "") in answers or next(iter(answers))[1] == "":
            left_to_the_cco.add((kind, len(answers), amount >= 100_000, region, "" if value == "A" else "BC"))
    assert left_to_the_cco == {
        *(
            (kind, 0, big, region, v)
            for kind in ("unheard_of", "", None)
            for big in (True, False)
            for region in ("", "centre_8")
            for v in ("", "BC")
        ),
        *(("order", 2, True, region, v) for region in ("", "centre_8") for v in ("", "BC")),
        *(("purchase_interest", 1, False, "", v) for v in ("", "BC")),
        *(("churn_signal", 1, big, "", "BC") for big in (True, False)),
    }


@pytest.mark.parametrize(("row", "facts"), list(enumerate(SAMPLES, 1)))
def test_share_of_matters_that_are_checked(row: int, facts: tuple[tuple[str, str], int]) -> None:
    (kind, value_class), percent = facts
    assert first("matter_sampling", row, {"kind": kind, "value_class": value_class}) == {"percent": percent}


@pytest.mark.parametrize(("row", "facts"), list(enumerate(AGES, 1)))
def test_how_old_the_data_of_a_customer_may_be(row: int, facts: tuple[str, int]) -> None:
    value_class, days = facts
    assert first("customer_data_age", row, {"value_class": value_class}) == {"days": days}


def test_the_same_numbers_are_drawn_always_and_as_many_as_the_share_says() -> None:
    numbers = [f"CUS-2026-{number:06d}" for number in range(1, 20_001)]
    drawn = [number for number in numbers if is_drawn(number, 10)]
    assert drawn == [number for number in numbers if is_drawn(number, 10)]
    assert 1_880 < len(drawn) < 2_120  # ± 3 standard deviations of 20 000 draws at 10 %
    assert set(drawn) <= {number for number in numbers if is_drawn(number, 20)}
    assert not any(is_drawn(number, 0) for number in numbers) and all(is_drawn(number, 100) for number in numbers)
