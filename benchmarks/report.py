"""Figures beside their targets. JSON is the figures alone, ``{name: number}``; the text adds the targets."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

from benchmarks.databases import PLACES

COLUMNS = ("ours_ms", "floor_ms", "over_floor", "plain_ms", "plain_over_ours")
"""What is shown side by side."""
HEADS = ("ours ms", "floor ms", "× floor", "plain ms", "plain ÷ ours")
OF_PAGES = ("cpu_p95_ms", "cpu_p50_ms", "wall_p95_ms")
HEADS_OF_PAGES = ("processor, 95th ms", "median ms", "wall, 95th ms")
"""The same of pages: processor time of server and database for one request, which the target judges; the time on the
wall beside it holds whatever else the machine did."""
TITLES = {
    "sqlite": "SQLite, synchronous NORMAL",
    "sqlite_full": "SQLite, synchronous FULL",
    "postgresql": "PostgreSQL, fsync on",
    "web": "From a POST to its redirect, through the whole application on SQLite",
    "machine": "This machine",
}
WEB = "web"
SHORT = ("complete_task.*", "age_*_over_age_0", "timers_10000.*")
"""Names that SQLite with NORMAL also has without its own."""


@dataclass(frozen=True, slots=True)
class Target:
    """A bound for every figure whose name fits."""

    names: str
    bound: float
    least: bool = False

    def fits(self, name: str) -> bool:
        """Whether this is one of them."""
        return fnmatchcase(name, self.names)

    def met(self, value: float) -> bool:
        """Whether the figure is within the bound."""
        return value >= self.bound if self.least else value <= self.bound

    def __str__(self) -> str:
        return f"{'≥' if self.least else '≤'} {self.bound:g}"


TARGETS = (
    Target("sqlite*.complete_task.*over_floor", 2.5),
    Target("postgresql.complete_task.*over_floor", 2.0),
    Target("sqlite*.complete_task.9_steps.plain_over_ours", 3.5, least=True),
    Target("sqlite*.complete_task.61_steps.plain_over_ours", 8.0, least=True),
    Target("postgresql.complete_task.9_steps.plain_over_ours", 2.0, least=True),
    Target("postgresql.complete_task.61_steps.plain_over_ours", 2.5, least=True),
    Target("*.age_*_over_age_0", 1.1),
    Target("*.timers_10000.over_floor", 2.5),
    # "Cost nothing", "flat", "nothing doubled": what can be told from noise.
    Target("*.sleeping_100000.complete_task.beside_over_without", 1.1),
    Target("*.sleeping_100000.worker_memory_mb", 2.0),
    Target("*.control_room.*.cpu_p95_ms", 300.0),
    Target("*.leads_10000.worker_cpu_seconds_per_minute_more", 0.3),
    Target("*.memory_100000.growth_mb_per_100000", 5.0),
    Target("*.clients_4.same_tasks.done_per_task", 1.0),
    Target("*.clients_4.same_tasks.failures", 0.0),
)


def target_of(name: str) -> Target | None:
    """The target of a figure."""
    return next((target for target in TARGETS if target.fits(name)), None)


def with_short_names(figures: Mapping[str, float]) -> dict[str, float]:
    """The same figures; the ones that are spoken of without a database are also there without one."""
    short = {}
    for name, value in figures.items():
        place, _, rest = name.partition(".")
        if place == WEB or (place == PLACES[0] and any(fnmatchcase(rest, pattern) for pattern in SHORT)):
            short[rest] = value
    return dict(figures) | short


def print_json(figures: Mapping[str, float]) -> None:
    """One JSON object."""
    json.dump({name: round(value, 3) for name, value in with_short_names(figures).items()}, sys.stdout, indent=2)
    print()


def print_text(figures: Mapping[str, float]) -> None:
    """A table for every database, and which targets were missed."""
    for place in dict.fromkeys(name.partition(".")[0] for name in figures):
        mine = {name: value for name, value in figures.items() if name.partition(".")[0] == place}
        print(f"\n{TITLES.get(place, place)}")
        for line in _lines(place, mine):
            print(line)
    judged = {name: target for name in figures if (target := target_of(name)) is not None}
    missed = [name for name, target in judged.items() if not target.met(figures[name])]
    print(f"\n{len(judged) - len(missed)} of {len(judged)} targets met" + "".join(f"\n  missed: {n}" for n in missed))


def _lines(place: str, figures: dict[str, float]) -> Iterator[str]:
    shown = set()
    for columns, heads in ((COLUMNS, HEADS), (OF_PAGES, HEADS_OF_PAGES)):
        groups = [name.removesuffix(f".{columns[0]}") for name in figures if name.endswith(f".{columns[0]}")]
        width = max((len(_short(group, place)) for group in groups), default=0) + 2
        if groups:
            yield f"  {'':<{width}}" + "".join(f"{head:>21}" for head in heads)
        for group in groups:
            cells = [f"{group}.{column}" for column in columns]
            shown.update(cells)
            yield f"  {_short(group, place):<{width}}" + "".join(f"{_cell(name, figures):>21}" for name in cells)
    for name, value in figures.items():
        if name not in shown:
            yield f"  {_short(name, place):<58}{value:>12.2f}{_judged(name, value)}"


def _short(name: str, place: str) -> str:
    return name.removeprefix(f"{place}.")


def _cell(name: str, figures: dict[str, float]) -> str:
    return f"{figures[name]:.2f}{_judged(name, figures[name])}" if name in figures else ""


def _judged(name: str, value: float) -> str:
    target = target_of(name)
    return "" if target is None else f" ({target} {'met' if target.met(value) else 'MISSED'})"
