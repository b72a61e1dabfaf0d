"""The words of letters to customers and of notices to employees about matters."""

from __future__ import annotations

from app.notifications import Letter, NoticeWording, add_letter, add_notice

REPLY = "matter.reply"
COPIED = "matter.copied"
SUPPLEMENT = "matter.supplement"


def N_(msgid: str) -> str:
    """Mark an English text for translation when the notice is read."""
    return msgid


def add_wordings() -> None:
    """Make the templates of this slice known."""
    add_letter(
        Letter(
            REPLY,
            {"zh": "关于您的来访 {number} 的答复", "en": "Our answer to your request {number}"},
            {
                "zh": "{contact}，您好：\n\n感谢您与我们联系。我们的答复如下：\n\n{reply}\n\n"
                "如需再次联系，请注明编号 {number}。",
                "en": "Dear {contact},\n\nthank you for getting in touch. This is our answer:\n\n{reply}\n\n"
                "If you write again, please name {number}.",
            },
        )
    )
    add_notice(
        NoticeWording(COPIED, N_("For your information, %(business_key)s: %(text)s"), "info", "copy"),
        NoticeWording(SUPPLEMENT, N_("The customer added something to %(business_key)s: %(text)s"), "info", "bell"),
    )
