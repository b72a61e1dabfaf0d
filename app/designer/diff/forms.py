"""Differences between forms, field by field."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from app.designer.diff.model import Area, Change, Names, Term

SETTINGS = (
    "type",
    "required",
    "readonly",
    "variable",
    "visible_if",
    "min",
    "max",
    "confidential",
    "options_url",
    "value",
)
Said = Iterator[Change]
Data = Mapping[str, Any]


def compare(old: Mapping[str, bytes], new: Mapping[str, bytes]) -> Said:
    """Forms that came or went, and what is different in those that stayed."""
    for file in sorted(name for name in {*old, *new} if "/" in name and name.endswith(".json")):
        before, after = _read(old.get(file)), _read(new.get(file))
        facts = {"form": _names(after.get("title") or before.get("title"), file.removesuffix(".json"))}
        if file not in old:
            yield Change(Area.FORMS, "form_added", None, facts | {"fields": [_label(one) for one in _fields(after)]})
        elif file not in new:
            yield Change(Area.FORMS, "form_removed", None, facts)
        elif before != after:
            yield from _form(before, after, facts)


def _form(before: Data, after: Data, facts: dict[str, Any]) -> Said:
    if before.get("title") != after.get("title"):
        yield _text("form_title", before.get("title"), after.get("title"), facts)
    yield from _compare_fields(_fields(before), _fields(after), facts)


def _compare_fields(before: list[Data], after: list[Data], facts: dict[str, Any], column_of: str = "") -> Said:
    was, now = {_name(one): one for one in before}, {_name(one): one for one in after}
    for name, one in was.items():
        if name not in now:
            yield Change(Area.FORMS, "field_removed", None, facts | {"field": _label(one)})
    for name, one in now.items():
        if name not in was:
            code = "field_added_required" if one.get("required") else "field_added"
            yield Change(
                Area.FORMS, code, None, facts | {"field": _label(one), "type": Term(f"field_{one.get('type')}")}
            )
        else:
            yield from _field(was[name], one, facts | {"field": _label(one)})
    if [name for name in was if name in now] != [name for name in now if name in was]:
        yield Change(Area.FORMS, "fields_ordered", None, facts)


def _field(before: Data, after: Data, facts: dict[str, Any]) -> Said:
    for what in ("label", "help"):
        if before.get(what) != after.get(what):
            yield _text(f"field_{what}", before.get(what), after.get(what), facts)
    for name in SETTINGS:
        was, now = before.get(name), after.get(name)
        if (was or None) != (now or None):
            code, values = "field_setting", {"what": Term(f"setting_{name}"), "old": _plain(was), "new": _plain(now)}
            if isinstance(was or now, bool):
                code = "field_setting_on" if now else "field_setting_off"
            yield Change(Area.FORMS, code, None, facts | values)
    yield from _options(before, after, facts)
    yield from _compare_fields(_fields(before), _fields(after), facts)


def _options(before: Data, after: Data, facts: dict[str, Any]) -> Said:
    was, now = _choices(before), _choices(after)
    for value in was:
        if value not in now:
            yield Change(Area.FORMS, "option_removed", None, facts | {"option": was[value]})
    for value in now:
        if value not in was:
            yield Change(Area.FORMS, "option_added", None, facts | {"option": now[value]})
        elif was[value] != now[value]:
            yield Change(Area.FORMS, "option_renamed", None, facts | {"old": was[value], "new": now[value]})


def _choices(field: Data) -> dict[str, Names]:
    options = field.get("options")
    found = (one for one in (options if isinstance(options, list) else []) if isinstance(one, dict))
    return {str(one.get("value")): _names(one.get("label"), str(one.get("value"))) for one in found}


def _text(code: str, before: Any, after: Any, facts: dict[str, Any]) -> Change:
    return Change(Area.FORMS, code, None, facts | {"old": _both(before), "new": _both(after)})


def _both(text: Any) -> str:
    return " / ".join(str(one) for one in text.values()) if isinstance(text, dict) else "–"


def _read(content: bytes | None) -> Data:
    try:
        found = json.loads(content or b"{}")
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _fields(document: Data) -> list[Data]:
    fields = document.get("fields")
    return [one for one in fields if isinstance(one, dict)] if isinstance(fields, list) else []


def _name(field: Data) -> str:
    return str(field.get("name"))


def _label(field: Data) -> Names:
    return _names(field.get("label"), _name(field))


def _names(text: Any, fallback: str) -> Names:
    if isinstance(text, dict):
        return Names(str(text.get("zh") or fallback), str(text.get("en") or ""))
    return Names(fallback)


def _plain(value: Any) -> str:
    if value is None or value == "":
        return "–"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
