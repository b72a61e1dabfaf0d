"""Several people at the same moment."""

from __future__ import annotations

import threading
from collections.abc import Callable


def together(*works: Callable[[], object]) -> list[object]:
    """Run all at the same moment, each in a thread of its own; what each returned or raised, in their order."""
    barrier = threading.Barrier(len(works))
    results: list[object] = [None] * len(works)

    def run(index: int, work: Callable[[], object]) -> None:
        barrier.wait()
        try:
            results[index] = work()
        except Exception as error:
            results[index] = error

    threads = [threading.Thread(target=run, args=entry) for entry in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results
