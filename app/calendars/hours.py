"""Working hours of a day: as people write them (``08:00-12:00, 13:00-18:00``), as stored, as the engine reads them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import time

Hours = tuple[tuple[time, time], ...]
Stored = list[list[str]]

_INTERVAL = re.compile(r"(\d{1,2}):(\d{2})\s*[-–—~～至]\s*(\d{1,2}):(\d{2})")
MIDNIGHT = time(0)


class BadHours(ValueError):
    """Not working hours: unreadable, backwards, overlapping or out of order."""


def parse(text: str) -> Stored:
    """The stored form of what a person typed; empty for a day without work. Raises :class:`BadHours`."""
    found: Stored = []
    for part in filter(None, (piece.strip() for piece in re.split(r"[,，;；、]", text.replace("：", ":")))):
        match = _INTERVAL.fullmatch(part)
        if match is None:
            raise BadHours(part)
        first, second, third, fourth = match.groups()
        found.append([f"{int(first):02d}:{second}", f"{int(third):02d}:{fourth}"])
    _check(found)
    return found


def read(stored: Sequence[Sequence[str]]) -> Hours:
    """The engine's form of stored hours. An end of 24:00 is midnight at the day's end."""
    return tuple((_time(start), _time(end)) for start, end in stored)


def write(stored: Sequence[Sequence[str]]) -> str:
    """The stored hours as a person would type them."""
    return ", ".join(f"{start}-{end}" for start, end in stored)


def _check(stored: Stored) -> None:
    previous = 0
    for start, end in stored:
        begins, ends = _minutes(start), _minutes(end)
        if not previous <= begins < ends <= 24 * 60:
            raise BadHours(f"{start}-{end}")
        previous = ends


def _minutes(text: str) -> int:
    hours, minutes = (int(part) for part in text.split(":"))
    if minutes > 59:
        raise BadHours(text)
    return hours * 60 + minutes


def _time(text: str) -> time:
    return MIDNIGHT if text == "24:00" else time.fromisoformat(text)
