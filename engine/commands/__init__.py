"""One module per family of commands; ``HANDLERS`` says which function runs which command."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.commands.model import Command, Result

HANDLERS: dict[type[Command], Callable[[Any, Any], Result]] = {}

__all__ = ["HANDLERS", "Command", "Result"]
