"""The form in which one field of a form is edited: drawn and checked by the same formkit as every other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from app.designer.forms import document
from app.formkit import Field, FieldType, FormDocument, Option, Problem, Text
from app.formkit.document import BOUNDS, NUMBERS, WITH_OPTIONS
from app.formkit.references import API_PREFIX

TYPES: Mapping[FieldType, Text] = {
    FieldType.TEXT: Text("单行文本", "Text, one line"),
    FieldType.LONGTEXT: Text("多行文本", "Text, many lines"),
    FieldType.INTEGER: Text("整数", "Whole number"),
    FieldType.DECIMAL: Text("小数", "Decimal number"),
    FieldType.MONEY: Text("金额", "Amount of money"),
    FieldType.DATE: Text("日期", "Day"),
    FieldType.DATETIME: Text("日期和时间", "Day and time"),
    FieldType.BOOLEAN: Text("是/否", "Yes or no"),
    FieldType.CHOICE: Text("单选", "One of several options"),
    FieldType.MULTICHOICE: Text("多选", "Several options"),
    FieldType.ROWS: Text("多行表格", "Rows of a table"),
    FieldType.FILE: Text("文件", "Files"),
    FieldType.REFERENCE: Text("引用", "Reference to something known"),
}
IN_COLUMNS = tuple(kind for kind in TYPES if kind not in (FieldType.ROWS, FieldType.FILE, FieldType.MULTICHOICE))
FLAGS = ("required", "readonly", "variable", "ordered")


def _is(*kinds: FieldType) -> str:
    return " or ".join(f"type == '{kind.value}'" for kind in kinds)


def editor(
    references: Iterable[str], groups: Mapping[str, Text], given: Mapping[str, Any], *, column: bool
) -> FormDocument:
    """The form for the field ``given``; groups and references it names already are offered even when unknown."""
    kinds = IN_COLUMNS if column else tuple(TYPES)
    fields = [
        Field(name="name", type=FieldType.TEXT, label=Text("名称（标识）", "Name"), maximum=63, help=_NAME),
        Field(name="type", type=FieldType.CHOICE, label=Text("类型", "Type"), required=True, options=_types(kinds)),
        Field(name="label_zh", type=FieldType.TEXT, label=Text("中文标签", "Chinese label"), maximum=500),
        Field(name="label_en", type=FieldType.TEXT, label=Text("英文标签", "English label"), maximum=500),
        Field(name="help_zh", type=FieldType.TEXT, label=Text("中文说明", "Chinese help"), maximum=1_000),
        Field(name="help_en", type=FieldType.TEXT, label=Text("英文说明", "English help"), maximum=1_000),
        Field(name="required", type=FieldType.BOOLEAN, label=Text("必填", "Required")),
        Field(name="readonly", type=FieldType.BOOLEAN, label=Text("只读", "Shown, never changed")),
        _options(),
        Field(
            name="ordered",
            type=FieldType.BOOLEAN,
            label=Text("第一个有特殊含义", "The first one has a meaning of its own"),
            visible_if=_is(FieldType.MULTICHOICE),
        ),
        _reference(references, given),
        Field(name="min", type=FieldType.DECIMAL, label=_LEAST, help=_BOUND, visible_if=_is(*BOUNDS)),
        Field(name="max", type=FieldType.DECIMAL, label=_MOST, help=_BOUND, visible_if=_is(*BOUNDS)),
        Field(
            name="value", type=FieldType.TEXT, label=_VALUE, maximum=1_000, visible_if=_is(*(set(TYPES) - _NO_VALUE))
        ),
    ]
    if not column:
        fields += _of_whole_fields(groups, given)
    return FormDocument("designer/field", Text("字段", "Field"), tuple(fields))


_NAME = Text(
    "字母、数字和下划线；决定流程走向的字段叫 outcome",
    "Letters, digits, underscores; the deciding field is called outcome",
)
_LEAST = Text("最小值（长度、数值、个数）", "Least (length, number or count)")
_MOST = Text("最大值（长度、数值、个数）", "Most (length, number or count)")
_BOUND = Text("留空：此类型的默认限制", "Empty: the limit of the type")
_VALUE = Text("初始值", "Value to start with")
_NO_VALUE = {FieldType.ROWS, FieldType.FILE, FieldType.REFERENCE}


def _types(kinds: Iterable[FieldType]) -> tuple[Option, ...]:
    return tuple(Option(kind.value, TYPES[kind]) for kind in kinds)


def _options() -> Field:
    columns = (
        Field(name="value", type=FieldType.TEXT, label=Text("值", "Value"), maximum=200),
        Field(name="zh", type=FieldType.TEXT, label=Text("中文", "Chinese"), maximum=500),
        Field(name="en", type=FieldType.TEXT, label=Text("英文", "English"), maximum=500),
    )
    label = Text("选项", "Options")
    return Field(
        name="options", type=FieldType.ROWS, label=label, maximum=500, fields=columns, visible_if=_is(*WITH_OPTIONS)
    )


def _reference(kinds: Iterable[str], given: Mapping[str, Any]) -> Field:
    urls = sorted({API_PREFIX + kind for kind in kinds} | {str(given.get("options_url") or document.REFERENCE)})
    options = tuple(Option(url, Text(url.removeprefix(API_PREFIX), url.removeprefix(API_PREFIX))) for url in urls)
    label = Text("引用什么", "What it refers to")
    return Field(
        name="options_url", type=FieldType.CHOICE, label=label, options=options, visible_if=_is(FieldType.REFERENCE)
    )


def _of_whole_fields(groups: Mapping[str, Text], given: Mapping[str, Any]) -> list[Field]:
    """What columns of rows do not have."""
    named = given.get("confidential")
    unknown = {str(name): Text(str(name), str(name)) for name in (named if isinstance(named, list) else [])}
    offered = tuple(Option(name, title) for name, title in sorted({**unknown, **groups}.items()))
    condition = Text(
        "条件表达式，只用前面的字段，例如 outcome == 'no'", "An expression on fields above, like outcome == 'no'"
    )
    found = [
        Field(
            name="visible_if", type=FieldType.TEXT, label=Text("显示条件", "Shown if"), help=condition, maximum=2_000
        ),
        Field(name="variable", type=FieldType.BOOLEAN, label=Text("成为流程变量", "Becomes a process variable")),
        Field(
            name="stores",
            type=FieldType.TEXT,
            label=Text("另存为", "Kept under the name"),
            help=Text("多个字段只显示其一时共用的名称", "For several fields of which one is shown"),
            maximum=63,
        ),
    ]
    if offered:
        found.append(Field(name="secret", type=FieldType.BOOLEAN, label=Text("保密", "Confidential")))
        label = Text("仅限这些组查看", "Only these groups may see it")
        found.append(
            Field(name="confidential", type=FieldType.MULTICHOICE, label=label, options=offered, visible_if="secret")
        )
    return found


def values_of(given: Mapping[str, Any]) -> dict[str, Any]:
    """The field as the editor's form starts with it."""
    value = given.get("value")
    return {
        "name": given.get("name"),
        "type": given.get("type"),
        **{
            f"{text}_{code}": document.text_in(given.get(text), code)
            for text in ("label", "help")
            for code in ("zh", "en")
        },
        **{flag: bool(given.get(flag)) for flag in FLAGS},
        "options": [
            {
                "value": option.get("value"),
                **{code: document.text_in(option.get("label"), code) for code in ("zh", "en")},
            }
            for option in _options_of(given)
        ],
        "options_url": given.get("options_url"),
        "min": given.get("min"),
        "max": given.get("max"),
        "value": ", ".join(map(str, value)) if isinstance(value, list) else value,
        "visible_if": given.get("visible_if"),
        "stores": given.get("stores"),
        "secret": bool(given.get("confidential")),
        "confidential": given.get("confidential") if isinstance(given.get("confidential"), list) else [],
    }


