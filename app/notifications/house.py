"""What this installation's settings say about sending: mail server, sender, addresses, and what may be reached."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from itsdangerous import URLSafeSerializer
from sqlalchemy.orm import Session

import engine

if TYPE_CHECKING:
    from config import Settings


@dataclass(frozen=True, slots=True)
class House:
    """The part of the settings that sending needs."""

    base_url: str = ""
    smtp_url: str = ""
    mail_from: str = ""
    mail_domain: str = ""
    webhook_allow: tuple[str, ...] = ()
    secret_key: str = ""

    def refusal_link(self, address: str) -> str:
        """Where the owner of ``address``, and nobody else, says that no more advertising is wanted."""
        return self.address(f"/no-advertising/{self._signer().dumps(address)}")

    def refused_address(self, token: str) -> str | None:
        """The address a link of ours was made for; None for a link of somebody else."""
        genuine, address = self._signer().loads_unsafe(token)
        return str(address) if genuine else None

    def _signer(self) -> URLSafeSerializer:
        return URLSafeSerializer(self.secret_key, salt="no-advertising")

    def address(self, link: str) -> str:
        """The whole address of a page of ours."""
        return self.base_url + link if link.startswith("/") else ""


_HOUSES: WeakKeyDictionary[engine.HandlerRegistry, House] = WeakKeyDictionary()
"""By the handlers of an application: there may be several applications in one process."""


def move_in(handlers: engine.HandlerRegistry, settings: Settings) -> None:
    """Sessions that run with these handlers belong to this house."""
    _HOUSES[handlers] = House(
        base_url=settings.base_url,
        smtp_url=settings.smtp_url,
        mail_from=settings.mail_from,
        mail_domain=settings.mail_domain,
        webhook_allow=settings.webhook_allow,
        secret_key=settings.secret_key,
    )


def of(session: Session) -> House:
    """The house this session belongs to."""
    return _HOUSES.get(engine.runtime(session).handlers, House())
