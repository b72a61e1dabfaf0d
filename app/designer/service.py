"""What a designer does to drafts. The caller has checked who asks; nothing here commits."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime

from flask_babel import lazy_gettext as _l
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

import engine
from app.designer import blank, wording
from app.designer.models import Draft, DraftFile
from app.designer.names import Kind, NameRefused, fitting_name, kind_of
from app.errors import FieldErrors
from app.process_names import process_name
from app.sandbox import service as sandboxes
from app.sandbox.models import Sandbox
from engine.hardened_xml import MAX_BYTES, XmlRefused, parse_xml

MOST_FILES = 300
MOST_BYTES = 20 * 1024 * 1024
"""Of one draft, all files together."""
MOST_DRAFTS = 200
"""Of one designer."""
BPMN = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"


class SavedByAnother(Exception):
    """The file has been saved since it was read: ``revision`` it has now (0: it is gone), who saved it and when."""

    def __init__(self, revision: int, by: str, at: datetime | None) -> None:
        super().__init__(f"revision {revision}")
        self.revision, self.by, self.at = revision, by, at


# drafts
def create(
    session: Session, owner: str, title: str, files: Mapping[str, bytes], base_definition_id: str | None = None
) -> Draft:
    """A new draft with these files. Raises FieldErrors("files") when one can't be kept, or there are too many."""
    _check_room(session, owner, files)
    at = engine.now(session)
    key = process_key(files)
    draft = Draft(
        owner=owner,
        process_key=key,
        title=(title.strip() or key or "–")[:200],
        base_definition_id=base_definition_id,
        created_at=at,
        updated_at=at,
    )
    session.add(draft)
    session.flush()
    for name, content in files.items():
        check_content(name, content)
        session.add(
            DraftFile(draft_id=draft.id, name=name, content=content, revision=1, updated_at=at, updated_by=owner)
        )
    session.flush()
    return draft


def from_definition(session: Session, owner: str, definition_id: str) -> Draft:
    """A draft of a deployed version, with everything deployed for it. Raises engine.DefinitionNotFound."""
    found = engine.queries.definition(session, definition_id)
    files = fitting_files(engine.queries.definition_files(session, definition_id), found.key)
    return create(session, owner, process_name(session, definition_id), files, definition_id)


def fitting_files(files: Mapping[str, bytes], key: str) -> dict[str, bytes]:
    """Deployed files under names a draft can have. ``key`` is that of the process."""
    return {fitting_name(name, content, key): content for name, content in files.items()}


def new(session: Session, owner: str, wanted: blank.Wanted) -> Draft:
    """A draft with the smallest process. Raises FieldErrors at the field that can't be as wanted."""
    if engine.queries.definitions(session, wanted.key):
        raise FieldErrors({"key": [_l("A process with this key is deployed already. Open it as a draft instead.")]})
    return create(session, owner, wanted.name_zh, blank.files(wanted))


def add_files(session: Session, draft: Draft, files: Mapping[str, bytes], actor: str) -> None:
    """More files, or newer ones in place of those of the same name. Raises FieldErrors("files")."""
    held = dict(_sizes(session, draft.id))
    _check_size({**held, **{name: len(content) for name, content in files.items()}})
    for name, content in files.items():
        check_content(name, content)
        found = session.get(DraftFile, (draft.id, name))
        save_file(session, draft, name, content, found.revision if found else 0, actor)


def rename(session: Session, draft: Draft, title: str) -> None:
    """Another title. Raises FieldErrors."""
    if not title.strip():
        raise FieldErrors({"title": [_l("This field is required.")]})
    draft.title = title.strip()[:200]


def discard(session: Session, draft: Draft) -> None:
    """The draft is gone with its files, and whoever tried it has no test run of it any more."""
    sandboxes.forget(session, Sandbox.draft_id == draft.id)
    session.execute(delete(DraftFile).where(DraftFile.draft_id == draft.id))
    session.execute(delete(Draft).where(Draft.id == draft.id))


