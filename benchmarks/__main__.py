"""``python -m benchmarks [--quick] [--json] [names…]``: what the engine costs, beside the floor and beside plain
SpiffWorkflow, on SQLite and PostgreSQL, with the targets and whether they are met.

Every ratio compares the candidates of one run, measured in turns: walk by walk, and also step by step, where each finds
the processor's caches full of the others. A step's figure is the lower quartile of its repeats (what the code takes,
rather than what other work on the machine adds to it), a candidate's figure is the median of its steps. The floor is
the same rows in as many commits, written by SQLAlchemy Core with the same durability.
``python -m benchmarks inbox`` measures lists in a company with a hundred thousand open tasks, ``leads`` ten thousand
leads that sleep, ``control_room`` its pages with a hundred thousand instances.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks import (
    clients,
    completing,
    control_room,
    databases,
    external_tasks,
    inbox,
    leads,
    memory,
    plans,
    report,
    shapes,
    sleeping,
    timers,
    workers,
)
from benchmarks.databases import Place
from benchmarks.processes import quiet
from benchmarks.requests import post_to_redirect
from benchmarks.scale import FULL, QUICK, TINY, Scale

Section = Callable[[Place, Scale], dict[str, float]]
SECTIONS: dict[str, Section] = {
    "complete_task": completing.complete_task,
    "age": completing.age,
    "multi_instance": shapes.multi_instance,
    "parallel_blocks": shapes.parallel_blocks,
    "timers": timers.timers,
    "sleeping": sleeping.sleeping,
    "clients": clients.clients,
    "workers": workers.workers,
    "memory": memory.memory,
    "external_tasks": external_tasks.external_tasks,
}
WEB = "post_to_redirect"
OF_COMPANY: dict[str, Callable[[str, Scale], dict[str, float]]] = {
    "inbox": inbox.lists,
    "leads": leads.leads,
    "control_room": control_room.control_room,
}
"""Measured only when asked for: they fill a whole company first."""


def main(arguments: list[str] | None = None) -> None:
    """Measure and print."""
    asked = _parser().parse_args(arguments)
    quiet()
    if asked.plans:
        plans.keep_in(asked.plans)
    signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))  # leave no server behind
    scale = TINY if asked.tiny else QUICK if asked.quick else FULL
    chosen = asked.names or [*SECTIONS, WEB]
    with databases.places(tuple(asked.on or databases.PLACES)) as places:
        figures = measured(chosen, scale, places)
    figures |= _of_pages(chosen, scale) | {"machine.cores": os.cpu_count() or 1}
    (report.print_json if asked.json else report.print_text)(figures)


def _parser() -> argparse.ArgumentParser:
    summary, _, more = (__doc__ or "").partition("\n\n")
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=summary, epilog=more)
    every = [*SECTIONS, WEB, *OF_COMPANY]
    parser.add_argument("names", nargs="*", choices=[*every, []], metavar="names", help=f"of: {', '.join(every)}")
    parser.add_argument("--plans", metavar="FILE", type=Path, help="of control_room: how the database reads")
    parser.add_argument("--json", action="store_true", help="one JSON object {name: number}")
    scales = parser.add_mutually_exclusive_group()
    scales.add_argument("--quick", action="store_true", help="fewer of everything: a minute, rougher figures")
    scales.add_argument("--tiny", action="store_true", help="so few that the figures say nothing: does it run?")
    parser.add_argument("--on", action="append", choices=databases.PLACES, help="only this database; may be repeated")
    return parser


def measured(chosen: list[str], scale: Scale, places: list[Place]) -> dict[str, float]:
    """The figures of these sections on these databases, each under the name of its database."""
    figures: dict[str, float] = {}
    for place in places:
        for name, section in SECTIONS.items():
            if name in chosen:
                with _progress(f"{place.name}.{name}"):
                    found = section(place, scale)
                figures |= {f"{place.name}.{key}": value for key, value in found.items()}
    return figures


def _of_pages(chosen: list[str], scale: Scale) -> dict[str, float]:
    figures: dict[str, float] = {}
    if WEB in chosen:
        with _progress(WEB):
            figures["web.post_to_redirect_ms"] = post_to_redirect(scale.rounds)
    for name in (name for name in OF_COMPANY if name in chosen):
        for backend in ("sqlite", "postgresql"):
            with _progress(f"{backend}.{name}"):
                figures |= OF_COMPANY[name](backend, scale)
    return figures


@contextmanager
def _progress(name: str) -> Iterator[None]:
    """Says on standard error what was measured and how long it took."""
    began = time.monotonic()
    yield
    print(f"{name}: {time.monotonic() - began:.1f} s", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
