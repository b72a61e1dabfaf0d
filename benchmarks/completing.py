"""One completed user task: at the start of a process, late in it, and after many loops."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache, partial
from itertools import islice
from statistics import median
from time import perf_counter

from app.db import Database
from benchmarks import process
from benchmarks.candidates import Candidate, Floor, Ours, Plain, Walk
from benchmarks.databases import BENCHMARK, Place
from benchmarks.plain import Spiff
from benchmarks.recording import write
from benchmarks.scale import Scale
from benchmarks.timing import compared, in_turns, milliseconds, usual, walk_by_walk

WALKS: dict[str, Walk] = {"9_steps": process.walk(0, 0), "61_steps": process.walk(8, 2)}
BEFORE, LOOP = 2, 6
"""Tasks before the first loop and tasks of one loop."""
LOOPS = 5
"""Loops over which an age is measured."""


def complete_task(place: Place, scale: Scale) -> dict[str, float]:
    """Milliseconds per completed user task and ratios, for a short and a long run of the process; also with the
    candidates taking turns at every step (``.step_by_step``), where each finds cold caches."""
    figures: dict[str, float] = {}
    with place.database(BENCHMARK) as database:
        for name, steps in WALKS.items():
            ours = Ours(database)
            replay = ours.record(steps)
            walkers: dict[str, Candidate] = {
                "ours": ours,
                "floor": Floor(database, replay),
                "plain": Plain(database, replay),
            }
            walks = {key: partial(walker.walk, steps) for key, walker in walkers.items()}
            repeats = max(min(4, scale.rounds), scale.rounds * 9 // len(steps))
            for title, taken in (("", walk_by_walk(walks, repeats)), (".step_by_step", in_turns(walks, repeats))):
                cost = {key: milliseconds(steps_taken) for key, steps_taken in taken.items()}
                figures |= compared(f"complete_task.{name}{title}", cost["ours"], cost["floor"], cost["plain"])
    figures["complete_task.over_floor"] = max(figures[f"complete_task.{name}.over_floor"] for name in WALKS)
    return figures


def age(place: Place, scale: Scale) -> dict[str, float]:
    """What a step costs after many loops beside what it costs after none, step by step in turns."""
    with place.database(BENCHMARK) as database:
        ages: dict[str, Callable[[], Iterator[float]]] = {
            str(loops): partial(_aged, database, loops) for loops in scale.ages
        }
        replay = Ours(database).record(process.walk(1, 0))
        ages["plain"] = partial(_plain_aged, Plain(database, replay), scale.plain_age)
        taken = in_turns(ages, max(1, scale.repeats // 2))
    cost = {name: _of_a_loop(steps) for name, steps in taken.items()}
    first, grown = scale.ages[0], f"age_{scale.plain_age}"
    figures = {f"age_{loops}.ours_ms": cost[str(loops)] for loops in scale.ages}
    figures |= {f"age_{loops}_over_age_{first}": cost[str(loops)] / cost[str(first)] for loops in scale.ages[1:]}
    figures[f"{grown}.plain_ms"] = cost["plain"]
    if scale.plain_age in scale.ages:
        figures[f"{grown}.plain_over_ours"] = cost["plain"] / cost[str(scale.plain_age)]
    return figures


def _of_a_loop(steps: list[list[float]]) -> float:
    """The median of the loop's tasks; every task comes once per loop."""
    kinds = [[seconds for step in steps[kind::LOOP] for seconds in step] for kind in range(LOOP)]
    return median(map(usual, kinds)) * 1_000


def _aged(database: Database, loops: int) -> Iterator[float]:
    """The steps of five loops of an instance that has ``loops`` behind it."""
    walk = Ours(database).walk(process.walk(loops + LOOPS + 1, 0))
    for _ in islice(walk, BEFORE + LOOP * loops):
        pass
    yield from islice(walk, LOOP * LOOPS)


def _plain_aged(plain: Plain, loops: int) -> Iterator[float]:
    """The steps of one loop, the same state five times: plain SpiffWorkflow needs a second to reach it again."""
    steps = process.walk(1, 0)[: BEFORE + LOOP]
    for _ in range(LOOPS):
        start, *written = plain.replay.fresh()
        blob = plain_state(loops)
        instance_id = plain.begin(start, blob)
        for step in written[:BEFORE]:
            with plain.engine.begin() as connection:
                write(connection, step, blob)
        for (node, entered), step in list(zip(steps, written, strict=False))[BEFORE:]:
            before = perf_counter()
            plain.complete(instance_id, node, entered, step)
            yield perf_counter() - before


@cache
def plain_state(loops: int) -> bytes:
    """The JSON of an instance of plain SpiffWorkflow after so many loops, at the first task of the next."""
    spiff = Spiff(process.KEY, process.bpmn())
    workflow = spiff.started(process.FACTS)
    for node, entered in process.walk(loops + 1, 0)[: BEFORE + LOOP * loops]:
        spiff.completed(workflow, node, entered)
    return spiff.dumped(workflow)
