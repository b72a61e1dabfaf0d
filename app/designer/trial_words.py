"""What a test run says to the designer."""

from __future__ import annotations

from collections.abc import Iterable

from flask import flash
from flask_babel import gettext as _
from flask_babel import ngettext

import engine
from app.designer import wording
from app.errors import FieldErrors, NotAllowedHere, NotVisible
from app.sandbox import passing, service
from app.sandbox.passing import Stop
from app.sandbox.steps import MOST_STEPS, Doing, Step
from app.security import PERMISSIONS
from app.web.i18n import language
from app.web.wording import engine_words


def refusal(error: Exception) -> str:
    """Why a step was not done."""
    if isinstance(error, FieldErrors):
        return " ".join(str(message) for messages in error.errors.values() for message in messages)
    if isinstance(error, NotAllowedHere):
        found = PERMISSIONS.get(error.permission)
        return str(
            _("That person may not do this: %(permission)s", permission=found.title(language()) if found else "–")
        )
    if isinstance(error, NotVisible):
        return str(_("That person does not see this."))
    if isinstance(error, service.MovedOn):
        return str(_("Something was done in this test run meanwhile, in another window. Look at how it stands now."))
    if isinstance(error, service.Full):
        return str(_("That is too much for a test run: %(steps)s steps, and what fits into 24 MiB.", steps=MOST_STEPS))
    if isinstance(error, service.Broke):
        return str(
            _("The code that serves this process could not do it (%(kind)s): %(text)s", kind=error.kind, text=error)
        )
    if isinstance(error, engine.EngineError):
        words = engine_words(error)
        reason = error.facts.get("reason") or error.facts.get("expression") or ""
        return " ".join(filter(None, (words.title, words.message, str(reason)[:500])))
    return str(error)


def findings(found: Iterable[engine.Finding]) -> list[str]:
    """What stands in the way, with the file and element."""
    said = []
    for finding in found:
        place = " · ".join(filter(None, (finding.file, finding.element)))
        said.append(f"{place}: {' '.join(wording.words(finding))}" if place else " ".join(wording.words(finding)))
    return said


def say(stop: Stop, step: Step) -> None:
    """Why time stopped, where that is not what was asked for."""
    if stop is Stop.LIMIT:
        limits = {"jobs": passing.MOST_JOBS, "seconds": int(passing.MOST_SECONDS)}
        flash(
            _(
                "Stopped here: %(jobs)s jobs or %(seconds)s seconds are the most for one step. Go on from here.",
                **limits,
            ),
            "warning",
        )
    elif stop is Stop.QUIET and step.do is Doing.PASS:
        flash(_("Nothing more happens by itself: somebody has to act, or the process has ended."), "info")


def say_replayed(found: service.Replayed) -> None:
    """How far a scenario came."""
    if found.error is None:
        text = ngettext("%(num)d step was done again.", "%(num)d steps were done again.", found.done)
        flash(text, "success")
        return
    facts = {"done": found.done, "total": found.total, "reason": refusal(found.error)}
    flash(_("%(done)s of %(total)s steps were done again; then: %(reason)s", **facts), "warning")
