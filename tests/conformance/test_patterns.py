"""Every pattern of the page behaves as its row says, or is refused with the finding it names."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine import findings as words
from tests.conformance.patterns import DEFINITIONS, Pattern, findings, path_of, walk
from tests.conformance.patterns.flow import GROUPS
from tests.conformance.patterns.matrix import POSITIONS, cell
from tests.conformance.patterns.page import NAMED, PAGE, page
from tests.conformance.patterns.traps import TRAPS
from tests.support.workflows import MODES

ROOT = Path(__file__).parents[2]
ROWS = [row for rows in GROUPS.values() for row in rows]
CELLS = [cell(position, trigger) for position in POSITIONS for trigger in DEFINITIONS]
EVERYTHING = [row for row in (*ROWS, *CELLS) if not row.proved_by]


@pytest.mark.parametrize("row", [row for row in EVERYTHING if not row.refused], ids=lambda row: row.en)
def test_takes_the_path_of_its_row(row: Pattern) -> None:
    assert findings(row.body, "error") == ()
    for mode in (MODES[0], MODES[2]):
        play = walk(row, mode)
        assert path_of(play) == row.path.strip(), mode
        assert " ".join(play.tasks) == row.open, mode
        assert play.done or row.open or play.waiting.tasks


@pytest.mark.parametrize("row", [row for row in EVERYTHING if row.refused], ids=lambda row: row.en)
def test_is_refused_with_the_finding_of_its_row(row: Pattern) -> None:
    found = findings(row.body, "error")
    assert set(row.refused) <= set(found)
    assert set(found) <= words.WORDS.keys()


@pytest.mark.parametrize("row", [row for row in ROWS if not row.proved_by and not row.refused], ids=lambda row: row.en)
def test_says_what_it_does_not_do(row: Pattern) -> None:
    assert findings(row.body, "warning") == row.warned


def test_what_is_proved_elsewhere_is_proved_there() -> None:
    for place in {row.proved_by for row in ROWS if row.proved_by} | {test for _, test in TRAPS}:
        file, _, name = place.partition("::")
        assert f"def {name}(" in (ROOT / file).read_text(), place


def test_every_group_that_failed_is_there_and_none_is_refused() -> None:
    rows = {row.en: row for row in ROWS}
    assert len(rows) == len(ROWS)
    assert not [name for names in NAMED.values() for name in names if rows[name].refused]
    for position in ("scope", "beside"):
        for trigger in ("message", "timer", "signal", "conditional", "escalation"):
            assert not cell(position, trigger).refused
    assert not cell("scope", "error").refused


def test_the_page_is_true() -> None:
    assert PAGE.read_text() == page(), "write it anew: python -m tests.conformance.patterns"
