"""A form's file while it is edited: it may be unfinished, so it is changed as JSON and read again after each change."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext as _l

from app import formkit
from app.errors import FieldErrors
from app.formkit import FieldType, FormDocument, Problem
from app.formkit.parsing import MAX_BYTES, MAX_FIELDS

Json = dict[str, Any]
LANGUAGES = ("zh", "en")
START = {FieldType.CHOICE, FieldType.MULTICHOICE}
OPTION: Json = {"value": "done", "label": {"zh": "完成", "en": "Done"}}
REFERENCE = "/api/v1/references/customer"


class NotEditable(Exception):
    """The file is JSON, but no form that could be edited field by field."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the list of fields. ``path``: ``3``, or ``3.0`` for a column of rows. ``lacks``: languages of which a
    text is missing; ``wrong``: how many problems it has."""

    path: str
    name: str
    type: str
    label: str
    depth: int
    first: bool
    last: bool
    marks: tuple[str, ...]
    lacks: tuple[str, ...]
    wrong: int


def read(content: bytes) -> Json:
    """The file as it is. Raises NotEditable."""
    try:
        data = json.loads(content)
    except (ValueError, RecursionError):
        raise NotEditable() from None
    if not isinstance(data, dict) or not isinstance(data.get("fields"), list):
        raise NotEditable()
    if not all(_is_field(field) for field in data["fields"]) or len(data["fields"]) > MAX_FIELDS:
        raise NotEditable()
    return data


def _is_field(field: Any, depth: int = 0) -> bool:
    if not isinstance(field, dict):
        return False
    columns = field.get("fields")
    if columns is None:
        return True
    return depth == 0 and isinstance(columns, list) and all(_is_field(column, 1) for column in columns)


def write(data: Json) -> bytes:
    """The file to keep. Raises FieldErrors when it has become too large."""
    content = (json.dumps(data, ensure_ascii=False, indent=2) + "\n").encode()
    if len(content) > MAX_BYTES:
        raise FieldErrors({"": [_l("The form is too large.")]})
    return content


def problems(data: Json) -> tuple[Problem, ...]:
    """What keeps it from being a form."""
    try:
        formkit.parse(json.dumps(data))
    except formkit.FormInvalid as invalid:
        return invalid.problems
    return ()


def rows(data: Json, language: str, found: Sequence[Problem]) -> list[Row]:
    """The list of fields, columns below their rows."""
    return list(_rows(data["fields"], "", language, found))


def _rows(fields: list[Json], above: str, language: str, found: Sequence[Problem]) -> Iterator[Row]:
    for index, field in enumerate(fields):
        path = f"{above}{index}"
        columns = field.get("fields") or []
        at = problem_path(path)
        mine = [one for one in found if one.path == at or one.path.startswith(f"{at}.")]
        yield Row(
            path=path,
            name=str(field.get("name", "")),
            type=str(field.get("type", "")),
            label=text_of(field.get("label"), language),
            depth=1 if above else 0,
            first=index == 0,
            last=index == len(fields) - 1,
            marks=tuple(mark for mark in ("required", "readonly", "variable", "confidential") if field.get(mark)),
            lacks=lacking(field),
            wrong=sum(1 for one in mine if not one.path.startswith(f"{at}.fields.")),
        )
        yield from _rows(columns, f"{path}.", language, found)


def lacking(field: Mapping[str, Any]) -> tuple[str, ...]:
    """Languages in which the field has no label, or only half of its texts."""
    texts = [field.get("label"), field["help"] if field.get("help") else {"zh": "-", "en": "-"}]
    options = field.get("options") if isinstance(field.get("options"), list) else []
    texts += [option.get("label") for option in options or [] if isinstance(option, dict)]
    return tuple(code for code in LANGUAGES if not all(text_in(text, code).strip() for text in texts))


def text_in(text: Any, language: str) -> str:
    """The text in exactly this language; empty when there is none."""
    found = text.get(language) if isinstance(text, Mapping) else None
    return found if isinstance(found, str) else ""


def text_of(text: Any, language: str) -> str:
    """The text in this language, else in the other."""
    other = "en" if language == "zh" else "zh"
    return text_in(text, language) or text_in(text, other)


def problem_path(path: str) -> str:
    """``3.0`` as problems call it: ``fields.3.fields.0``."""
    return ".".join(f"fields.{number}" for number in path.split("."))


def edited_path(problem: str) -> str:
    """``fields.3.fields.0.label`` → ``3.0``; empty for what is about the form as a whole."""
    parts = problem.split(".")
    found = []
    while len(parts) > 1 and parts[0] == "fields" and parts[1].isdigit():
        found.append(parts[1])
        parts = parts[2:]
    return ".".join(found)


def place(data: Json, path: str) -> tuple[list[Json], int]:
    """The list a field stands in, and where. Raises NotEditable for a path that leads nowhere."""
    numbers = path.split(".")
    fields: Any = data["fields"]
    for depth, number in enumerate(numbers):
        if not (number.isascii() and number.isdigit() and len(number) < 5) or int(number) >= len(fields) or depth > 1:
            raise NotEditable()
        if depth == len(numbers) - 1:
            return fields, int(number)
        fields = fields[int(number)].get("fields") or []
    raise NotEditable()


def add(data: Json, kind: FieldType, below: str = "") -> str:
    """A new field of this type at the end, or a new column of the rows at ``below``; its path."""
    fields = data["fields"]
    if below:
        listed, index = place(data, below)
        fields = listed[index].setdefault("fields", [])
    if len(fields) >= MAX_FIELDS:
        raise FieldErrors({"": [_l("A form has no more than %(count)s fields.", count=MAX_FIELDS)]})
    fields.append(_fresh(kind, {str(field.get("name")) for field in fields}))
    return f"{below}.{len(fields) - 1}" if below else str(len(fields) - 1)


def _fresh(kind: FieldType, taken: set[str]) -> Json:
    name = next(name for name in (kind.value, *(f"{kind.value}_{n}" for n in range(2, 999))) if name not in taken)
    field: Json = {"name": name, "type": kind.value, "label": {"zh": "", "en": ""}}
    if kind in START:
        field["options"] = [deepcopy(OPTION)]
    elif kind is FieldType.REFERENCE:
        field["options_url"] = REFERENCE
    elif kind is FieldType.ROWS:
        field["fields"] = fresh_columns()
    return field


def fresh_columns() -> list[Json]:
    """What rows begin with: rows without columns are none."""
    return [{"name": "text", "type": "text", "label": {"zh": "", "en": ""}}]


def remove(data: Json, path: str) -> None:
    """The field is gone."""
    fields, index = place(data, path)
    del fields[index]


def move(data: Json, path: str, by: int) -> str:
    """The field stands one place further up (-1) or down (1), if there is room; its path."""
    fields, index = place(data, path)
    to = min(max(index + by, 0), len(fields) - 1)
    fields.insert(to, fields.pop(index))
    return ".".join([*path.split(".")[:-1], str(to)])


def shown(data: Json) -> tuple[FormDocument | None, int]:
    """The form to preview, and how many fields were left out because they are wrong. Missing texts are marked, and
    conditions that can't be meant do not count."""
    draft = deepcopy(data)
    draft["title"] = _marked(draft.get("title"))
    for field in draft["fields"]:
        _mark(field)
    left_out = 0
    for _attempt in range(2 * len(draft["fields"]) + 2):
        found = problems(draft)
        if not found:
            return formkit.from_json(draft), left_out
        if _without_conditions(draft, found):
            continue
        wrong = {int(one.path.split(".")[1]) for one in found if one.path.startswith("fields.")}
        if not wrong:
            return None, left_out
        left_out += len(wrong)
        draft["fields"] = [field for index, field in enumerate(draft["fields"]) if index not in wrong]
    return None, left_out


def _without_conditions(draft: Json, found: Sequence[Problem]) -> bool:
    """Fields whose condition is wrong are shown always; whether there was one."""
    paths = [edited_path(one.path) for one in found if one.path.endswith(".visible_if")]
    for path in paths:
        listed, index = place(draft, path)
        listed[index].pop("visible_if", None)
    return bool(paths)


def _mark(field: Json) -> None:
    field["label"] = _marked(field.get("label"))
    if field.get("help"):
        field["help"] = _marked(field["help"])
    for option in field.get("options") or []:
        if isinstance(option, dict):
            option["label"] = _marked(option.get("label"))
    for column in field.get("fields") or []:
        _mark(column)


def _marked(text: Any) -> Json:
    """A text that is missing in one language is there in the other, with a sign that it was not translated."""
    both = {code: text_in(text, code).strip() for code in LANGUAGES}
    if not all(both.values()):
        known = both["zh"] or both["en"]
        return {code: both[code] or f"⚠ {known}".strip() for code in LANGUAGES}
    return both
