"""The words of letters to customers and of notices to employees about complaints."""

from __future__ import annotations

from app.notifications import Letter, NoticeWording, add_letter, add_notice

ACKNOWLEDGEMENT = "complaint.acknowledgement"
NOT_VALID = "complaint.not_valid"
SUPPLEMENT = "complaint.supplement"
CLOSED = "complaint.closed"


def N_(msgid: str) -> str:
    """Mark an English text for translation when the notice is read."""
    return msgid


def add_wordings() -> None:
    """Make the templates of this slice known."""
    add_letter(
        Letter(
            ACKNOWLEDGEMENT,
            {"zh": "我们已收到您的投诉 {number}", "en": "We have received your complaint {number}"},
            {
                "zh": "{contact}，您好：\n\n我们已于 {received} 收到您的投诉，编号 {number}。"
                "我们会尽快处理并与您联系。给您带来不便，我们深表歉意。",
                "en": "Dear {contact},\n\nwe received your complaint on {received}. Its number is {number}. "
                "We are looking into it and will be in touch with you. We are sorry for the trouble.",
            },
        ),
        Letter(
            NOT_VALID,
            {"zh": "关于您的投诉 {number} 的答复", "en": "Our answer to your complaint {number}"},
            {
                "zh": "{contact}，您好：\n\n感谢您的反馈。经认真核实，我们的答复如下：\n\n{reply}\n\n{contest}",
                "en": "Dear {contact},\n\nthank you for telling us. After a careful check this is our answer:\n\n"
                "{reply}\n\n{contest_en}",
            },
        ),
    )
    add_notice(
        NoticeWording(SUPPLEMENT, N_("The customer added something to %(business_key)s: %(text)s"), "info", "bell"),
    )
