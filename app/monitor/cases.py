"""The business objects behind instances, as far as the reader may see them."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.business_objects import BusinessObject, BusinessObjects, Summary
from app.security import Principal
from app.visibility import concerns
from engine.tables import process_instance, user_task

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
        seen = _seen(session, principal, known, list(numbers))
        texts = known.summaries(session, seen, principal)
        found |= {(process, key): summary for key, summary in texts.items()}
    return found


def title(objects: BusinessObjects, case: Summary | None, process: str, own: str) -> str:
    """What an instance is about: its business object, or ``own``, its title, if it has none. The title names the
    customer, so whoever may not see the business object does not read it."""
    if case is not None:
        return case.title or own
    return own if objects.get(process) is None else ""


def _seen(session: Session, principal: Principal, known: BusinessObject, numbers: list[str]) -> list[str]:
    """Those of these business keys that the reader may see: the object itself, or a task of it is the reader's."""
    visible = known.visible_keys(principal, by_tasks=False, one_by_one=True)
    number = next(iter(visible.selected_columns))
    seen = set(session.scalars(visible.where(number.in_(numbers))))
    rest = [key for key in numbers if key not in seen]
    if rest:
        instance = process_instance.c
        mine = (instance.definition_key == known.process_key, instance.business_key.in_(rest))
        tasks = select(instance.business_key).join(user_task, user_task.c.instance_id == instance.id)
        seen |= {key for key in session.scalars(tasks.where(*mine, concerns(principal))) if key is not None}
    return [key for key in numbers if key in seen]
