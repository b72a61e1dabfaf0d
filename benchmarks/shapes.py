"""Many tasks at once, and many ways ahead: a multi-instance of a thousand items, twelve parallel blocks in a row."""

from __future__ import annotations

from collections.abc import Iterator
from time import perf_counter

from app.db import Database
from benchmarks import models, recording
from benchmarks.candidates import Floor, Ours, Plain
from benchmarks.databases import Place
from benchmarks.plain import Spiff
from benchmarks.recording import Replay
from benchmarks.scale import Scale
from benchmarks.timing import compared, in_turns, usual

PARTS = ("start", "completion")
"""What is measured: an instance is started, and the first of its tasks completed."""


def multi_instance(place: Place, scale: Scale) -> dict[str, float]:
    """A task for each of a thousand items, in parallel."""
    model = models.multi_instance(scale.items)
    with place.database(model) as database:
        shape = _Shape(database, model)
        taken = in_turns({"ours": shape.ours, "floor": shape.floor, "plain": shape.plain}, scale.repeats)
    figures: dict[str, float] = {"multi_instance_1000.items": scale.items}
    for number, part in enumerate(PARTS):
        ours, floor, plain = (usual(taken[name][number]) * 1_000 for name in ("ours", "floor", "plain"))
        figures |= compared(f"multi_instance_1000.{part}", ours, floor, plain)
    return figures


def parallel_blocks(place: Place, scale: Scale) -> dict[str, float]:
    """Blocks of two tasks in a row. Plain SpiffWorkflow foresees every way through them, so it gets fewer blocks."""
    model, smaller = models.parallel_blocks(scale.blocks), models.parallel_blocks(scale.plain_blocks)
    with place.database(model, smaller) as database:
        shape = _Shape(database, model)
        taken = in_turns({"ours": shape.ours, "floor": shape.floor}, scale.repeats)
        plain = in_turns({"plain": _Shape(database, smaller).plain}, max(1, scale.repeats // 3))["plain"]
    name = "parallel_blocks_12"
    figures: dict[str, float] = {f"{name}.blocks": scale.blocks, f"{name}.blocks_of_plain": scale.plain_blocks}
    for number, part in enumerate(PARTS):
        ours, floor = (usual(taken[candidate][number]) * 1_000 for candidate in ("ours", "floor"))
        figures |= compared(f"{name}.{part}", ours, floor)
        figures[f"{name}.{part}.plain_with_{scale.plain_blocks}_blocks_ms"] = usual(plain[number]) * 1_000
    return figures


class _Shape:
    """One process: every candidate starts it and completes its first task."""

    def __init__(self, database: Database, model: models.Model) -> None:
        self._key = model.key
        self._ours = Ours(database)
        with recording.recording(database.engine) as take:
            started = self._ours.start(model.key)
            start = take()
            self._ours.complete(started.created[0].id)
            replay = Replay([start, take()])
        self._node = started.created[0].node_id
        self._floor = Floor(database, replay)
        self._plain = Plain(database, replay, Spiff(model.key, model.xml))

    def ours(self) -> Iterator[float]:
        before = perf_counter()
        started = self._ours.start(self._key)
        yield perf_counter() - before
        before = perf_counter()
        self._ours.complete(started.created[0].id)
        yield perf_counter() - before

    def floor(self) -> Iterator[float]:
        for step in self._floor.replay.fresh():
            before = perf_counter()
            self._floor.write(step)
            yield perf_counter() - before

    def plain(self) -> Iterator[float]:
        start, completion = self._plain.replay.fresh()
        before = perf_counter()
        spiff = self._plain.spiff
        instance_id = self._plain.begin(start, spiff.dumped(spiff.started({})))
        yield perf_counter() - before
        before = perf_counter()
        self._plain.complete(instance_id, self._node, {}, completion)
        yield perf_counter() - before
