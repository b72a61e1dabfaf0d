"""Search that finds two Chinese characters in the middle of a word, with the same hits on SQLite and PostgreSQL.

A text becomes tokens: Chinese runs give every character and every pair of neighbours, other scripts give whole words,
all case-folded. Databases' own tokenisers cut Chinese wrongly or not at all. A query must match all its tokens;
words of other scripts match from their beginning.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from sqlalchemy import Index, Select, String, Text, bindparam, cast, column, delete, func, literal, select, table, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlalchemy.orm import Mapped, Session, mapped_column
from sqlalchemy.sql.elements import ColumnElement

from app.db.base import Base
from engine import BigKey

CJK = "\u2e80-\u2fdf\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
_RUN = re.compile(f"([{CJK}]+)|([^\\W_{CJK}]+)")
MAX_TEXT = 20_000
MAX_QUERY = 200
MAX_WORD = 64


class SearchEntry(Base):
    """What can be found: ``tokens`` of the thing ``ref`` of ``kind`` (``complaint``, ``customer``, ``task`` …)."""

    __tablename__ = "search_entry"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    kind: Mapped[str] = mapped_column(String(30))
    ref: Mapped[str] = mapped_column(String(100))
    tokens: Mapped[str] = mapped_column(Text)

    __table_args__ = (
        Index("uq_search_entry_kind_ref", "kind", "ref", unique=True),
        # SQLite's counterpart is the FTS5 table of app.db.ddl.
        Index(
            "ix_search_entry_tokens",
            text("array_to_tsvector(string_to_array(tokens, ' '))"),
            postgresql_using="gin",
        ).ddl_if(dialect="postgresql"),
    )


def _folded(value: str) -> str:
    """Compatibility forms made equal (full-width, case) and accents dropped."""
    decomposed = unicodedata.normalize("NFKD", value.casefold())
    return unicodedata.normalize("NFC", "".join(c for c in decomposed if not unicodedata.combining(c)))


def tokens_of(value: str) -> Iterator[str]:
    """Every token under which a text can be found."""
    for run in _RUN.finditer(_folded(value)):
        chinese, word = run.groups()
        if chinese:
            yield from chinese
            yield from (chinese[i : i + 2] for i in range(len(chinese) - 1))
        else:
            yield word[:MAX_WORD]


def query_tokens(query: str) -> tuple[tuple[str, bool], ...]:
    """Tokens that must all match; the flag says "matches from the beginning of a word"."""
    wanted: dict[tuple[str, bool], None] = {}
    for run in _RUN.finditer(_folded(query[:MAX_QUERY])):
        chinese, word = run.groups()
        if chinese and len(chinese) > 1:
            wanted |= {(chinese[i : i + 2], False): None for i in range(len(chinese) - 1)}
        elif chinese:
            wanted[chinese, False] = None
        else:
            wanted[word[:MAX_WORD], True] = None
    return tuple(wanted)


def index(session: Session, kind: str, ref: str, value: str) -> None:
    """Make ``ref`` of ``kind`` findable by ``value``, replacing what it was findable by before."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    tokens = " ".join(dict.fromkeys(tokens_of(value[:MAX_TEXT])))
    statement = insert(SearchEntry).values(kind=kind, ref=ref, tokens=tokens)
    session.execute(
        statement.on_conflict_do_update(index_elements=["kind", "ref"], set_={"tokens": statement.excluded.tokens})
    )


def remove(session: Session, kind: str, ref: str) -> None:
    """Make ``ref`` of ``kind`` unfindable."""
    session.execute(delete(SearchEntry).where(SearchEntry.kind == kind, SearchEntry.ref == ref))


def matching(kind: str, query: str, dialect: str) -> Select[str]:
    """The refs of ``kind`` that match every word of ``query``, for ``.in_()``; none if it has no word."""
    wanted = query_tokens(query)
    found = select(SearchEntry.ref).where(SearchEntry.kind == kind)
    if not wanted:
        return found.where(text("1 = 0"))
    return found.where(_postgresql(wanted) if dialect == "postgresql" else _sqlite(wanted))


def found_in(kind: str, query: str) -> Select[str]:
    """The same refs, to be asked of one ref at a time (index uq_search_entry_kind_ref): reads no list of all that
    match. The words are looked for in the text of the tokens, which is faster than making a document of it."""
    found = select(SearchEntry.ref).where(SearchEntry.kind == kind)
    padded = literal(" ") + SearchEntry.tokens + literal(" ")
    wanted = query_tokens(query)
    texts = (f" {token}" if prefix else f" {token} " for token, prefix in wanted)
    return found.where(*(padded.contains(text_) for text_ in texts)) if wanted else found.where(text("1 = 0"))


def _sqlite(wanted: tuple[tuple[str, bool], ...]) -> ColumnElement[bool]:
    expression = " ".join(f'"{token}"*' if prefix else f'"{token}"' for token, prefix in wanted)
    full_text = table("search_index", column("rowid"), column("search_index"))
    matches = full_text.c.search_index.op("MATCH", is_comparison=True)(bindparam(None, expression, unique=True))
    return SearchEntry.id.in_(select(full_text.c.rowid).where(matches))


def _postgresql(wanted: tuple[tuple[str, bool], ...]) -> ColumnElement[bool]:
    # Tokens are letters and digits only, so quoting them is safe.
    expression = " & ".join(f"'{token}':*" if prefix else f"'{token}'" for token, prefix in wanted)
    document = func.array_to_tsvector(func.string_to_array(SearchEntry.tokens, text("' '")))
    return document.op("@@", is_comparison=True)(cast(expression, TSQUERY))