def changed(before: Mapping[str, Any], bound: Mapping[str, Any]) -> dict[str, Any]:
    """The field as the file keeps it, from what was filled in (bound values); columns stay as they are."""
    kind = FieldType(str(bound["type"]))
    found: dict[str, Any] = {
        "name": bound.get("name") or "",
        "type": kind.value,
        "label": {code: bound.get(f"label_{code}") or "" for code in document.LANGUAGES},
    }
    help_ = {code: bound.get(f"help_{code}") or "" for code in document.LANGUAGES}
    if any(help_.values()):
        found["help"] = help_
    found |= {flag: True for flag in FLAGS if bound.get(flag)}
    if kind in WITH_OPTIONS:
        numbers = {str(option.get("value")): option.get("value") for option in _options_of(before)}
        found["options"] = [_option(row, numbers) for row in bound.get("options") or []]
    if kind is FieldType.REFERENCE:
        found["options_url"] = bound.get("options_url") or document.REFERENCE
    found |= {name: _number(kind, bound[name]) for name in ("min", "max") if bound.get(name) is not None}
    if bound.get("value") not in (None, ""):
        found["value"] = _value(kind, str(bound["value"]))
    found |= {name: bound[name] for name in ("visible_if", "stores") if bound.get(name)}
    if bound.get("confidential"):
        found["confidential"] = list(bound["confidential"])
    if kind is FieldType.ROWS:
        found["fields"] = before.get("fields") or document.fresh_columns()
    return found


