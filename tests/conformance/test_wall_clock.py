"""A deployed process keeps the business time zone's wall clock: nine o'clock and the end of the month."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

import engine
from tests.support.engine_world import BACKENDS, World, bpmn, chain, flow, fresh_url, timer, user_task, world

BERLIN = ZoneInfo("Europe/Berlin")


def process(text: str, kind: str) -> bytes:
    """A task with a timer beside it."""
    return bpmn(
        "clock",
        '<bpmn:startEvent id="begin" />'
        + user_task("wait")
        + timer("bell", text, attached="wait", interrupting=False, kind=kind)
        + '<bpmn:endEvent id="done" /><bpmn:endEvent id="rung" />'
        + chain("begin", "wait", "done")
        + flow("bell", "rung"),
    )


def rings(keliu: World, instance_id: str | None) -> list[str]:
    """When it rang, on the clocks of Berlin."""
    rows = keliu.ask(engine.queries.history, instance_id)
    return [row.at.astimezone(BERLIN).strftime("%m-%d %H:%M") for row in rows if row.kind == "timer_fired"]


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(
    ("begin", "text", "kind", "expected"),
    [
        ("2027-03-26T09:00", "R3/P1D", "Cycle", ["03-27 09:00", "03-28 09:00", "03-29 09:00"]),
        ("2027-10-29T09:00", "R3/P1D", "Cycle", ["10-30 09:00", "10-31 09:00", "11-01 09:00"]),
        ("2027-03-27T12:00", "0 0 9 * * ?", "Cycle", ["03-28 09:00", "03-29 09:00"]),
        ("2027-10-30T12:00", "0 0 9 * * ?", "Cycle", ["10-31 09:00", "11-01 09:00"]),
        ("2027-03-27T09:00", "P1D", "Duration", ["03-28 09:00"]),
        ("2027-03-27T09:00", "PT24H", "Duration", ["03-28 10:00"]),
        ("2027-01-31T09:00", "P1M", "Duration", ["02-28 09:00"]),
        ("2028-01-31T09:00", "P1M", "Duration", ["02-29 09:00"]),
        ("2027-01-31T09:00", "R4/P1M", "Cycle", ["02-28 09:00", "03-31 09:00", "04-30 09:00", "05-31 09:00"]),
    ],
)
def test_a_timer_rings_by_the_clock_on_the_wall(
    backend: str,
    begin: str,
    text: str,
    kind: str,
    expected: list[str],
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> None:
    url = fresh_url(backend, tmp_path, lambda: request.getfixturevalue("postgres_server"))
    with world(url, zone="Europe/Berlin") as keliu:
        keliu.clock.set(datetime.fromisoformat(begin).replace(tzinfo=BERLIN))
        keliu.deploy(process(text, kind))
        instance_id = keliu.start("clock").instance_id
        for _ in expected:
            job = keliu.ask(engine.queries.jobs)[0]
            keliu.clock.set(job.due_at)
            assert keliu.run_due() == 1
        assert rings(keliu, instance_id) == expected
