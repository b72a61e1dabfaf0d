"""What a decision is once it is compiled, and what it answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engine import evaluator
from engine.model import Finding

LISTS = ("COLLECT", "RULE ORDER", "OUTPUT ORDER")
"""Policies by which several rows may answer."""


class DecisionFailed(Exception):
    """The table gives no answer its hit policy allows; the message says why."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A row. A test of None fits everything."""

    id: str
    number: int
    tests: tuple[evaluator.Compiled | None, ...]
    outputs: tuple[Any, ...]
    annotations: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Decision:
    """A compiled table."""

    id: str
    name: str
    hit_policy: str
    aggregation: str | None
    inputs: tuple[evaluator.Compiled, ...]
    input_labels: tuple[str, ...]
    outputs: tuple[str, ...]
    output_values: tuple[tuple[Any, ...], ...]
    rules: tuple[Rule, ...]
    variable: str = ""
    expression: evaluator.Compiled | None = None
    """What a decision without table computes."""
    requires: tuple[Decision, ...] = ()


@dataclass(frozen=True, slots=True)
class Hit:
    """Which row answered: its number on the table (from 1), its id and what its annotations say."""

    number: int
    rule_id: str
    annotations: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class DecisionResult:
    """The answer, one dict per row that counts, and the rows that gave it: "why did I get this?"."""

    outputs: tuple[dict[str, Any], ...]
    hits: tuple[Hit, ...]
    inputs: Mapping[str, Any] = field(default_factory=dict)
    required: Mapping[str, DecisionResult] = field(default_factory=dict)
    """What the decisions answered that this one requires."""

    def mapped(self, mapping: str) -> Any:
        """The value for ``mapDecisionResult``. Raises DecisionFailed when there are too many rows."""
        if mapping == "resultList":
            return [dict(row) for row in self.outputs]
        if mapping == "collectEntries":
            return [value for row in self.outputs for value in list(row.values())[:1]]
        if len(self.outputs) > 1:
            raise DecisionFailed(f"{len(self.outputs)} rows fit where one was expected")
        if not self.outputs:
            return None
        row = dict(self.outputs[0])
        if mapping == "singleResult":
            return row
        if len(row) != 1:
            raise DecisionFailed("several outputs where one was expected")
        return next(iter(row.values()))


@dataclass(frozen=True, slots=True)
class Parsed:
    """The tables of one file, and what is wrong with it."""

    decisions: tuple[Decision, ...]
    findings: tuple[Finding, ...]
