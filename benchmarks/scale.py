"""How much is measured: in full, quickly, or only so much that every name has a figure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """Numbers of things. A figure keeps its name at every scale; how many there really were is printed beside it."""

    name: str
    rounds: int
    """Repeats of a cheap measurement."""
    repeats: int
    """Repeats of a costly one."""
    ages: tuple[int, ...]
    """Loops behind an instance when it is measured; the first is the one the others are compared with."""
    plain_age: int
    """Loops behind the instance that plain SpiffWorkflow continues."""
    items: int
    """Items of the parallel multi-instance."""
    blocks: int
    plain_blocks: int
    """Parallel blocks in a row; plain SpiffWorkflow needs twice the time for each further one."""
    timers: int
    sleepers: int
    walks: int
    """Runs of the nine-step process by each of several clients."""
    jobs: int
    """Due timers for worker processes to drain."""
    worker_processes: tuple[int, ...] = (1, 2, 4)
    commands: int
    commands_waiting: int
    """Commands while memory is watched, without and with waiting for the disk at every commit."""
    open_external_tasks: int
    inbox_tasks: int
    leads: int
    instances: int
    """Instances behind the pages of the control room, and how often each page is asked for."""
    page_views: int
    idle_seconds: float
    """How long an idle worker is watched."""


FULL = Scale(
    name="full",
    rounds=40,
    repeats=7,
    ages=(0, 10, 40, 85),
    plain_age=85,
    items=1_000,
    blocks=12,
    plain_blocks=10,
    timers=10_000,
    sleepers=100_000,
    walks=30,
    jobs=2_000,
    commands=100_000,
    commands_waiting=10_000,
    open_external_tasks=10_000,
    inbox_tasks=100_000,
    leads=10_000,
    instances=100_000,
    page_views=20,
    idle_seconds=60,
)
QUICK = Scale(
    name="quick",
    rounds=6,
    repeats=3,
    ages=(0, 85),
    plain_age=10,
    items=1_000,
    blocks=12,
    plain_blocks=7,
    timers=400,
    sleepers=3_000,
    walks=4,
    jobs=100,
    commands=1_500,
    commands_waiting=600,
    open_external_tasks=1_000,
    inbox_tasks=10_000,
    leads=1_000,
    instances=5_000,
    page_views=5,
    idle_seconds=15,
)
TINY = Scale(
    name="tiny",
    rounds=1,
    repeats=1,
    ages=(0, 85),
    plain_age=1,
    items=10,
    blocks=2,
    plain_blocks=2,
    timers=57,
    sleepers=50,
    walks=1,
    jobs=10,
    worker_processes=(1, 2),
    commands=60,
    commands_waiting=60,
    open_external_tasks=20,
    inbox_tasks=50,
    leads=20,
    instances=60,
    page_views=2,
    idle_seconds=2,
)
