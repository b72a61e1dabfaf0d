"""Telling what is stopped from what would run for ever."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

ENOUGH = 5.0
"""Seconds of processor time: a hundred times what any of it needs, and nothing beside the hours that it would take."""


@contextmanager
def ends_soon(seconds: float = ENOUGH) -> Iterator[None]:
    """Fails when what is inside takes ``seconds`` of processor time in this thread: it has no bound.

    This is no measurement: how fast something is, ``benchmarks`` says.
    """
    begun = time.thread_time()
    yield
    taken = time.thread_time() - begun
    assert taken < seconds, f"not bounded: {taken:.1f} s"
