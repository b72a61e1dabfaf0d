"""How moments, dates, amounts and spans look: in the reader's language and the business time zone."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from flask import Flask
from flask_babel import format_currency, format_date, format_datetime, format_decimal, gettext, ngettext

from app.web.i18n import language

if TYPE_CHECKING:
    from config import Settings

TIME = {"zh": "yyyy-MM-dd HH:mm", "en": "d MMM yyyy, HH:mm"}
FULL_TIME = {"zh": "yyyy年M月d日 EEEE HH:mm:ss zzzz", "en": "EEEE, d MMMM yyyy, HH:mm:ss zzzz"}
DATE = {"zh": "yyyy-MM-dd", "en": "d MMM yyyy"}
HOUR, MINUTE, DAY = 3600, 60, 86_400


def install(app: Flask, _settings: Settings) -> None:
    """Give templates the filters."""
    app.jinja_env.filters.update(
        localtime=localtime,
        fulltime=fulltime,
        localdate=localdate,
        money=money,
        number=number,
        working_hours=working_hours,
        duration=duration,
        filesize=filesize,
    )


def localtime(value: datetime | None) -> str:
    """Date and minute in the business time zone; empty for None."""
    return format_datetime(value, TIME[language()]) if value else ""


def fulltime(value: datetime | None) -> str:
    """The same with weekday, seconds and zone, for tooltips."""
    return format_datetime(value, FULL_TIME[language()]) if value else ""


def localdate(value: date | datetime | None) -> str:
    """A day; of a moment, the day it is in the business time zone."""
    return format_date(value, DATE[language()]) if value else ""


def money(value: Decimal | float | int | None, currency: str = "CNY") -> str:
    """An amount with its currency sign; empty for None."""
    return "" if value is None else format_currency(value, currency)


def number(value: Decimal | float | int | None) -> str:
    """A number with grouping; empty for None."""
    return "" if value is None else format_decimal(value)


def working_hours(hours: float | None) -> str:
    """``2 working hours``; minutes below one hour."""
    if hours is None:
        return ""
    if 0 < hours < 1:
        minutes = round(hours * 60)
        return str(ngettext("%(num)d working minute", "%(num)d working minutes", minutes))
    shown = format_decimal(round(hours, 1))
    return str(ngettext("%(shown)s working hour", "%(shown)s working hours", 1 if hours == 1 else 2, shown=shown))


def duration(value: timedelta | float | None) -> str:
    """A span as its two largest units: ``3 d 4 h``, ``25 min``. Seconds or a timedelta; the sign is dropped."""
    if value is None:
        return ""
    seconds = int(abs(value.total_seconds() if isinstance(value, timedelta) else value))
    days, rest = divmod(seconds, DAY)
    hours, rest = divmod(rest, HOUR)
    minutes = rest // MINUTE
    parts = [
        gettext("%(count)d d", count=days) if days else "",
        gettext("%(count)d h", count=hours) if hours else "",
        gettext("%(count)d min", count=minutes) if minutes and not days else "",
    ]
    separator = "" if language() == "zh" else " "
    return separator.join(part for part in parts if part) or gettext("less than a minute")


def filesize(size: int | None) -> str:
    """``1.4 MB``; empty for None."""
    if size is None:
        return ""
    units = ("B", "KB", "MB", "GB")
    step = 0
    amount = float(size)
    while amount >= 1024 and step < len(units) - 1:
        amount, step = amount / 1024, step + 1
    return f"{format_decimal(round(amount, 1 if step else 0))} {units[step]}"
