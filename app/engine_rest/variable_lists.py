"""Lists of variables: they are put together from rows of instances and tasks, so names and order are judged here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from app.engine_rest import requests
from app.engine_rest.errors import BadRequest
from app.engine_rest.filters import list_of, text_of
from app.engine_rest.values import BadValue

COLUMNS = {
    "variableName": "name",
    "variableType": "type",
    "activityInstanceId": "activityInstanceId",
    "instanceId": "processInstanceId",
}


@dataclass(frozen=True, slots=True)
class Names:
    """Which variables are asked for by name."""

    one: str | None
    several: frozenset[str] | None
    like: str | None

    def fits(self, name: str) -> bool:
        """Whether a variable of that name is asked for."""
        if self.one not in (None, name) or (self.several is not None and name not in self.several):
            return False
        return self.like is None or _like(self.like, name)


class Order:
    """What a list of variables asks for. Raises :class:`BadRequest`."""

    def __init__(self, asked: requests.Asked) -> None:
        self.by, self.direction = str(asked.get("sortBy", "variableName")), asked.get("sortOrder", "asc")
        if self.by not in COLUMNS or self.direction not in ("asc", "desc"):
            known = ", ".join(COLUMNS)
            raise BadRequest(f"Cannot set query parameter 'sortBy' to value '{self.by[:80]}'. Known: {known}")
        try:
            one, like = (None if asked.get(name) is None else text_of(asked[name]) for name in ONE)
            several = None if asked.get("variableNameIn") is None else frozenset(list_of(asked["variableNameIn"]))
        except BadValue as error:
            raise BadRequest(f"Cannot set query parameter: {error}") from None
        self.names = Names(one, several, like)

    def of(self, found: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The rows in the order asked for, always total."""
        column = COLUMNS[self.by]
        return sorted(found, key=lambda one: (one[column] or "", one["id"]), reverse=self.direction == "desc")


ONE = ("variableName", "variableNameLike")


def _like(wanted: str, name: str) -> bool:
    """``%`` at the beginning and the end, as Camunda's clients use it."""
    inner = wanted.strip("%")
    if wanted.startswith("%"):
        return inner in name if wanted.endswith("%") else name.endswith(inner)
    return name.startswith(inner) if wanted.endswith("%") else name == inner
