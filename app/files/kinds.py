"""Which files are taken, decided by what is in them; the name only has to agree."""

from __future__ import annotations

import io
import struct
import zipfile
from dataclasses import dataclass

MAX_BYTES = 20 * 1024 * 1024
MAX_NAME = 200
TEXT = frozenset({"txt", "csv", "log", "md", "eml", "json"})


@dataclass(frozen=True, slots=True)
class Kind:
    """A type of file: how it begins, what it may be called, what it is served as."""

    media_type: str
    extensions: frozenset[str]
    starts: tuple[bytes, ...]
    at: int = 0


KINDS = (
    Kind("application/pdf", frozenset({"pdf"}), (b"%PDF-",)),
    Kind("image/png", frozenset({"png"}), (b"\x89PNG\r\n\x1a\n",)),
    Kind("image/jpeg", frozenset({"jpg", "jpeg"}), (b"\xff\xd8\xff",)),
    Kind("image/gif", frozenset({"gif"}), (b"GIF87a", b"GIF89a")),
    Kind("image/webp", frozenset({"webp"}), (b"WEBP",), 8),
    Kind("audio/mpeg", frozenset({"mp3"}), (b"ID3", b"\xff\xfb", b"\xff\xf3", b"\xff\xf2")),
    Kind("audio/wav", frozenset({"wav"}), (b"WAVE",), 8),
    Kind("audio/amr", frozenset({"amr"}), (b"#!AMR",)),
    Kind("video/mp4", frozenset({"mp4", "m4a", "mov"}), (b"ftyp",), 4),
    Kind("application/x-ole-storage", frozenset({"doc", "xls", "ppt", "msg"}), (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",)),
    Kind("application/zip", frozenset({"docx", "xlsx", "pptx", "zip"}), (b"PK\x03\x04",)),
)
_OFFICE = {
    "docx": ("word/", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    "xlsx": ("xl/", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    "pptx": ("ppt/", "application/vnd.openxmlformats-officedocument.presentationml.presentation"),
}
ACCEPTED = sorted({extension for kind in KINDS for extension in kind.extensions} | TEXT)


def media_type(name: str, content: bytes) -> str | None:
    """What the content is, or None when it is nothing we take or its name says something else."""
    extension = name.rpartition(".")[2].lower()
    for kind in KINDS:
        if any(content.startswith(start, kind.at) for start in kind.starts):
            if extension not in kind.extensions:
                return None
            return _archive(extension, content) if kind.media_type == "application/zip" else kind.media_type
    return "text/plain" if extension in TEXT and _is_text(content) else None


def _archive(extension: str, content: bytes) -> str | None:
    """Office documents are archives with a known folder; only the list of names is read."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.namelist()
    except (zipfile.BadZipFile, struct.error, ValueError, NotImplementedError, OSError, EOFError):
        return None
    if extension == "zip":
        return "application/zip"
    folder, found = _OFFICE[extension]
    return found if any(member.startswith(folder) for member in members) else None


def _is_text(content: bytes) -> bool:
    if b"\x00" in content:
        return False
    for encoding in ("utf-8", "gb18030"):
        try:
            content.decode(encoding)
        except UnicodeDecodeError:
            continue
        return True
    return False
