"""The page ``docs/architecture/patterns.md``, made from the patterns. It says nothing that is not tested."""

from __future__ import annotations

from pathlib import Path

from tests.conformance.patterns import DEFINITIONS, Pattern
from tests.conformance.patterns.flow import GROUPS
from tests.conformance.patterns.matrix import POSITIONS, cell
from tests.conformance.patterns.traps import TRAPS

PAGE = Path(__file__).parents[3] / "docs" / "architecture" / "patterns.md"

HEAD = """# What a designer can draw

Every construct of BPMN 2.0, as it behaves here or as it is refused when deploying. Nothing is passed over in silence.
The page is generated from `tests/conformance/patterns`, whose every row is deployed and walked, saved and restored
after each step, by `tests/conformance/test_patterns.py`. To write it anew: `python -m tests.conformance.patterns`.

A result is the path: the nodes that were completed, in order, after the moves of the row. `refused` names the findings
of severity error, `warned` those of severity warning; their words are in `engine/findings.py`. Where one process alone
shows nothing, the test that does is named. Beyond the rows, random processes are compared step by step with a reference
interpreter (`tests/property/test_engine_random.py`, `tests/support/reference.py`).

## Events by position and trigger
"""

NAMED = {
    "event sub-processes (interrupting, error, timer, escalation, in a sub-process)": (
        "Event sub-process in a sub-process, interrupting",
        "Event sub-process in a sub-process, not interrupting, twice",
    ),
    "link events": ("Link events",),
    "signal end events": ("Signal end event wakes who waits",),
    "persistent triggers": ("Message that comes early is kept (persistent trigger)",),
    "two timers on an event gateway": ("Two timers behind an event-based gateway",),
    "conditional flows from tasks": ("Conditional flows out of a task", "Default flow out of a task"),
    "implicit split": ("Implicit split: several flows out of a task",),
    "error codes on boundaries": ("Error codes on boundary events: that code, else any", "Error of another code"),
    "error that must stop the scope": ("Error that stops its scope",),
    "non-interrupting message boundary in a loop": ("Non-interrupting message boundary event in a loop",),
    "parallel join in a loop": ("Parallel join in a loop",),
    "multi-instance without output or with existing item": (
        "Multi-instance over a collection",
        "Multi-instance whose output is its item",
    ),
    "partial join by count": ("Complex gateway: partial join by a count",),
    "ad hoc": ("Ad hoc sub-process, parallel", "Ad hoc sub-process, sequential"),
    "complex gateway": ("Complex gateway: a number alone", "Complex gateway as a split"),
    "compensation": (
        "Compensation of several activities, the last first",
        "Compensation by an event sub-process",
        "Transaction that is cancelled",
    ),
    "startEvent-less processes and sub-processes": (
        "Process without start event",
        "Sub-process without start event",
    ),
}
"""The groups of patterns that plain SpiffWorkflow 3.2.0 fails, each with its rows."""


def page() -> str:
    """The whole page."""
    lines = [*HEAD.splitlines(), "", *_matrix()]
    for title, patterns in GROUPS.items():
        lines += ["", f"## {title}", "", "| construct | 构造 | result |", "|---|---|---|"]
        lines += [f"| {row.en} | {row.zh} | {row.result} |" for row in patterns]
    lines += ["", "## Groups that plain SpiffWorkflow 3.2.0 fails", "", "| group | rows |", "|---|---|"]
    lines += [f"| {group} | {'; '.join(rows)} |" for group, rows in NAMED.items()]
    lines += ["", "## What SpiffWorkflow 3.2.0 does wrong, and the test that would notice", "", "| trap | test |"]
    lines += ["|---|---|", *(f"| {trap} | `{test}` |" for trap, test in TRAPS)]
    return "\n".join(lines) + "\n"


def _matrix() -> list[str]:
    head = [f"| trigger | {' | '.join(POSITIONS.values())} |", f"|---|{'---|' * len(POSITIONS)}"]
    rows = [
        f"| {trigger} | {' | '.join(_cell(cell(position, trigger)) for position in POSITIONS)} |"
        for trigger in DEFINITIONS
    ]
    return [*head, *rows]


def _cell(pattern: Pattern) -> str:
    return ", ".join(f"`{code}`" for code in pattern.refused) or "runs"
