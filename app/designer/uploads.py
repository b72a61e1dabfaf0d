"""Files that a designer brings along: single ones or an archive, from any editor. All of it is hostile until read."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Iterator

from flask_babel import lazy_gettext as _l
from werkzeug.datastructures import FileStorage

from app.designer.names import NameRefused, deployed_name
from app.designer.service import MOST_BYTES, MOST_FILES
from app.errors import FieldErrors

WANTED = (".bpmn", ".dmn", ".json", ".xml")
CHUNK = 64 * 1024


def read(uploads: Iterable[FileStorage]) -> dict[str, bytes]:
    """The files by the names a deployment knows them by. Raises FieldErrors("files") with the reason."""
    found: dict[str, bytes] = {}
    total = 0
    for given, content in _all(uploads):
        total += len(content)
        if total > MOST_BYTES or len(found) >= MOST_FILES:
            raise _refused(_l("These are too many files, or too large ones."))
        try:
            name = deployed_name(given, content)
        except NameRefused:
            raise _refused(_l("%(name)s is not a name a file of a process can have.", name=given[:100])) from None
        if name in found:
            raise _refused(_l("%(name)s is among the files twice.", name=name))
        found[name] = content
    if not found:
        raise _refused(_l("There is no file of a process among them."))
    return found


def _all(uploads: Iterable[FileStorage]) -> Iterator[tuple[str, bytes]]:
    for upload in uploads:
        name = (upload.filename or "").strip()
        if not name:
            continue
        content = upload.stream.read(MOST_BYTES + 1)
        if name.lower().endswith(".zip"):
            yield from _unpacked(content)
        elif name.lower().endswith(WANTED):
            yield name, content
        else:
            raise _refused(_l("%(name)s is no BPMN, DMN, form, translation or ZIP file.", name=name[:100]))


def _unpacked(content: bytes) -> Iterator[tuple[str, bytes]]:
    """The files in an archive that could belong to a process. What comes out is counted, not what the archive says."""
    left = MOST_BYTES
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = [entry for entry in archive.infolist() if _belongs(entry)]
            if len(entries) > MOST_FILES:
                raise _refused(_l("These are too many files, or too large ones."))
            for entry in entries:
                unpacked = _limited(archive, entry, left)
                left -= len(unpacked)
                yield entry.filename, unpacked
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, EOFError, ValueError) as problem:
        raise _refused(_l("The ZIP file can't be read. Pack it again, without a password.")) from problem


def _belongs(entry: zipfile.ZipInfo) -> bool:
    hidden = any(part.startswith((".", "__MACOSX")) and part != ".." for part in entry.filename.split("/"))
    return not entry.is_dir() and not hidden and entry.filename.lower().endswith(WANTED)


def _limited(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, left: int) -> bytes:
    found = bytearray()
    with archive.open(entry) as stream:
        while chunk := stream.read(CHUNK):
            found += chunk
            if len(found) > left:
                raise _refused(_l("These are too many files, or too large ones."))
    return bytes(found)


def _refused(message: object) -> FieldErrors:
    return FieldErrors({"files": [message]})
