"""Columns become fields: value maps, second columns, fixed values, dates as they are written."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask_babel import Babel

from app.errors import FieldErrors
from app.imports import mapping as mappings
from app.imports import queries, schemas
from app.imports.conversion import Converter
from app.imports.mapping import ColumnMapping, MappingRefused, Rule, Source, cell_of, parse
from app.imports.targets import FieldKind, Option, TargetField

BUREAU = Path(__file__).parents[3] / "shared" / "data" / "cfpb_complaints.csv"
NAMES = {"zh": "字段", "en": "Field"}


@pytest.fixture(autouse=True)
def somebody_reads() -> Iterator[None]:
    app = Flask(__name__)
    Babel(app)
    with app.app_context():
        yield


def field(kind: FieldKind, **facts: Any) -> TargetField:
    return TargetField(name="it", label=NAMES, kind=kind, **facts)


def converted(one: TargetField, text: str, **rule: Any) -> Any:
    mapping = ColumnMapping("t", {"it": Rule(sources=(Source("c"),), **rule)})
    return Converter(None, [one], mapping, "Asia/Shanghai").values({"c": text}).get("it")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (FieldKind.TEXT, "  Shenyuan \n", "Shenyuan"),
        (FieldKind.LONGTEXT, " words\n kept ", " words\n kept "),
        (FieldKind.INTEGER, "1,234", 1234),
        (FieldKind.DECIMAL, "－1.5", Decimal("-1.5")),
        (FieldKind.MONEY, "￥12,000.5元", Decimal("12000.50")),
        (FieldKind.DATE, "2026年3月5日", date(2026, 3, 5)),
        (FieldKind.DATE, "2026/3/5", date(2026, 3, 5)),
        (FieldKind.DATETIME, "2026-03-05 08:30", datetime(2026, 3, 5, 0, 30, tzinfo=UTC)),
        (FieldKind.DATETIME, "2026-03-05", datetime(2026, 3, 4, 16, 0, tzinfo=UTC)),
        (FieldKind.DATETIME, "2026-03-05T08:30:00+00:00", datetime(2026, 3, 5, 8, 30, tzinfo=UTC)),
        (FieldKind.BOOLEAN, "是", True),
        (FieldKind.BOOLEAN, "No", False),
    ],
)
def test_text_becomes_a_value(kind: FieldKind, text: str, value: Any) -> None:
    assert converted(field(kind), text) == value


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (FieldKind.INTEGER, "1.5"),
        (FieldKind.INTEGER, "9" * 30),
        (FieldKind.DECIMAL, "12 apples"),
        (FieldKind.DECIMAL, "1e999"),
        (FieldKind.DECIMAL, "NaN"),
        (FieldKind.MONEY, "-1"),
        (FieldKind.MONEY, "1.005"),
        (FieldKind.DATE, "2026-02-30"),
        (FieldKind.DATE, "yesterday"),
        (FieldKind.DATETIME, "0001-01-01"),
        (FieldKind.BOOLEAN, "perhaps"),
        (FieldKind.TEXT, "x" * 301),
    ],
)
def test_what_does_not_fit_is_refused_at_its_field(kind: FieldKind, text: str) -> None:
    with pytest.raises(FieldErrors) as refused:
        converted(field(kind), text)
    assert list(refused.value.errors) == ["it"]


def test_dates_are_read_as_the_mapping_says() -> None:
    assert converted(field(FieldKind.DATE), "05.03.2026", format="%d.%m.%Y") == date(2026, 3, 5)
    with pytest.raises(FieldErrors):
        converted(field(FieldKind.DATE), "2026-03-05", format="%d.%m.%Y")


def test_a_choice_is_known_by_its_value_and_by_its_name_in_both_languages() -> None:
    def options(_session: Any) -> list[Option]:
        return [Option("phone", {"zh": "电话", "en": "Phone"}), Option("email", {"zh": "邮件", "en": "E-mail"})]

    for text in ("phone", "Phone", "电话"):
        assert converted(field(FieldKind.CHOICE, options=options), text) == "phone"
    with pytest.raises(FieldErrors):
        converted(field(FieldKind.CHOICE, options=options), "pigeon")


def test_every_refused_field_is_named_at_once() -> None:
    fields = [
        TargetField(name="a", label=NAMES, kind=FieldKind.DATE),
        TargetField(name="b", label=NAMES, required=True),
        TargetField(name="c", label=NAMES),
    ]
    mapping = ColumnMapping("t", {name: Rule(sources=(Source(name),)) for name in "abc"})
    with pytest.raises(FieldErrors) as refused:
        Converter(None, fields, mapping, "UTC").values({"a": "soon", "b": " ", "c": "fine"})  # type: ignore[arg-type]
    assert sorted(refused.value.errors) == ["a", "b"]


def test_the_second_column_speaks_where_the_first_says_nothing() -> None:
    rule = Rule(sources=(Source("issue", {"Late": "x"}), Source("product", {"Card": "y"})), otherwise="z")
    assert cell_of(rule, {"issue": "Late", "product": "Card"}) == "x"
    assert cell_of(rule, {"issue": "Wet", "product": "Card"}) == "y"
    assert cell_of(rule, {"issue": "", "product": "Loan"}) == "z"


def test_a_value_without_counterpart_is_not_guessed() -> None:
    with pytest.raises(KeyError, match="Wet"):
        cell_of(Rule(sources=(Source("issue", {"Late": "x"}),)), {"issue": "Wet"})


def test_a_mapping_survives_being_written_and_read() -> None:
    for shipped in queries.shipped_mappings():
        assert parse(json.loads(json.dumps(shipped.to_document()))) == shipped


def test_the_bureaus_file_is_mapped_by_its_header() -> None:
    with BUREAU.open(encoding="utf-8", newline="") as stream:
        reader = csv.DictReader(stream)
        header = tuple(reader.fieldnames or ())
        rows = list(reader)
    found = next(one for one in queries.shipped_mappings() if one.target == "complaints")
    assert mappings.header_key(found.header) == mappings.header_key(header)
    for row in rows:
        kind = cell_of(found.fields["sub_code"], row)
        assert kind.split("_")[0] == cell_of(found.fields["complaint_class"], row)
        assert cell_of(found.fields["channel"], row) in {"portal", "referral"}


@pytest.mark.parametrize(
    "document",
    [
        None,
        [],
        {},
        {"target": "t"},
        {"target": "t", "fields": {}},
        {"target": "", "fields": {"a": {"constant": "x"}}},
        {"target": "t", "fields": {"a": {}}},
        {"target": "t", "fields": {"a": {"constant": "x", "from": [{"column": "c"}]}}},
        {"target": "t", "fields": {"a": {"from": "c"}}},
        {"target": "t", "fields": {"a": {"from": [{"column": 3}]}}},
        {"target": "t", "fields": {"a": {"from": [{"column": "c", "values": ["x"]}]}}},
        {"target": "t", "fields": {"a": {"from": [{"column": "c", "values": {"x": {"y": 1}}}]}}},
        {"target": "t", "fields": {"a": {"constant": "x", "__proto__": 1}}},
        {"target": "t", "fields": {"a": {"constant": "x\x00"}}},
        {"target": "t", "header": "a", "fields": {"a": {"constant": "x"}}},
    ],
)
def test_a_document_that_is_no_mapping_is_refused(document: Any) -> None:
    with pytest.raises(MappingRefused):
        parse(document)


@pytest.mark.parametrize(
    "data", [b"", b"{", b"\xff", b"[" * 100_000, b'{"target": "other", "fields": {"a": {"constant": "b"}}}']
)
def test_an_uploaded_document_that_is_no_mapping_is_refused(data: bytes) -> None:
    with pytest.raises(MappingRefused):
        schemas.mapping_from_json(data, "complaints", [])


def test_pairs_are_written_one_a_line() -> None:
    values = {"a = b": "x", "Web": "web"}
    assert schemas.values_from_text(schemas.values_as_text(values), "f") == values
    with pytest.raises(MappingRefused):
        schemas.values_from_text("no sign of equality", "f")
