"""A form file is read strictly: each mistake a designer can make is named with its place."""

from __future__ import annotations

import json
from typing import Any

import pytest

from app import formkit
from tests.support.processes import ROOT

TITLE = {"zh": "表单", "en": "Form"}


def _field(name: str = "note", kind: str = "text", **more: Any) -> dict[str, Any]:
    return {"name": name, "type": kind, "label": TITLE, **more}


def _form(*fields: Any, **more: Any) -> dict[str, Any]:
    return {"key": "test/form", "title": TITLE, "fields": list(fields), **more}


def _option(value: Any = "a") -> dict[str, Any]:
    return {"value": value, "label": TITLE}


MISTAKES: list[tuple[str, Any, str]] = [
    ("no object", [], ""),
    ("no key", {"title": TITLE, "fields": [_field()]}, "key"),
    ("a key with spaces", _form(_field(), key="no key"), "key"),
    ("one language only", _form(_field(), title={"en": "Form"}), "title"),
    ("an empty translation", _form(_field(), title={"en": "Form", "zh": " "}), "title"),
    ("no fields", _form(), "fields"),
    ("a field that is a text", _form("note"), "fields.0"),
    ("an unknown setting", _form(_field(colour="red")), "fields.0.colour"),
    ("a script in the name", _form(_field("<script>")), "fields.0.name"),
    ("a name of the page's own", _form(_field("csrf_token")), "fields.0.name"),
    ("a name twice", _form(_field(), _field()), "fields.1.name"),
    ("an unknown type", _form(_field(kind="colour")), "fields.0.type"),
    ("a type that is a list", _form(_field(kind=["text"])), "fields.0.type"),
    ("required as text", _form(_field(required="yes")), "fields.0.required"),
    ("required and readonly", _form(_field(required=True, readonly=True)), "fields.0.required"),
    ("a choice without options", _form(_field(kind="choice")), "fields.0.options"),
    ("options of a text", _form(_field(options=[_option()])), "fields.0.options"),
    ("an option without label", _form(_field(kind="choice", options=[{"value": "a"}])), "fields.0.options.0"),
    ("an option twice", _form(_field(kind="choice", options=[_option(1), _option("1")])), "fields.0.options.1.value"),
    ("an option that is a list", _form(_field(kind="choice", options=[_option([])])), "fields.0.options.0.value"),
    ("a limit of a date", _form(_field(kind="date", min=1)), "fields.0.min"),
    ("a limit in words", _form(_field(max="ten")), "fields.0.max"),
    ("a negative length", _form(_field(min=-1)), "fields.0.min"),
    ("limits crossed", _form(_field(min=9, max=3)), "fields.0.min"),
    ("rows without columns", _form(_field(kind="rows")), "fields.0.fields"),
    (
        "rows in rows",
        _form(_field(kind="rows", fields=[_field(kind="rows", fields=[_field()])])),
        "fields.0.fields.0.type",
    ),
    ("columns of a text", _form(_field(fields=[_field("inner")])), "fields.0.fields"),
    ("a reference without address", _form(_field(kind="reference")), "fields.0.options_url"),
    ("a reference elsewhere", _form(_field(kind="reference", options_url="//evil.example/")), "fields.0.options_url"),
    ("an address of a text", _form(_field(options_url="/x")), "fields.0.options_url"),
    ("a condition on a later field", _form(_field(visible_if="b == 1"), _field("b")), "fields.0.visible_if"),
    ("a condition on itself", _form(_field(visible_if="note == 1")), "fields.0.visible_if"),
    ("a condition that escapes", _form(_field("a"), _field(visible_if="a.__class__")), "fields.1.visible_if"),
    ("a condition that calls", _form(_field("a"), _field(visible_if="open(a)")), "fields.1.visible_if"),
    ("a condition that is a number", _form(_field(visible_if=1)), "fields.0.visible_if"),
    ("confidential for nobody", _form(_field(confidential=[])), "fields.0.confidential"),
    ("confidential as text", _form(_field(confidential="cco")), "fields.0.confidential"),
    ("kept elsewhere without condition", _form(_field(stores="other")), "fields.0.stores"),
    ("kept under another's name", _form(_field("a"), _field(stores="a", visible_if="a == 1")), "fields.1.stores"),
]


@pytest.mark.parametrize(("data", "place"), [mistake[1:] for mistake in MISTAKES], ids=[m[0] for m in MISTAKES])
def test_every_mistake_is_named_with_its_place(data: Any, place: str) -> None:
    with pytest.raises(formkit.FormInvalid) as refused:
        formkit.from_json(data)
    assert place in {problem.path for problem in refused.value.problems}
    assert all(str(problem.message) for problem in refused.value.problems)


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"\xff\xfe", b"null", b'{"key": 1, "key": 2}', b"[" * 100_000, b'"' + b"x" * 600_000 + b'"', b"NaN"],
)
def test_what_is_no_json_is_refused(content: bytes) -> None:
    with pytest.raises(formkit.FormInvalid):
        formkit.parse(content)


def test_all_mistakes_are_said_at_once() -> None:
    with pytest.raises(formkit.FormInvalid) as refused:
        formkit.from_json(_form(_field(kind="choice"), _field("b", "colour"), title={}))
    assert len(refused.value.problems) == 3


def test_limits_nobody_wrote_are_part_of_the_document() -> None:
    document = formkit.from_json(_form(_field(), _field("pay", "money"), _field("files", "file")))
    assert [field.maximum for field in document.fields] == [1_000, 10**12, 20]


def test_the_schema_for_editors_knows_every_setting() -> None:
    schema = json.loads((ROOT / "forms" / "form.schema.json").read_text("utf-8"))
    field = schema["$defs"]["field"]
    assert set(field["properties"]["type"]["enum"]) == {kind.value for kind in formkit.FieldType}
    used = {
        name
        for file in (ROOT / "forms").glob("*/*.json")
        for found in json.loads(file.read_text("utf-8"))["fields"]
        for name in found
    }
    assert used <= field["properties"].keys()
    with pytest.raises(formkit.FormInvalid) as refused:
        formkit.from_json(_form(_field(**{name: object() for name in field["properties"] if name != "name"})))
    assert not [problem for problem in refused.value.problems if "Nobody knows" in str(problem.message)]
