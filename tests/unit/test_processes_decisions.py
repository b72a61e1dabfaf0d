"""Every row of every decision table: what the business reads in the table is what the engine decides."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

from engine import decisions
from engine.decisions import Decision
from tests.support.processes import ROOT

STEPS = (
    *("record", "judge", "assign_department", "analyse_cause", "contribute_analysis", "propose_solution"),
    *("approve_solution", "take_containment", "perform_action", "pay_compensation", "decide_penalty", "return_visit"),
    *("evaluate", "thank_customer", "hear_appeal", "review_withdrawal", "visit_after"),
)
SOLD_BY = {"complaint_class": "contract"}
DEPARTMENTS: list[tuple[dict[str, Any], str]] = [
    ({"complaint_class": "quality", "selling_department": "centre_1"}, "development"),
    *[({**SOLD_BY, "selling_department": f"centre_{number}"}, f"centre_{number}") for number in range(1, 9)],
    ({**SOLD_BY, "selling_department": "key_accounts"}, "key_accounts"),
    ({**SOLD_BY, "selling_department": ""}, "customer_department"),
    ({"complaint_class": "transport", "selling_department": "centre_2"}, "logistics"),
    ({"complaint_class": "service", "selling_department": ""}, "customer_department"),
    ({"complaint_class": None, "selling_department": None}, "customer_department"),
]
LEVELS: list[tuple[tuple[float, str, str], tuple[bool, bool, bool]]] = [
    ((0, "critical", "C"), (True, True, True)),
    ((100_000, "minor", "C"), (True, True, True)),
    ((50_000.01, "normal", "A"), (True, True, True)),
    ((99_999.99, "normal", "B"), (False, True, True)),
    ((5_000.01, "normal", "A"), (True, True, False)),
    ((0, "serious", "A"), (True, True, False)),
    ((5_000, "serious", "B"), (True, False, False)),
]
HOURS: list[tuple[tuple[str, str], tuple[float, ...]]] = [
    (("critical", "A"), (0.5, 1, 1, 4, 4, 4, 2, 1, 16, 8, 40, 4, 16, 16, 40, 8, 3)),
    (("critical", "B"), (0.5, 2, 2, 8, 8, 8, 4, 2, 24, 16, 40, 8, 24, 16, 40, 8, 3)),
    (("serious", "A"), (1, 2, 2, 12, 12, 8, 4, 2, 40, 16, 40, 8, 24, 24, 40, 16, 5)),
    (("serious", "C"), (1, 4, 4, 16, 16, 16, 8, 4, 40, 24, 40, 8, 40, 24, 40, 16, 5)),
    (("normal", "A"), (1, 4, 4, 16, 16, 16, 8, 4, 56, 24, 40, 8, 40, 24, 40, 16, 5)),
    (("normal", "B"), (2, 8, 8, 24, 24, 24, 16, 8, 80, 40, 40, 16, 40, 40, 40, 24, 7)),
    (("minor", "A"), (2, 8, 8, 24, 24, 24, 16, 8, 80, 40, 40, 16, 40, 40, 40, 24, 7)),
    (("minor", "C"), (4, 16, 16, 40, 40, 40, 24, 16, 120, 40, 56, 24, 56, 40, 40, 40, 10)),
]
TIMING = ("horizon", "boundary", "untouched_days", "prompt_days", "contact_hours", "task_hours")
HORIZONS: list[tuple[tuple[int, ...], tuple[Any, ...]]] = [
    ((-400, -1, 0, 30), ("now", -90, 15, 7, 4, 8)),
    ((31, 90), ("three_months", 30, 45, 14, 4, 24)),
    ((91, 180), ("six_months", 90, 100, 45, 4, 40)),
    ((181, 365), ("one_year", 180, 200, 90, 4, 40)),
    ((366, 4000), ("later", 365, 730, 365, 4, 40)),
]
"""Days to the purchase, first and last of each row."""
PROSPECTS: list[tuple[str, str, tuple[str, str]]] = [
    ("", "cad", ("A", "CAD")),
    ("cad", "erp", ("C", "PDM")),
    ("capp", "mrp", ("C", "PDM")),
    ("cad pdm", "mrpii", ("C", "OA")),
    ("cad", "capp bom pdm", ("B", "CAPP")),
    ("cad capp", "bom pdm", ("B", "BOM")),
    ("cad capp", "pdm", ("B", "PDM")),
    ("pdm", "", ("B", "OA")),
    ("cad capp", "", ("B", "PDM")),
    ("cad", "", ("B", "CAPP")),
    ("oa", "cad", ("A", "CAD")),
]
"""What a prospect has and wants; kind and product."""
QUOTAS: list[tuple[tuple[str, bool], int]] = [
    (("key_accounts", True), 20),
    (("centre_1", True), 10),
    (("", False), 30),
]
OCCASIONS: list[tuple[str, tuple[int, int, int, int]]] = [
    ("next_product", (12, 0, 0, 90)),
    ("win_back", (3, 24, 0, 0)),
    ("visit", (0, 36, 10, 0)),
    ("wallet_share", (0, 12, 0, 30)),
    ("birthday", (0, 0, 0, 0)),
]
ROWS = {
    "responsible_department": len(DEPARTMENTS),
    "approval_level": len(LEVELS),
    "service_level": len(HOURS),
    "lead_timing": len(HORIZONS),
    "prospect_kind": len(PROSPECTS),
    "claim_quota": len(QUOTAS),
    "lead_occasion": len(OCCASIONS),
}
FILES = dict.fromkeys(("prospect_kind", "claim_quota", "lead_occasion"), "lead_timing")
"""Tables that lie in another one's file."""


