"""What the application refuses, as codes with facts; ``app.web.errors`` words them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


class FieldErrors(Exception):
    """Values were refused, each at its field. Keys are field names; "" speaks about the form as a whole.

    Messages are plain or lazy strings in the reader's language.
    """

    def __init__(self, errors: Mapping[str, Sequence[Any]]) -> None:
        super().__init__("; ".join(sorted(errors)))
        self.errors: dict[str, list[Any]] = {field: list(messages) for field, messages in errors.items()}


class SomebodyFaster(FieldErrors):
    """What was asked for was right when it was offered; somebody named in the message has done it since: 409."""

    def __init__(self, message: Any) -> None:
        super().__init__({"": [message]})


class NotVisible(Exception):
    """It does not exist, or this person may not know that it does: 404 either way."""


class NotAllowedHere(Exception):
    """The person sees the thing but may not do this to it: 403. ``permission`` is what was missing."""

    def __init__(self, permission: str = "") -> None:
        super().__init__(permission)
        self.permission = permission


class Busy(Exception):
    """The database stayed locked or unreachable: 503, try again in a moment."""
