"""Hostile posts: every one ends in values or in errors at fields, never in an exception; text stays text."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from app import formkit
from app.errors import FieldErrors
from tests.support.processes import ROOT, form

HUGE = "9" * 5_000
NASTY: list[Any] = [
    None, True, False, 0, -1, 1.5, float("nan"), float("inf"), -float("inf"), 10**400, -(10**400), 2**63, 1e308,
    "", " ", "\x00", "a\x00b", "\ud800", "\u202e\u2066", "'; DROP TABLE complaint; --", "<script>alert(1)</script>",
    "{{ 7*7 }}", "${7*7}", "#{7*7}", "=1+1", "__class__", "../../etc/passwd", "%00", "%s%s%n", HUGE, "1e999999999",
    "1_000", "٣", "0x10", "１２", "NaN", "Infinity", "--1", "1,2,3", "0000-00-00", "2026-02-30", "20261201", "now",
    "9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+23:59", "2026-W01-1", "quality_defect\n", "🙂" * 300,
    "x" * 100_000, [], [[]], [None], [""], {}, {"": ""}, {"a": [1]}, ["repair"] * 10_000, [{}] * 300,
    [1, "1", True, None], [{"description": {"deep": [{}]}}], ["a", ["b"]],
]  # fmt: skip
FORMS = sorted(file.stem for file in (ROOT / "forms" / "complaint").glob("*.json"))
GROUPS = frozenset({"human_resources"})


def _bind(name: str, payload: Any) -> formkit.Bound | dict[str, list[Any]]:
    try:
        return formkit.bind(form("complaint", name), payload, groups=GROUPS)
    except FieldErrors as refused:
        assert refused.errors
        for field, messages in refused.errors.items():
            assert isinstance(field, str)
            assert messages and all(str(message) for message in messages)
        return refused.errors


def test_there_are_enough_of_them() -> None:
    assert len(NASTY) >= 60


@pytest.mark.parametrize("name", FORMS)
def test_hostile_values_in_every_field(name: str) -> None:
    document = form("complaint", name)
    chosen: dict[str, Any] = {field.name: field.options[0].value for field in document.fields if field.options}
    for value in NASTY:
        _bind(name, {field.name: value for field in document.fields})
        for field in document.fields:
            _bind(name, {**chosen, field.name: value})
            for column in field.fields or ():
                _bind(name, {**chosen, field.name: [{column.name: value}]})


@pytest.mark.parametrize("name", ["", "\x00", "__class__", "a.b", "actions.0.owner", "x" * 10_000, "<b>", "outcome "])
def test_a_hostile_name_is_refused_by_name(name: str) -> None:
    found = _bind("judge", {name: 1, "outcome": "valid"})
    assert isinstance(found, dict) and name[:100] in found


def test_ten_thousand_unknown_names_make_a_short_answer() -> None:
    found = _bind("judge", {f"x{number}": 1 for number in range(10_000)})
    assert isinstance(found, dict) and len(found) < 30


@pytest.mark.parametrize("number", range(len(NASTY)))
def test_a_hostile_post_of_the_page(number: int) -> None:
    text = NASTY[number] if isinstance(NASTY[number], str) else repr(NASTY[number])[:1_000]
    document = form("complaint", "propose_solution")
    posted = MultiDict(
        [(field.name, text) for field in document.fields]
        + [(f"actions-{text[:20]}-owner", text), (f"actions-0-{text[:20]}", text), ("actions-0-owner", text)]
        + [("_rows", text), ("actions-999999999999-owner", text), ("remedies-first", text)]
    )
    _bind("propose_solution", formkit.from_html(document, posted))


def test_a_page_with_too_many_rows_is_cut_and_then_refused() -> None:
    posted = MultiDict([(f"actions-{number}-description", "x") for number in range(5_000)])
    payload = formkit.from_html(form("complaint", "propose_solution"), posted)
    assert len(payload["actions"]) == 500
    found = _bind("propose_solution", payload)
    assert isinstance(found, dict) and "actions" in found


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_whatever_json_comes_it_is_judged(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(FORMS))
    names = [field.name for field in form("complaint", name).fields]
    _bind(name, data.draw(st.dictionaries(st.sampled_from(names) | st.text(max_size=8), json_values, max_size=12)))
