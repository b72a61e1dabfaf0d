"""Names of the files of a draft: those a deployment knows them by, and nothing that could be a path to elsewhere."""

from __future__ import annotations

import json
import re
from enum import StrEnum

LONGEST = 200
_PROCESS = re.compile(r"[^\W_][\w -]*(\.[\w-]+)*\.(bpmn|dmn)")
_TRANSLATION = re.compile(r"[A-Za-z_][\w-]*\.[a-z]{2}\.json", re.ASCII)
_FORM = re.compile(r"[a-z][a-z0-9_-]*(/[a-z][a-z0-9_-]*)+\.json")


class Kind(StrEnum):
    """What a file of a draft is."""

    BPMN = "bpmn"
    DMN = "dmn"
    FORM = "form"
    TRANSLATION = "translation"


class NameRefused(Exception):
    """The name, or the kind of file, is not one a deployment could have."""


def kind_of(name: str) -> Kind:
    """What the file called ``name`` is. Raises NameRefused for a name no file of a draft may have."""
    if len(name) <= LONGEST and name.isprintable():
        if _PROCESS.fullmatch(name):
            return Kind(name.rpartition(".")[2])
        if _TRANSLATION.fullmatch(name):
            return Kind.TRANSLATION
        if _FORM.fullmatch(name):
            return Kind.FORM
    raise NameRefused(name)


def deployed_name(given: str, content: bytes) -> str:
    """The name a file from outside gets: folders go, but a form is called after its key (``complaint/judge.json``).

    ``given`` may be a path inside an archive or whatever a browser sent. Raises NameRefused.
    """
    parts = [part for part in given.replace("\\", "/").split("/") if part]
    if not parts or any(part in (".", "..") for part in parts):
        raise NameRefused(given)
    name = parts[-1].strip()
    if name.endswith(".bpmn20.xml"):
        name = name.removesuffix("20.xml")
    elif name.endswith(".xml"):
        name = name.removesuffix("xml") + ("dmn" if b"/spec/DMN/" in content[:4_000] else "bpmn")
    elif name.endswith(".json") and not _TRANSLATION.fullmatch(name):
        name = f"{_form_key(content) or '/'.join(parts[-2:]).removesuffix('.json')}.json"
    kind_of(name)
    return name


def fitting_name(name: str, content: bytes, key: str) -> str:
    """``name`` as a draft can have it: programs may deploy files under any name. ``key`` is that of the process."""
    if _fits(name):
        return name
    try:
        return deployed_name(name, content)
    except NameRefused:
        suffix = "dmn" if b"/spec/DMN/" in content[:4_000] else "bpmn"
        return f"{re.sub(r'[^A-Za-z0-9_-]', '_', key) or 'process'}.{suffix}"


def _fits(name: str) -> bool:
    try:
        kind_of(name)
    except NameRefused:
        return False
    return True


def _form_key(content: bytes) -> str:
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        return ""
    key = found.get("key") if isinstance(found, dict) else None
    return key if isinstance(key, str) else ""
