"""What a designer does in a test run, as values that can be kept, downloaded and done again in another one."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from flask_babel import lazy_gettext as _l
from marshmallow import EXCLUDE, Schema, ValidationError, fields, post_load, validate

from app.errors import FieldErrors

MOST_STEPS = 300
MOST_BYTES = 500_000
FORMAT = "keliu-scenario-1"


class Doing(StrEnum):
    """What can be done."""

    START = "start"
    """The process, by hand or, with ``name``, by a message."""
    COMPLETE = "complete"
    """An open user task."""
    MESSAGE = "message"
    """Send a message or signal that is waited for."""
    ANSWER = "answer"
    """Do a service task that a program outside would do; with ``name``: report this business error."""
    PASS = "pass"
    """Let time pass: see :data:`app.sandbox.passing.UNTIL`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step. ``who``: a login, or ``group:<name>`` for somebody invented. ``nth``: of several that wait at ``node``
    the how manieth, in the order of the page; ``process`` tells nodes of different processes apart."""

    do: Doing
    who: str = ""
    process: str = ""
    node: str = ""
    nth: int = 0
    name: str = ""
    until: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """What was said, without what was not."""
        return {name: value for name, value in asdict(self).items() if value or name == "do"}


class StepSchema(Schema):
    """A step as JSON."""

    class Meta:
        """Settings that later versions may add are passed over."""

        unknown = EXCLUDE

    do = fields.Enum(Doing, by_value=True, required=True)
    who = fields.String(validate=validate.Length(max=100))
    process = fields.String(validate=validate.Length(max=100))
    node = fields.String(validate=validate.Length(max=100))
    nth = fields.Integer(validate=validate.Range(0, 1_000), strict=True)
    name = fields.String(validate=validate.Length(max=200))
    until = fields.String(validate=validate.Length(max=40))
    values = fields.Dict(keys=fields.String())

    @post_load
    def made(self, data: dict[str, Any], **_kwargs: Any) -> Step:
        """The step."""
        return Step(**data)


def from_json(given: Mapping[str, Any]) -> Step:
    """A step as it was kept. Raises ValidationError."""
    step: Step = StepSchema().load(given)
    return step


def scenario(process_key: str, steps: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What is downloaded."""
    return {"format": FORMAT, "process": process_key, "steps": list(steps)}


def read_scenario(content: bytes) -> list[Step]:
    """The steps in a file that was downloaded. Raises FieldErrors at ``scenario``."""
    try:
        if len(content) > MOST_BYTES:
            raise ValueError("too large")
        data = json.loads(content)
        if not isinstance(data, dict) or data.get("format") != FORMAT:
            raise ValueError("another format")
        found = StepSchema(many=True).load(data.get("steps") or [])
        if len(found) > MOST_STEPS:
            raise ValueError("too many steps")
    except (ValueError, RecursionError, ValidationError):
        raise FieldErrors({"scenario": [_l("This is not a scenario that was downloaded here.")]}) from None
    return list(found)
