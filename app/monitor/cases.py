"""The business objects behind instances, as far as the reader may see them."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy.orm import Session

from app.business_objects import BusinessObjects, Summary
from app.security import Principal

Key = tuple[str, str | None]
"""Process key and business key."""


def summaries(
    session: Session, principal: Principal, objects: BusinessObjects, keys: Iterable[Key]
) -> dict[Key, Summary]:
    """What is known of them by process and business key: two queries per process. Of a case the reader must not see
    there is nothing: whoever repairs instances sees that they exist, not whose they are."""
    wanted: dict[str, dict[str, None]] = {}
    for process, key in keys:
        if key is not None:
            wanted.setdefault(process, {})[key] = None
    found: dict[Key, Summary] = {}
    for process, numbers in wanted.items():
        known = objects.get(process)
        if known is None:
            continue
        visible = known.visible_keys(principal)
        number = next(iter(visible.selected_columns))
        seen = list(session.scalars(visible.where(number.in_(list(numbers)))))
        texts = known.summaries(session, seen, principal)
        found |= {(process, key): summary for key, summary in texts.items()}
    return found