# files
def save_file(session: Session, draft: Draft, name: str, content: bytes, revision: int, actor: str) -> int:
    """The file has this content and the next revision. ``revision`` is the one it was read with, 0 for a new file.

    Raises FieldErrors("files") for content that is none, SavedByAnother when it was saved meanwhile.
    """
    check_content(name, content)
    at = engine.now(session)
    if revision == 0 and session.get(DraftFile, (draft.id, name)) is None:
        _check_size({**dict(_sizes(session, draft.id)), name: len(content)})
        session.add(
            DraftFile(draft_id=draft.id, name=name, content=content, revision=1, updated_at=at, updated_by=actor)
        )
    else:
        _replace(session, draft.id, name, content, revision, actor, at)
    session.flush()
    draft.updated_at = at
    if kind_of(name) is Kind.BPMN:
        draft.process_key = process_key({row.name: bytes(row.content) for row in _drawn(session, draft.id)})
    session.flush()
    return revision + 1


def _replace(
    session: Session, draft_id: int, name: str, content: bytes, revision: int, actor: str, at: datetime
) -> None:
    mine = (DraftFile.draft_id == draft_id, DraftFile.name == name)
    values = {"content": content, "revision": revision + 1, "updated_at": at, "updated_by": actor}
    changed = update(DraftFile).where(*mine, DraftFile.revision == revision).values(values)
    if session.execute(changed).rowcount == 1:  # type: ignore[attr-defined]  # an UPDATE has a row count
        return
    found = session.execute(select(DraftFile.revision, DraftFile.updated_by, DraftFile.updated_at).where(*mine)).first()
    raise SavedByAnother(*(found or (0, "", None)))


def remove_file(session: Session, draft: Draft, name: str) -> None:
    """The draft has no such file any more."""
    session.execute(delete(DraftFile).where(DraftFile.draft_id == draft.id, DraftFile.name == name))
    draft.updated_at = engine.now(session)
    draft.process_key = process_key({row.name: bytes(row.content) for row in _drawn(session, draft.id)})


def _check_room(session: Session, owner: str, files: Mapping[str, bytes]) -> None:
    if not files:
        raise FieldErrors({"files": [_l("There is no file of a process among them.")]})
    _check_size({name: len(content) for name, content in files.items()})
    if (session.scalar(select(func.count()).where(Draft.owner == owner)) or 0) >= MOST_DRAFTS:
        raise FieldErrors({"": [_l("You have %(count)s drafts. Delete some first.", count=MOST_DRAFTS)]})


def _check_size(sizes: Mapping[str, int]) -> None:
    if len(sizes) > MOST_FILES or sum(sizes.values()) > MOST_BYTES:
        mib = MOST_BYTES // 1024**2
        raise FieldErrors(
            {"files": [_l("A draft holds %(count)s files and %(size)s MiB at most.", count=MOST_FILES, size=mib)]}
        )


def _drawn(session: Session, draft_id: int) -> list[DraftFile]:
    found = select(DraftFile).where(DraftFile.draft_id == draft_id, DraftFile.name.endswith(".bpmn"))
    return list(session.scalars(found.order_by(DraftFile.name)))


def _sizes(session: Session, draft_id: int) -> list[tuple[str, int]]:
    found = select(DraftFile.name, func.length(DraftFile.content)).where(DraftFile.draft_id == draft_id)
    return [(row[0], row[1]) for row in session.execute(found)]


# what may be kept
def check_content(name: str, content: bytes) -> None:
    """Raises FieldErrors("files") unless the content is what the name promises: readable XML, or a JSON object."""
    try:
        kind = kind_of(name)
        if kind in (Kind.BPMN, Kind.DMN):
            parse_xml(content)
        elif len(content) > MAX_BYTES:
            raise XmlRefused("xml_too_large", allowed=MAX_BYTES)
        elif not isinstance(json.loads(content), dict):
            raise ValueError("no object")
    except NameRefused:
        raise FieldErrors(
            {"files": [_l("%(name)s is not a name a file of a process can have.", name=name[:100])]}
        ) from None
    except XmlRefused as refused:
        finding = engine.Finding("error", refused.code, name, None, refused.line, refused.facts)
        raise FieldErrors({"files": [" ".join(wording.words(finding))]}) from None
    except (ValueError, RecursionError):
        raise FieldErrors({"files": [_l("%(name)s is no JSON object.", name=name)]}) from None


def process_key(files: Mapping[str, bytes]) -> str:
    """The id of the first process drawn in the files; empty when there is none."""
    for name in sorted(files):
        if name.endswith(".bpmn"):
            try:
                root = parse_xml(files[name])
            except XmlRefused:
                continue
            for process in root.iter(f"{BPMN}process"):
                if process.get("id"):
                    return process.get("id", "")[:100]
    return ""
