"""What happens later: claiming, running, retrying and rescuing jobs of the ledger."""

from __future__ import annotations

from engine.jobs.bells import ApsBell, FileLock
from engine.jobs.claiming import Claimed, claim, next_due, rescue
from engine.jobs.presence import worker_name
from engine.jobs.running import rescue_lost, run_claimed, run_due, run_due_outside, run_prompt, run_until_quiet
from engine.jobs.worker import Worker

__all__ = [
    "ApsBell",
    "Claimed",
    "FileLock",
    "Worker",
    "claim",
    "next_due",
    "rescue",
    "rescue_lost",
    "run_claimed",
    "run_due",
    "run_due_outside",
    "run_prompt",
    "run_until_quiet",
    "worker_name",
]
