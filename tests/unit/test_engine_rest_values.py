"""Values and moments as Camunda 7 writes them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from app.engine_rest.values import BadValue, from_camunda, moment, parse_moment, to_camunda

ZONE = "Asia/Shanghai"


def test_moments_are_written_in_camundas_format() -> None:
    assert moment(datetime(2013, 1, 23, 13, 42, 42, 987_654, tzinfo=UTC)) == "2013-01-23T13:42:42.987+0000"
    assert moment(None) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2013-01-23T13:42:42.000+0000", datetime(2013, 1, 23, 13, 42, 42, tzinfo=UTC)),
        ("2013-01-23T13:42:42.000+0800", datetime(2013, 1, 23, 5, 42, 42, tzinfo=UTC)),
        ("2013-01-23T13:42:42+08:00", datetime(2013, 1, 23, 5, 42, 42, tzinfo=UTC)),
        ("2013-01-23T13:42:42Z", datetime(2013, 1, 23, 13, 42, 42, tzinfo=UTC)),
        ("2013-01-23T13:42:42", datetime(2013, 1, 23, 5, 42, 42, tzinfo=UTC)),
    ],
)
def test_moments_are_read_with_and_without_an_offset(text: str, expected: datetime) -> None:
    assert parse_moment(text, ZONE) == expected


@pytest.mark.parametrize(
    "text", ["", "gestern", "2013-01-23", "2013-13-01T00:00:00", "0001-01-01T00:00:00+1400", 5, None]
)
def test_other_moments_are_refused(text: object) -> None:
    with pytest.raises(BadValue):
        parse_moment(text, ZONE)


@pytest.mark.parametrize(
    "value", [None, True, 7, -(2**31), 2**40, 1.5, "中文", [1, {"a": None}], {"b": [True]}], ids=repr
)
def test_what_is_written_is_read_back(value: Any) -> None:
    assert from_camunda("x", to_camunda(value), ZONE) == value


@pytest.mark.parametrize(
    ("value", "kind"),
    [(2**31, "Integer"), (True, "Integer"), ("1", "Integer"), (1, "Boolean"), (1, "String"), (2**63, "Long")]
    + [
        ("x", "Double"),
        (10**400, "Double"),
        ("[", "Json"),
        ("NaN", "Json"),
        (1, "Null"),
        ("x", "Object"),
        ("x", "Wurst"),
    ],
)
def test_a_value_that_is_not_of_its_type_is_refused(value: Any, kind: str) -> None:
    with pytest.raises(BadValue, match="'x'"):
        from_camunda("x", {"value": value, "type": kind}, ZONE)


def test_types_may_begin_small_and_null_fits_every_type() -> None:
    assert from_camunda("x", {"value": "a", "type": "string"}, ZONE) == "a"
    assert from_camunda("x", {"value": None, "type": "Integer"}, ZONE) is None
    assert from_camunda("x", {"value": "2026-12-01T00:00:00.000+0800", "type": "Date"}, ZONE).startswith("2026-12-01")
