"""The memory of a worker over a hundred thousand commands."""

from __future__ import annotations

from benchmarks import models
from benchmarks.databases import Place, url_of
from benchmarks.measured import Address, growth_of_working
from benchmarks.processes import alone
from benchmarks.scale import Scale

NAME = "memory_100000"


def memory(place: Place, scale: Scale) -> dict[str, float]:
    """What a process of its own holds in the end, and how fast that grows."""
    commands = scale.commands if place.name == "sqlite" else scale.commands_waiting
    with place.database(models.timer()) as database:
        resident, growth = alone(growth_of_working, Address.of(place, url_of(database)), commands)
    return {
        f"{NAME}.commands": commands,
        f"{NAME}.resident_mb": resident,
        f"{NAME}.growth_mb_per_100000": growth,
    }
