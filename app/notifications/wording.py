"""The words of notices and of messages to customers. A slice adds its own templates when it registers.

Placeholders are ``%(name)s`` in notices (gettext) and ``{name}`` in letters; a missing fact shows as nothing, so an
old notice stays readable after its template has changed. Who is addressed in a letter and has no name is addressed as
"customer", in the letter's language.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from string import Formatter
from typing import Any

from app.web import i18n


def N_(msgid: str) -> str:
    """Mark an English text for translation when it is read."""
    return msgid


KINDS: Mapping[str, str] = {
    "reminder": N_("A task is due soon"),
    "overdue": N_("A task is overdue"),
    "task": N_("A task was given to me, taken away or cancelled"),
    "case": N_("News of a case I work on"),
}
"""What people choose by: how they want to hear of each kind of notice."""


@dataclass(frozen=True, slots=True)
class NoticeWording:
    """An in-page notice: ``text`` is the English msgid, ``tone`` one of info, warning, danger, success, ``kind`` one
    of :data:`KINDS`."""

    key: str
    text: str
    tone: str = "info"
    icon: str = "bell"
    kind: str = "case"


@dataclass(frozen=True, slots=True)
class Letter:
    """A message to a customer, in both languages: ``{"zh": …, "en": …}`` each."""

    key: str
    subject: Mapping[str, str]
    body: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class RenderedLetter:
    """Subject and body of a letter in one language."""

    subject: str
    body: str


_notices: dict[str, NoticeWording] = {}
_letters: dict[str, Letter] = {}
_UNKNOWN = NoticeWording("unknown", "%(text)s")


ADDRESSEES = frozenset({"contact", "name", "customer"})
SOMEBODY = {"zh": "尊敬的客户", "en": "Customer"}


class _Facts(dict[str, Any]):
    """Facts where a missing name, or one without a value, is an empty string; an addressee is never without a name."""

    def __init__(self, facts: Mapping[str, Any], language: str = "") -> None:
        super().__init__({name: value for name, value in facts.items() if value not in (None, "")})
        self._somebody = SOMEBODY.get(language, "")

    def __missing__(self, key: str) -> str:
        return self._somebody if key in ADDRESSEES else ""


class _PlainFormatter(Formatter):
    """``{name}`` only: no attribute or index access into facts, which customers' words may reach."""

    def get_field(self, field_name: str, args: Any, kwargs: Mapping[str, Any]) -> tuple[Any, str]:
        return kwargs[field_name] if field_name.isidentifier() else "", field_name


def add_notice(*wordings: NoticeWording) -> None:
    """Make notice templates known. Adding one again replaces it, so an app may be created twice."""
    _notices.update({wording.key: wording for wording in wordings})


def add_letter(*letters: Letter) -> None:
    """Make letter templates known. Adding one again replaces it."""
    _letters.update({letter.key: letter for letter in letters})


def notice_wording(key: str) -> NoticeWording:
    """The wording of a notice, or a neutral one when its template is gone."""
    return _notices.get(key, _UNKNOWN)


def notice_text(key: str, facts: Mapping[str, Any], language: str) -> str:
    """The sentence in ``language``, with or without a request."""
    return said(notice_wording(key).text, language) % _Facts(facts)  # not gettext(…, **facts): a fact may be missing


def said(msgid: str, language: str) -> str:
    """A text of ours in ``language``."""
    return i18n.chinese().gettext(msgid) if language == "zh" else msgid


def knows_notice(key: str) -> bool:
    """Whether a template of this name was added."""
    return key in _notices


def render_letter(key: str, facts: Mapping[str, Any], language: str) -> RenderedLetter:
    """The letter with its facts, as plain text. Raises ``KeyError`` for an unknown letter."""
    letter, formatter, values = _letters[key], _PlainFormatter(), _Facts(facts, language)
    return RenderedLetter(
        subject=formatter.vformat(letter.subject[language], (), values),
        body=formatter.vformat(letter.body[language], (), values),
    )
