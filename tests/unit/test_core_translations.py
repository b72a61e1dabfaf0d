"""Every text shown to people has its Chinese, said in one way only."""

from __future__ import annotations

import io
import re
from collections import defaultdict
from pathlib import Path

import pytest
from babel.messages.extract import extract
from babel.messages.pofile import read_po

from app.web import i18n

ROOT = Path(i18n.__file__).parents[1]
KEYWORDS = {
    "_": None,
    "gettext": None,
    "lazy_gettext": None,
    "_l": None,
    "ngettext": (1, 2),
    "lazy_ngettext": (1, 2),
}
LONE_PERCENT = re.compile(r"%(?!\(\w+\)[sd])")
PLACEHOLDER = re.compile(r"%\((\w+)\)[sd]")


def _shown() -> dict[str | tuple[str, ...], set[str]]:
    """Every message id of templates and Python, with the files that use it."""
    found: dict[str | tuple[str, ...], set[str]] = defaultdict(set)
    options = {"trim_blocks": "true", "lstrip_blocks": "true", "silent": "false"}
    for path in sorted(ROOT.rglob("*")):
        method = {".py": "python", ".html": "jinja2.ext:babel_extract", ".txt": "jinja2.ext:babel_extract"}.get(
            path.suffix
        )
        if method is None or "static" in path.parts:
            continue
        if path.suffix != ".py" and "templates" not in path.parts:
            continue
        with path.open("rb") as file:
            for _line, message, _comments, _context in extract(method, file, KEYWORDS, options=options):
                found[message if isinstance(message, str) else tuple(message)].add(str(path.relative_to(ROOT)))
    return found


def test_every_text_shown_has_a_chinese_translation() -> None:
    catalogue = i18n.merged_catalogue()
    missing = {}
    for message, files in _shown().items():
        entry = catalogue.get(message if isinstance(message, str) else message[0])
        if message and (entry is None or not entry.string):
            missing[message] = sorted(files)
    assert missing == {}


def test_no_text_is_translated_in_two_ways() -> None:
    said: dict[object, dict[object, str]] = defaultdict(dict)
    for fragment in i18n.fragments():
        for message in read_po(io.BytesIO(fragment.read_bytes()), locale="zh", charset="utf-8"):
            if message.id and message.string:
                said[message.id][message.string] = str(fragment)
    assert {key: ways for key, ways in said.items() if len(ways) > 1} == {}


@pytest.mark.parametrize("fragment", list(i18n.fragments()), ids=lambda path: str(path).rsplit("app/", 1)[-1])
def test_translations_keep_their_placeholders(fragment: Path) -> None:
    catalogue = read_po(io.BytesIO(fragment.read_bytes()), locale="zh", charset="utf-8")
    wrong = []
    for message in catalogue:
        if not message.id:
            continue
        ids = (message.id,) if isinstance(message.id, str) else message.id
        texts = (message.string,) if isinstance(message.string, str) else message.string
        wanted = set(PLACEHOLDER.findall(ids[-1]))
        wrong += [(message.id, text) for text in texts if set(PLACEHOLDER.findall(text)) != wanted]
    assert wrong == []


@pytest.mark.parametrize("fragment", list(i18n.fragments()), ids=lambda path: str(path).rsplit("app/", 1)[-1])
def test_a_percent_sign_is_written_twice(fragment: Path) -> None:
    """Templates fill in every text: a single one makes the page fail in one language."""
    catalogue = read_po(io.BytesIO(fragment.read_bytes()), locale="zh", charset="utf-8")
    texts = [text for message in catalogue for side in (message.id, message.string) for text in _forms(side)]
    assert [text for text in texts if LONE_PERCENT.search(text.replace("%%", ""))] == []


def _forms(side: str | tuple[str, ...] | list[str]) -> tuple[str, ...]:
    return (side,) if isinstance(side, str) else tuple(side)


def test_a_fragment_names_each_text_once() -> None:
    doubled = {}
    for fragment in i18n.fragments():
        ids = re.findall(r'^msgid (".*"(?:\n".*")*)', fragment.read_text("utf-8"), re.MULTILINE)
        if repeated := {text for text in ids if ids.count(text) > 1 and text != '""'}:
            doubled[str(fragment)] = repeated
    assert doubled == {}
