"""Where the engine's time comes from. Tests, the designer's sandbox and replays bring their own clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Anything that says what time it is, as an aware UTC moment."""

    def now(self) -> datetime:
        """The present moment, aware, in UTC."""


class SystemClock:
    """The computer's clock."""

    def now(self) -> datetime:
        """The present moment, aware, in UTC."""
        return datetime.now(UTC)


class VirtualClock:
    """A clock that stands still until somebody moves it. It may be set back, as a replay needs that."""

    def __init__(self, start: datetime) -> None:
        self._now = _utc(start)

    def now(self) -> datetime:
        """The moment the clock was last set to."""
        return self._now

    def advance(self, delta: timedelta) -> datetime:
        """Move by ``delta`` and return the new moment."""
        self._now += delta
        return self._now

    def set(self, at: datetime) -> datetime:
        """Move to ``at`` (aware) and return it."""
        self._now = _utc(at)
        return self._now


def _utc(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError("a clock needs an aware moment")
    return at.astimezone(UTC)
