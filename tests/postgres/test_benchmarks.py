"""Whoever reads our figures finds them under the names they were promised, at every scale and on every database."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import __main__ as benchmarks
from benchmarks.databases import Place
from benchmarks.report import TARGETS, print_text, with_short_names
from benchmarks.scale import TINY
from benchmarks.sizing import NEEDED, Habits, needs, table
from tests.support.postgres import PostgresServer

SECTIONS = ["complete_task", "age", "timers", "multi_instance", "parallel_blocks", "external_tasks"]
"""Those that start no processes."""
PROMISED = (
    "complete_task.over_floor",
    "complete_task.9_steps.plain_over_ours",
    "complete_task.61_steps.plain_over_ours",
    "age_85_over_age_0",
    "timers_10000.over_floor",
)


def test_promised_figures_are_there(
    postgres_server: PostgresServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """SQLite and PostgreSQL, the database's name before the figure or, for SQLite, left out."""
    places = [Place("sqlite", tmp_path), Place("postgresql", tmp_path, postgres_server)]
    figures = with_short_names(benchmarks.measured(SECTIONS, TINY, places))
    for name in PROMISED:
        assert {name, f"sqlite.{name}", f"postgresql.{name}"} <= figures.keys()
        assert figures[name] == figures[f"sqlite.{name}"] > 0
    worse = max(figures[f"postgresql.complete_task.{steps}.over_floor"] for steps in ("9_steps", "61_steps"))
    assert figures["postgresql.complete_task.over_floor"] == worse
    print_text(figures)
    assert f"of {sum(any(target.fits(name) for target in TARGETS) for name in figures)} targets met" in (
        capsys.readouterr().out
    )
    assert list(tmp_path.iterdir()) == []


def test_a_larger_company_needs_more() -> None:
    """One process and a file are enough for fifty people; for fifty thousand no file is."""
    figures = dict(zip(NEEDED, (40.0, 3.0, 500.0, 3.0, 2), strict=True))
    small, large = (needs(figures, Habits(), people) for people in (50, 50_000))
    assert small.sqlite and small.servers == small.workers == small.cores == 1
    assert not large.sqlite and large.servers > large.workers > 1
    assert large.database_load == pytest.approx(1_000 * small.database_load)
    assert len(list(table(figures, Habits()))) == 6