def _options_of(given: Mapping[str, Any]) -> list[dict[str, Any]]:
    options = given.get("options")
    return [option for option in options if isinstance(option, dict)] if isinstance(options, list) else []


def _option(row: Mapping[str, Any], known: Mapping[str, Any]) -> dict[str, Any]:
    """A value that was a number stays one."""
    value = row.get("value") or ""
    return {"value": known.get(value, value), "label": {code: row.get(code) or "" for code in document.LANGUAGES}}


def _number(kind: FieldType, value: Any) -> int | float:
    whole = value == value.to_integral_value()
    return int(value) if whole or kind not in NUMBERS else float(value)


def _value(kind: FieldType, text: str) -> Any:
    """What stands in the box, as the type keeps it; what does not fit stays text, and is found wrong when used."""
    if kind is FieldType.BOOLEAN:
        return text.strip().lower() in ("true", "1", "yes", "是")
    if kind is FieldType.MULTICHOICE:
        return [part.strip() for part in text.split(",") if part.strip()]
    if kind in NUMBERS:
        try:
            return int(text) if kind is FieldType.INTEGER else float(text)
        except ValueError:
            return text
    return text


def errors_at(path: str, given: Mapping[str, Any], found: Sequence[Problem]) -> dict[str, list[Any]]:
    """The problems of one field at the fields of its editor."""
    at = document.problem_path(path) + "."
    errors: dict[str, list[Any]] = {}
    for problem in found:
        rest = problem.path.removeprefix(at)
        if rest != problem.path and not rest.startswith("fields"):
            for place in _places(rest.split("."), given):
                errors.setdefault(place, []).append(problem.message)
    return errors


def _places(rest: Sequence[str], given: Mapping[str, Any]) -> list[str]:
    if rest[0] in ("label", "help"):
        text = given.get(rest[0])
        return [f"{rest[0]}_{code}" for code in document.LANGUAGES if not document.text_in(text, code).strip()]
    if rest[0] == "options" and len(rest) == 3 and rest[2] == "label":
        option = given["options"][int(rest[1])]
        lacks = [code for code in document.LANGUAGES if not document.text_in(option.get("label"), code).strip()]
        return [f"options.{rest[1]}.{code}" for code in lacks]
    return [".".join(rest)]
