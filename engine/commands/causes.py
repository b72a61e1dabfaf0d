"""What incidents have in common: of one cause are those of one kind, process, node and message."""

from __future__ import annotations

import re
from hashlib import blake2b

LONGEST = 300
GAP = "…"
"""Stands for what differs from one instance to the next."""
_EMAIL = re.compile(r"[^\s'\"<>@]+@[\w.-]+")
_WITH_DIGITS = re.compile(r"[\w-]*\d[\w-]*", re.ASCII)
_QUOTED_WORD = re.compile(r"(['\"])[^'\"\s]*[^\x00-\x7f'\"\s…][^'\"\s]*\1")
_GAPS = re.compile(r"…(?:[.,:/+]…)+")


def template(message: str) -> str:
    """The first line of a message with gaps for numbers, ids, addresses and quoted words that are not ASCII.

    ``order CMP-2026-000017 of '上海申远' is 3.5 days late`` becomes ``order … of '…' is … days late``.
    """
    first = message.strip().partition("\n")[0][: 4 * LONGEST]
    text = _WITH_DIGITS.sub(GAP, _EMAIL.sub(GAP, first))
    return _GAPS.sub(GAP, _QUOTED_WORD.sub(rf"\1{GAP}\1", text))[:LONGEST]


def cause_of(kind: str, process_key: str | None, node_id: str | None, message: str) -> str:
    """A key that incidents with the same cause share: ``c`` and 30 hexadecimal digits, so never a number."""
    parts = "\0".join((kind, process_key or "", node_id or "", template(message)))
    return "c" + blake2b(parts.encode(), digest_size=15).hexdigest()
