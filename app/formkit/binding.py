"""Binding: what a client sent becomes values, or every refused field says why. Shared by page, REST and import."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import date, datetime, tzinfo
from decimal import Decimal
from typing import Any

from flask_babel import lazy_gettext as _l
from marshmallow import ValidationError

import engine
from app.errors import FieldErrors
from app.formkit.conversion import CONVERTERS, local_zone
from app.formkit.document import Field, FieldType, FormDocument

MAX_UNKNOWN_NAMED = 20
_EMPTY: tuple[Any, ...] = (None, "", [])


@dataclass(frozen=True, slots=True)
class Bound:
    """A filled-in form. ``values``: every field kept, as Python values (Decimal, date, datetime, list of dict).
    ``variables``: those that become process variables, as JSON values."""

    values: Mapping[str, Any] = field(default_factory=dict)
    variables: Mapping[str, Any] = field(default_factory=dict)


def bind(
    document: FormDocument,
    payload: Mapping[str, Any],
    *,
    overrides: Mapping[str, Mapping[str, Any]] | None = None,
    groups: Set[str] = frozenset(),
    facts: Mapping[str, Any] | None = None,
    zone: tzinfo | None = None,
) -> Bound:
    """Check ``payload`` against the form as a member of ``groups`` has it.

    Fields hidden by their condition are neither required nor kept. A field that is not sent keeps what the form started
    with (send null to clear it); fields nobody may change may be sent back as they were. ``facts`` are the values the
    form started with; ``zone`` is that of local times (default: the application's).
    Raises FieldErrors: ``{"actions.0.owner": [message]}``.
    """
    work = _Binding(facts or {}, zone or local_zone())
    form = document.for_person(overrides or {}, groups)
    given = _under_field_names(form, payload)
    work.refuse_unknown(form, given)
    values = work.fields(form.fields, given, "")
    if work.errors:
        raise FieldErrors(work.errors)
    kept = {spec.key: values[spec.name] for spec in form.fields if spec.name in values and not spec.readonly}
    variables = {spec.key: as_json(kept[spec.key]) for spec in form.fields if spec.variable and spec.name in values}
    return Bound(kept, variables)


def as_json(value: Any) -> Any:
    """A bound value as JSON: amounts as numbers, days and moments as ISO text."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {key: as_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [as_json(item) for item in value]
    return value


def _under_field_names(form: FormDocument, payload: Mapping[str, Any]) -> dict[str, Any]:
    """A value sent under the name it is kept as counts for every field that keeps it; conditions choose one."""
    given = dict(payload)
    for name in {spec.stores for spec in form.fields if spec.stores}:
        if name in given:
            value = given.pop(name)
            for spec in form.fields:
                if spec.stores == name:
                    given.setdefault(spec.name, value)
    return given


def is_visible(condition: str | None, values: Mapping[str, Any]) -> bool:
    """Whether a field with this condition is shown. A condition that can't be evaluated hides it."""
    if condition is None:
        return True
    try:
        return bool(engine.evaluate(condition, values))
    except engine.ExpressionFailed:
        return False


class _Binding:
    """One pass over the fields: conditions look back only."""

    def __init__(self, facts: Mapping[str, Any], zone: tzinfo) -> None:
        self.facts = facts
        self.zone = zone
        self.errors: dict[str, list[Any]] = {}

    def refuse_unknown(self, form: FormDocument, given: Mapping[str, Any]) -> None:
        known = {spec.name for spec in form.fields}
        for name in [name for name in given if name not in known][:MAX_UNKNOWN_NAMED]:
            self.errors[str(name)[:100]] = [_l("The form has no field of this name.")]

    def fields(self, specs: Sequence[Field], given: Mapping[str, Any], prefix: str) -> dict[str, Any]:
        """The values of the visible fields; the others are left out. Refusals are collected."""
        seen: dict[str, Any] = {spec.name: None for spec in specs}
        values: dict[str, Any] = {}
        for spec in specs:
            if not is_visible(spec.visible_if, seen):
                continue
            if spec.readonly:
                seen[spec.name] = as_json(self.facts.get(spec.name, spec.value)) if not prefix else None
                self._same(spec, given, seen[spec.name], prefix)
                continue
            start = self.facts.get(spec.name, spec.value) if not prefix else spec.value
            values[spec.name] = self._value(spec, given.get(spec.name, start), prefix)
            seen[spec.name] = as_json(values[spec.name])
        return values

    def _value(self, spec: Field, given: Any, prefix: str) -> Any:
        path = prefix + spec.name
        try:
            value = self._rows(spec, given, path) if spec.type is FieldType.ROWS else self._plain(spec, given)
        except ValidationError as refused:
            self.errors[path] = list(refused.messages)
            return None
        if spec.required and (value in _EMPTY or (isinstance(value, str) and not value.strip())):
            self.errors.setdefault(path, [_l("This field is required.")])
        return value

    def _plain(self, spec: Field, given: Any) -> Any:
        if given is None or (isinstance(given, str) and not given.strip()):
            return False if spec.type is FieldType.BOOLEAN else None
        if given == []:
            return None
        return CONVERTERS[spec.type](spec, self.zone).deserialize(given)

    def _rows(self, spec: Field, given: Any, path: str) -> list[dict[str, Any]] | None:
        if given is None:
            return None
        if not isinstance(given, list) or not all(isinstance(row, dict) for row in given):
            raise ValidationError([_l("A list of rows is needed here.")])
        least, most = spec.minimum or 0, spec.maximum or 0
        if len(given) > most:
            raise ValidationError([_l("No more than %(count)s rows are possible.", count=most)])
        if 0 < len(given) < least:
            raise ValidationError([_l("At least %(count)s rows are needed.", count=least)])
        columns = spec.fields or ()
        known = {column.name for column in columns}
        rows = []
        for index, row in enumerate(given):
            for name in [name for name in row if name not in known][:MAX_UNKNOWN_NAMED]:
                self.errors[f"{path}.{index}.{str(name)[:100]}"] = [_l("The form has no field of this name.")]
            rows.append(self.fields(columns, row, f"{path}.{index}."))
        return rows

    def _same(self, spec: Field, given: Mapping[str, Any], current: Any, prefix: str) -> None:
        """A client may send back what it was shown, but nothing else."""
        sent = given.get(spec.name)
        if sent in _EMPTY or sent == current or prefix:
            return
        try:
            same = spec.type is not FieldType.ROWS and as_json(self._plain(spec, sent)) == as_json(
                self._plain(spec, current)
            )
        except ValidationError:
            same = False
        if not same:
            self.errors[spec.name] = [_l("This field can't be changed.")]
