"""Guards of every instance: reaching one is an incident, never a hang."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one command and one instance may cost."""

    steps: int = 5_000
    """Engine steps per command."""
    seconds: float = 2.0
    """Engine time per command."""
    tasks: int = 5_000
    """Live nodes of one instance."""
    depth: int = 500
    """Longest chain of live nodes."""
    blob_bytes: int = 1_000_000
    """Size of the saved state."""
    multi_instance: int = 200
    """Items of one multi-instance activity."""
    catch_up: int = 1_000
    """Late cycles of one timer that fire one after the other."""
    call_depth: int = 20
    """Processes that call each other, one inside the other."""
    message_lifetime: timedelta = timedelta(days=30)
    """How long a message thrown by a process waits for its receiver."""
