"""Taking times in turns, so that a noisy moment hits every candidate."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from statistics import median, quantiles
from time import perf_counter
from typing import TypeVar

T = TypeVar("T")


def timed(work: Callable[[], T]) -> tuple[float, T]:
    """Seconds and the result."""
    before = perf_counter()
    result = work()
    return perf_counter() - before, result


def in_turns(candidates: Mapping[str, Callable[[], Iterator[float]]], repeats: int) -> dict[str, list[list[float]]]:
    """What every step of every candidate took, ``[candidate][step][repeat]`` in seconds; they walk in step."""
    taken: dict[str, list[list[float]]] = {name: [] for name in candidates}
    for _ in range(repeats):
        walks = [walk() for walk in candidates.values()]
        for number, moment in enumerate(zip(*walks, strict=True)):
            for name, seconds in zip(taken, moment, strict=True):
                if number == len(taken[name]):
                    taken[name].append([])
                taken[name][number].append(seconds)
    return taken


def walk_by_walk(candidates: Mapping[str, Callable[[], Iterator[float]]], repeats: int) -> dict[str, list[list[float]]]:
    """As ``in_turns``, but each candidate walks to its end before the next begins, as a process does that serves only
    one of them: who takes turns step by step finds the processor's caches full of the others' code and data."""
    taken: dict[str, list[list[float]]] = {name: [] for name in candidates}
    for _ in range(repeats):
        for name, walk in candidates.items():
            for number, seconds in enumerate(walk()):
                if number == len(taken[name]):
                    taken[name].append([])
                taken[name][number].append(seconds)
    return taken


def usual(seconds: list[float]) -> float:
    """The lower quartile: what the code takes, rather than what other work on the machine adds to it."""
    return quantiles(seconds, n=4, method="inclusive")[0] if len(seconds) > 1 else seconds[0]


def milliseconds(steps: list[list[float]]) -> float:
    """A candidate's figure: the median of its steps' usual times."""
    return median(map(usual, steps)) * 1_000


def compared(name: str, ours: float, floor: float | None = None, plain: float | None = None) -> dict[str, float]:
    """One comparison in milliseconds and its ratios, under the names every section uses."""
    figures = {f"{name}.ours_ms": ours}
    if floor is not None:
        figures |= {f"{name}.floor_ms": floor, f"{name}.over_floor": ours / floor}
    if plain is not None:
        figures |= {f"{name}.plain_ms": plain, f"{name}.plain_over_ours": plain / ours}
    return figures
