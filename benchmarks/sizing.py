"""``python -m benchmarks.sizing figures.json``: what a company of some size needs, from the figures of one machine.

The file is what ``python -m benchmarks --json`` printed there. Prints a table in Markdown. What is assumed about people
is in :class:`Habits`; everything else is measured.
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

Figures = Mapping[str, float]
COMPANIES = (50, 500, 5_000, 50_000)
"""People at work."""
NEEDED: tuple[str, ...] = (
    "post_to_redirect_ms",
    "postgresql.timers_10000.ours_ms",
    "postgresql.clients_4.ours_per_second",
    "postgresql.sleeping_100000.database_kb_per_instance",
    "machine.cores",
)
BEGIN, END = "<!-- table: python -m benchmarks.sizing -->", "<!-- end of table -->"
SERVER_MB = 250
"""Memory to plan for a process that serves pages; a worker needs less."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """How people work. Change them to what you see in your own company."""

    tasks_a_day: float = 20
    """Tasks one person completes."""
    requests_per_task: float = 8
    """Pages and searches around one completed task; each is taken to cost as much as the completion itself."""
    jobs_per_task: float = 3
    """Timers, notices and service tasks that follow from it."""
    busiest_hour: float = 0.2
    """The part of a day's tasks done in its busiest hour."""
    load: float = 0.5
    """The part of a process's capacity to be used in that hour: at more, people wait for each other."""
    days_kept: float = 500
    """Working days whose instances stay in the database."""
    tasks_per_instance: float = 9


@dataclass(frozen=True, slots=True)
class Need:
    """What so many people need."""

    people: int
    tasks_a_day: float
    tasks_a_second: float
    servers: int
    workers: int
    cores: int
    """For servers and workers; the database needs its own."""
    database_load: float
    """Of what the measured machine completes in a second when its cores do nothing else."""
    gigabytes: float
    sqlite: bool


def needs(figures: Figures, habits: Habits, people: int) -> Need:
    """Capacity of one process of each kind against the busiest hour."""
    tasks = people * habits.tasks_a_day
    peak = tasks * habits.busiest_hour / 3_600
    requests = 1_000 / figures["post_to_redirect_ms"]
    jobs = 1_000 / figures["postgresql.timers_10000.ours_ms"]
    commits = figures["postgresql.clients_4.ours_per_second"]
    kept = tasks / habits.tasks_per_instance * habits.days_kept
    kilobytes = figures["postgresql.sleeping_100000.database_kb_per_instance"] * habits.tasks_per_instance
    serving, working = peak * habits.requests_per_task / requests, peak * habits.jobs_per_task / jobs
    servers = _processes(serving, habits)
    return Need(
        people=people,
        tasks_a_day=tasks,
        tasks_a_second=peak,
        servers=servers,
        workers=_processes(working, habits),
        cores=math.ceil((serving + working) / habits.load),
        database_load=peak * (1 + habits.jobs_per_task) / commits,
        gigabytes=kept * kilobytes / 1_000_000,
        sqlite=servers == 1,
    )


def _processes(busy: float, habits: Habits) -> int:
    return max(1, math.ceil(busy / habits.load))


def measured(figures: Figures) -> str:
    """What the table rests on."""
    post, timer, clients, kilobytes, cores = (figures[name] for name in NEEDED)
    return (
        f"Measured with {cores:.0f} cores, shared with PostgreSQL: {post:.0f} ms from a POST to its redirect, "
        f"{timer:.1f} ms per fired timer, {clients:.0f} tasks a second completed by four clients, {kilobytes:.1f} "
        "kB per sleeping instance."
    )


def table(figures: Figures, habits: Habits) -> Iterator[str]:
    """The lines of the table."""
    heads = ("people", "tasks a day", "at the peak", "server processes", "worker processes", "cores for them", "memory")
    yield f"| {' | '.join((*heads, 'database', 'its load', 'after two years'))} |"
    yield "|---" * (len(heads) + 3) + "|"
    for people in COMPANIES:
        need = needs(figures, habits, people)
        workers = "in the server" if need.sqlite else f"{need.workers}"
        processes = need.servers if need.sqlite else need.servers + need.workers
        yield (
            f"| {people:,} | {need.tasks_a_day:,.0f} | {need.tasks_a_second:.2f}/s | {need.servers} | {workers} "
            f"| {need.cores} | {processes * SERVER_MB / 1_000:.2g} GB | {'SQLite' if need.sqlite else 'PostgreSQL'} "
            f"| {need.database_load:.0%} | {need.gigabytes:,.0f} GB |"
        )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sizing", description=__doc__)
    parser.add_argument("figures", type=Path, help="what 'python -m benchmarks --json' printed")
    parser.add_argument("--into", type=Path, help="a page: the table between its marks is replaced")
    arguments = parser.parse_args()
    figures = json.loads(arguments.figures.read_text())
    missing = [name for name in NEEDED if name not in figures]
    if missing:
        parser.error(f"{arguments.figures} lacks {', '.join(missing)}")
    lines = "\n".join((measured(figures), "", *table(figures, Habits())))
    if arguments.into is None:
        print(lines)
        return
    head, _, rest = arguments.into.read_text().partition(BEGIN)
    _, _, tail = rest.partition(END)
    arguments.into.write_text(f"{head}{BEGIN}\n\n{lines}\n\n{END}{tail}")


if __name__ == "__main__":
    main()
