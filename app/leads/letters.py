"""The words of packs for prospects and of notices to salespeople and their managers."""

from __future__ import annotations

from app.leads.service import materials
from app.notifications import Letter, NoticeWording, add_letter, add_notice

UNREAD = "lead.unread"
MATERIAL = "lead.material"
POOLED = "lead.pooled"


def N_(msgid: str) -> str:
    """Mark an English text for translation when the notice is read."""
    return msgid


def add_wordings() -> None:
    """Make the templates of this slice known: every pack is a letter."""
    add_letter(*(Letter(pack.template, pack.subject, pack.body) for pack in materials.packs()))
    add_notice(
        NoticeWording(
            UNREAD,
            N_("%(owner)s has not read %(business_key)s yet: %(company)s"),
            "danger",
            "alert-triangle",
            kind="overdue",
        ),
        NoticeWording(MATERIAL, N_("Material for %(company)s: %(business_key)s"), "info", "mail"),
        NoticeWording(
            POOLED, N_("%(company)s went back to the pool, nobody was in touch: %(business_key)s"), "warning", "inbox"
        ),
    )