@cache
def _decision(name: str) -> Decision:
    file = f"{FILES.get(name, name)}.dmn"
    parsed = decisions.parse(file, (ROOT / "processes" / file).read_bytes())
    assert parsed.findings == ()
    return next(found for found in parsed.decisions if found.id == name)


def _decide(name: str, row: int, variables: dict[str, Any]) -> Any:
    """The outputs, after checking that exactly the row under test answered."""
    result = decisions.evaluate(_decision(name), variables)
    assert [hit.number for hit in result.hits] == [row]
    return result.outputs[0]


@pytest.mark.parametrize("name", ROWS)
def test_every_row_has_a_test_a_reason_in_both_languages_and_the_last_takes_the_rest(name: str) -> None:
    table = _decision(name)
    assert table.hit_policy == "FIRST"
    assert len(table.rules) == ROWS[name]
    assert all(test is None for test in table.rules[-1].tests)
    for rule in table.rules:
        assert rule.annotations["zh"].strip() and rule.annotations["en"].strip()
        assert rule.annotations["en"].isascii()


@pytest.mark.parametrize(("row", "facts"), list(enumerate(DEPARTMENTS, 1)))
def test_proposed_department(row: int, facts: tuple[dict[str, Any], str]) -> None:
    variables, expected = facts
    assert _decide("responsible_department", row, variables) == {"proposed_department": expected}


@pytest.mark.parametrize(("row", "facts"), list(enumerate(LEVELS, 1)))
def test_who_approves(row: int, facts: tuple[tuple[float, str, str], tuple[bool, bool, bool]]) -> None:
    (compensation, severity, value_class), expected = facts
    variables = {"compensation": compensation, "severity": severity, "value_class": value_class}
    levels = _decide("approval_level", row, variables)
    assert (levels["department_lead"], levels["customer_department_lead"], levels["cco"]) == expected


@pytest.mark.parametrize("compensation", [0, 5_000, 5_000.01, 50_000, 50_000.01, 99_999.99, 100_000, 10_000_000])
@pytest.mark.parametrize("severity", ["minor", "normal", "serious", "critical"])
@pytest.mark.parametrize("value_class", ["A", "B", "C"])
def test_somebody_always_approves_and_large_sums_reach_the_cco(
    compensation: float, severity: str, value_class: str
) -> None:
    variables = {"compensation": compensation, "severity": severity, "value_class": value_class}
    levels = decisions.evaluate(_decision("approval_level"), variables).outputs[0]
    assert any(levels.values())
    if compensation >= 100_000 or severity == "critical":
        assert levels["cco"]


@pytest.mark.parametrize(("row", "facts"), list(enumerate(HOURS, 1)))
def test_hours_of_every_step(row: int, facts: tuple[tuple[str, str], tuple[float, ...]]) -> None:
    (severity, value_class), expected = facts
    hours = _decide("service_level", row, {"severity": severity, "value_class": value_class})
    assert tuple(hours[step] for step in STEPS) == expected
    assert hours.keys() == set(STEPS)


@pytest.mark.parametrize(("row", "facts"), list(enumerate(HORIZONS, 1)))
def test_days_to_the_purchase_and_what_follows(row: int, facts: tuple[tuple[int, ...], tuple[Any, ...]]) -> None:
    days, expected = facts
    for count in days:
        assert _decide("lead_timing", row, {"days_to_purchase": count}) == dict(zip(TIMING, expected, strict=True))


def test_no_day_is_left_out_and_the_next_boundary_is_where_the_nearer_horizon_begins() -> None:
    for days in range(-30, 800):
        (timing,) = decisions.evaluate(_decision("lead_timing"), {"days_to_purchase": days}).outputs
        nearer = {"days_to_purchase": timing["boundary"]}
        (then,) = decisions.evaluate(_decision("lead_timing"), nearer).outputs
        assert (timing["horizon"] == "now") == (then["horizon"] == timing["horizon"])


@pytest.mark.parametrize(("row", "facts"), list(enumerate(PROSPECTS, 1)))
def test_kind_of_prospect_and_product(row: int, facts: tuple[str, str, tuple[str, str]]) -> None:
    has, wants, expected = set(facts[0].split()), set(facts[1].split()), facts[2]
    variables: dict[str, Any] = {"owned": len(has), "wants_planning": bool(wants & {"mrp", "mrpii", "erp"})}
    variables |= {f"owns_{name}": name in has for name in ("cad", "capp", "pdm")}
    variables |= {f"wants_{name}": name in wants for name in ("capp", "bom", "pdm")}
    answer = _decide("prospect_kind", row, variables)
    assert (answer["kind"], answer["product"]) == expected


@pytest.mark.parametrize(("row", "facts"), list(enumerate(QUOTAS, 1)))
def test_how_many_leads_one_may_claim(row: int, facts: tuple[tuple[str, bool], int]) -> None:
    (department, supervisor), expected = facts
    assert _decide("claim_quota", row, {"department": department, "supervisor": supervisor}) == {"quota": expected}


@pytest.mark.parametrize(("row", "facts"), list(enumerate(OCCASIONS, 1)))
def test_when_to_speak_to_a_customer_again(row: int, facts: tuple[str, tuple[int, int, int, int]]) -> None:
    occasion, expected = facts
    found = _decide("lead_occasion", row, {"occasion": occasion})
    assert (found["from_months"], found["to_months"], found["top"], found["percent"]) == expected
