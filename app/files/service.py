"""Keeping, attaching and finding files. Who may see one is decided here, for every way of asking."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from flask import current_app
from flask_babel import lazy_gettext as _l
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

import engine
from app.errors import FieldErrors, NotVisible
from app.files.kinds import ACCEPTED, MAX_BYTES, MAX_NAME, media_type
from app.files.models import StoredFile
from app.security import Principal

ABANDONED = timedelta(days=30)
"""A file nobody attached for so long is deleted with the next upload."""

MAX_UNATTACHED = 200
"""Files one person may keep unattached."""

_ID = re.compile(r"[1-9][0-9]{0,17}")
REGISTRIES = "keliu.registries"
_UNWANTED = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|]')


def keep(session: Session, principal: Principal, name: str, content: bytes) -> StoredFile:
    """Store an upload. Raises FieldErrors at ``file`` for a file we don't take."""
    name = clean_name(name)
    if len(content) > MAX_BYTES:
        raise _refuse(_l("The file is larger than %(megabytes)s MB.", megabytes=MAX_BYTES // 1024 // 1024))
    if not content:
        raise _refuse(_l("The file is empty."))
    found = media_type(name, content)
    if found is None:
        accepted = ", ".join(ACCEPTED)
        raise _refuse(_l("“%(name)s” is not a file we take. Possible: %(kinds)s.", name=name, kinds=accepted))
    _forget_abandoned(session, principal)
    stored = StoredFile(
        name=name,
        media_type=found,
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        content=content,
        uploaded_by=principal.login,
        uploaded_at=engine.now(session),
    )
    session.add(stored)
    session.flush()
    return stored


def _refuse(message: object) -> FieldErrors:
    return FieldErrors({"file": [message]})


def _forget_abandoned(session: Session, principal: Principal) -> None:
    before = engine.now(session) - ABANDONED
    session.execute(delete(StoredFile).where(StoredFile.business_key.is_(None), StoredFile.uploaded_at < before))
    waiting = select(func.count()).where(StoredFile.business_key.is_(None), StoredFile.uploaded_by == principal.login)
    if session.scalar(waiting) >= MAX_UNATTACHED:  # type: ignore[operator]  # count() is never NULL
        raise _refuse(_l("You have too many uploaded files that no form was sent with."))


def clean_name(name: str) -> str:
    """A name that is safe in any file system and any header; its meaning stays, letters of every script too."""
    last = unicodedata.normalize("NFC", name).replace("\\", "/").rpartition("/")[2]
    kept = "".join(character for character in _UNWANTED.sub("_", last) if unicodedata.category(character)[0] != "C")
    stem, dot, extension = kept.strip(" .").rpartition(".")
    if not dot:
        stem, extension = extension, ""
    return (stem[: MAX_NAME - len(extension) - 1] + dot + extension)[:MAX_NAME] or "file"


def file(session: Session, principal: Principal, file_id: int) -> StoredFile:
    """A file this person may see: an own one not attached yet, or one of a business object the person may see.
    Raises NotVisible."""
    found = session.get(StoredFile, file_id)
    if found is None or not _may_see(session, principal, found):
        raise NotVisible
    return found


def _may_see(session: Session, principal: Principal, found: StoredFile) -> bool:
    if found.business_key is None or found.process_key is None:
        return found.uploaded_by == principal.login
    owner = current_app.extensions[REGISTRIES].business_objects.get(found.process_key)
    if owner is None:
        return False
    visible = owner.visible_keys(principal).subquery()
    statement = select(visible.c[0]).where(visible.c[0] == found.business_key).limit(1)
    return session.scalar(statement) is not None


def attach(
    session: Session,
    principal: Principal,
    fields: Mapping[str, Iterable[int]],
    *,
    process_key: str,
    business_key: str,
) -> None:
    """The files a form was sent with belong to the business object from now on.

    ``fields``: ids by field name. Raises FieldErrors for a file that does not exist, belongs to another business
    object, or was uploaded by somebody else; attaching again changes nothing.
    """
    errors: dict[str, list[object]] = {}
    for name, ids in fields.items():
        wanted = set(ids)
        if not wanted:
            continue
        rows = session.execute(
            select(StoredFile.id, StoredFile.uploaded_by, StoredFile.process_key, StoredFile.business_key).where(
                StoredFile.id.in_(wanted)
            )
        ).all()
        own = {row.id for row in rows if row.business_key is None and row.uploaded_by == principal.login}
        here = {row.id for row in rows if (row.process_key, row.business_key) == (process_key, business_key)}
        if wanted - own - here:
            errors[name] = [_l("A file is not there any more. Please upload it again.")]
            continue
        change = update(StoredFile).where(StoredFile.id.in_(own))
        session.execute(change.values(process_key=process_key, business_key=business_key))
    if errors:
        raise FieldErrors(errors)


def ids(given: Any, field: str = "files") -> list[int]:
    """The ids in a value that came from outside (nothing, one, or a list). Raises FieldErrors at ``field``."""
    items = given if isinstance(given, list) else [] if given in (None, "") else [given]
    found = [int(str(item)) for item in items[:MAX_UNATTACHED] if _ID.fullmatch(str(item)[:30])]
    if len(found) != len(items):
        raise FieldErrors({field: [_l("Files are named by the numbers their upload returned.")]})
    return list(dict.fromkeys(found))


def names(session: Session, ids: Iterable[int]) -> dict[int, str]:
    """The names of files, for somebody who may see them anyway."""
    rows = session.execute(select(StoredFile.id, StoredFile.name).where(StoredFile.id.in_(set(ids))))
    return {row.id: row.name for row in rows}
