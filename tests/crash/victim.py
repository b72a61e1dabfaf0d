"""``python -m tests.crash.victim URL``: a worker that takes a job and never comes to its end."""

from __future__ import annotations

import sys
import time

import engine
from tests.support.engine_world import world


def main(url: str) -> None:
    """Says "working" as soon as it is in the middle of the job."""

    def slow(_session: object, _work: engine.WorkCall) -> None:
        print("working", flush=True)
        time.sleep(60)

    with world(url, clock=engine.SystemClock(), create=False) as keliu:
        keliu.handlers.register_work("slow", slow)
        engine.jobs.run_due(keliu.database)


if __name__ == "__main__":
    main(sys.argv[1])
