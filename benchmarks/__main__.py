"""``python -m benchmarks [--json] [--quick]``: what the engine costs, beside the floor and plain SpiffWorkflow;
``python -m benchmarks inbox``: what lists cost in a company with a hundred thousand open tasks.

Every ratio compares the candidates of one run, measured step by step in turns. A step's figure is the lower quartile of
its repeats (what the code takes, rather than what other work on the machine adds to it), a candidate's figure is the
median of its steps.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
from statistics import median, quantiles

from app.db import Database
from benchmarks import databases, inbox, process
from benchmarks.candidates import Floor, Ours, Plain, Walk
from benchmarks.requests import post_to_redirect

WALKS: dict[str, Walk] = {"9_steps": process.walk(0, 0), "61_steps": process.walk(8, 2)}
LOOPS = 85


def main() -> None:
    """Measure and print."""
    arguments = _arguments()
    logging.disable(logging.WARNING)
    rounds = 8 if arguments.quick else 60
    if arguments.what == "inbox":
        tasks, repeats = (10_000, 3) if arguments.quick else (100_000, 7)
        both = {**inbox.lists("sqlite", tasks, repeats), **inbox.lists("postgresql", tasks, repeats)}
        _print(both, as_json=arguments.json)
        return
    figures: dict[str, float] = {}
    for synchronous in ("NORMAL", "FULL"):
        with databases.sqlite(synchronous) as database:
            name = "sqlite" if synchronous == "NORMAL" else "sqlite_full"
            figures |= {f"{name}.{key}": value for key, value in complete_task(database, rounds).items()}
            if synchronous == "NORMAL":
                figures["age_85_over_age_0"] = age(database, 2 if arguments.quick else 6)
    with databases.postgresql() as database:
        figures |= {f"postgresql.{key}": value for key, value in complete_task(database, rounds).items()}
    if not arguments.engine_only:
        figures["post_to_redirect_ms"] = post_to_redirect(10 if arguments.quick else 60)
    _print(figures, as_json=arguments.json)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("what", nargs="?", choices=["engine", "inbox"], default="engine", help="default: engine")
    parser.add_argument("--json", action="store_true", help="one JSON object {name: number}")
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    parser.add_argument("--engine-only", action="store_true", help="leave the web out")
    return parser.parse_args()


def complete_task(database: Database, rounds: int) -> dict[str, float]:
    """Milliseconds per completed user task and ratios, for a short and a long run of the process."""
    figures: dict[str, float] = {}
    for name, steps in WALKS.items():
        repeats = max(4, rounds * 9 // len(steps))
        ours = Ours(database)
        replay = ours.record(steps)
        candidates: dict[str, Ours | Floor | Plain] = {
            "ours": ours,
            "floor": Floor(database, replay),
            "plain": Plain(database, replay),
        }
        taken: dict[str, list[list[float]]] = {key: [[] for _ in steps] for key in candidates}
        for _ in range(repeats):
            walks = [candidate.walk(steps) for candidate in candidates.values()]
            # Step by step in turns: a noisy moment hits all of them.
            for number, moment in enumerate(zip(*walks, strict=True)):
                for key, seconds in zip(taken, moment, strict=True):
                    taken[key][number].append(seconds)
        cost = {key: median(map(usual, values)) * 1_000 for key, values in taken.items()}
        figures |= {f"complete_task.{name}.{key}_ms": value for key, value in cost.items()}
        figures[f"complete_task.{name}.over_floor"] = cost["ours"] / cost["floor"]
        figures[f"complete_task.{name}.plain_over_ours"] = cost["plain"] / cost["ours"]
    figures["complete_task.over_floor"] = figures["complete_task.9_steps.over_floor"]
    return figures


def age(database: Database, rounds: int) -> float:
    """What a step costs after 85 loops beside what it costs after one, step by step in turns."""
    steps = process.walk(LOOPS + 6, 0)
    young: list[float] = []
    old: list[float] = []
    for _ in range(rounds):
        walks = Ours(database).walk(steps), Ours(database).walk(steps)
        for walk, loops in zip(walks, (1, LOOPS), strict=True):
            for _ in range(2 + 6 * loops):
                next(walk)
        for _ in range(6 * 5):
            young.append(next(walks[0]))
            old.append(next(walks[1]))
    return usual(old) / usual(young)


def usual(seconds: list[float]) -> float:
    """The lower quartile."""
    return quantiles(seconds, n=4, method="inclusive")[0]


def _print(figures: dict[str, float], *, as_json: bool) -> None:
    if as_json:
        json.dump({name: round(value, 3) for name, value in figures.items()}, sys.stdout, indent=2)
        print()
        return
    width = max(map(len, figures))
    for name, value in figures.items():
        print(f"{name:<{width}}  {value:10.3f}")


if __name__ == "__main__":
    main()
