"""The functions an expression may call, and the guards behind its operators.

Every function that makes a value larger tells the meter; every loop ticks it. The meter ends an evaluation that takes
too many steps, too much memory or too long.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from typing import Any

from engine.iso8601 import Duration, parse_duration
from engine.syntax import INTERNAL

MAX_STEPS = 20_000
MAX_SIZE = 1_000_000
MAX_SECONDS = 0.08
"""Of processor time: a busy machine must not make an honest expression fail."""
CLOCK_EVERY = 16
MAX_BITS = 512
MAX_WEIGHT = 200_000
"""Values inside the lists and dicts an evaluation compares, those that are shared counted each time."""

CONTEXT_FUNCTIONS = frozenset({"now", "today", "working_time", "working_days"})
"""Functions that need a clock or a calendar: given by whoever evaluates."""


class OutOfBounds(ValueError):
    """A limit was reached; the message says which."""


class Meter:
    """What one evaluation has used so far."""

    __slots__ = ("deadline", "size", "steps", "weight")

    def __init__(self) -> None:
        self.steps = 0
        self.size = 0
        self.weight = 0
        self.deadline = time.thread_time() + MAX_SECONDS

    def tick(self) -> None:
        """One turn of a loop."""
        self.steps += 1
        if self.steps > MAX_STEPS:
            raise OutOfBounds("too many steps")
        if not self.steps % CLOCK_EVERY and time.thread_time() > self.deadline:
            raise OutOfBounds("took too long")

    def weigh(self, value: Any) -> None:
        """Count what is inside a list or dict."""
        stack = [value]
        while stack:
            current = stack.pop()
            if isinstance(current, list | tuple):
                stack.extend(current)
                self.weight += len(current)
            elif isinstance(current, dict):
                stack.extend(current.values())
                self.weight += len(current)
            if self.weight > MAX_WEIGHT:
                raise OutOfBounds("too much to compare")

    def grow(self, size: int) -> None:
        """A new value of that length."""
        self.size += size
        if self.size > MAX_SIZE:
            raise OutOfBounds("too large")


_local = threading.local()


@contextmanager
def metered(meter: Meter) -> Iterator[None]:
    """Everything evaluated inside counts on ``meter``."""
    outer = getattr(_local, "meter", None)
    _local.meter = meter
    try:
        yield
    finally:
        _local.meter = outer


def _meter() -> Meter:
    meter = getattr(_local, "meter", None)
    if meter is None:
        meter = _local.meter = Meter()
    return meter


def weighed(value: Any) -> Any:
    """The value, once it is clear that comparing it ends soon."""
    if isinstance(value, list | tuple | dict):
        _meter().weigh(value)
    return value


def iterate(values: Iterable[Any]) -> Iterator[Any]:
    """The guarded loop of a comprehension."""
    if not isinstance(values, list | tuple | dict | str | range):
        raise TypeError(f"can't loop over {_type(values)}")
    meter = _meter()
    for value in values:
        meter.tick()
        yield value


def add(left: Any, right: Any) -> Any:
    """``left + right``: numbers, texts, lists, or a moment and a duration."""
    if isinstance(left, str | list | tuple) and isinstance(right, str | list | tuple):
        _meter().grow(len(left) + len(right))
    return left + right


def multiply(left: Any, right: Any) -> Any:
    """``left * right`` for numbers; texts and lists may be repeated within the size limit."""
    for many, times in ((left, right), (right, left)):
        if isinstance(many, str | list | tuple):
            if not isinstance(times, int):
                raise TypeError("can't multiply text")
            _meter().grow(len(many) * max(times, 0))
    if isinstance(left, int) and isinstance(right, int) and left.bit_length() + right.bit_length() > MAX_BITS:
        raise OutOfBounds("number too large")
    return left * right


def modulo(left: Any, right: Any) -> Any:
    """``left % right`` for numbers only: text formatting is no arithmetic."""
    if not isinstance(left, int | float) or not isinstance(right, int | float):
        raise TypeError("remainder of something that is no number")
    return left % right


def get_property(holder: Any, name: str) -> Any:
    """``holder.name``; only objects (dicts) have properties, null has none and stays null."""
    if holder is None:
        return None
    if isinstance(holder, dict):
        return holder[name]
    raise TypeError(f"{_type(holder)} has no property {name}")


def get_item(holder: Any, key: Any) -> Any:
    """``holder[key]`` of a dict, list or text."""
    if isinstance(holder, dict | list | tuple | str):
        return holder[key]
    raise TypeError(f"{_type(holder)} has no items")


def is_empty(value: Any) -> bool:
    """JUEL ``empty``: null, or a text, list or dict without content."""
    return value is None or (isinstance(value, str | list | tuple | dict) and len(value) == 0)


def is_in(value: Any, holder: Any) -> bool:
    """``value in holder``; null holds nothing; a plain value holds itself."""
    weighed(value), weighed(holder)
    if holder is None:
        return False
    if isinstance(holder, list | tuple | dict) or (isinstance(holder, str) and isinstance(value, str)):
        return value in holder
    return bool(value == holder)


def is_or_in(value: Any, wanted: Any) -> bool:
    """A cell of a decision table: the value itself, or one of a list."""
    weighed(value), weighed(wanted)
    return value in wanted if isinstance(wanted, list) else bool(value == wanted)


def concatenate(*pieces: Any) -> str:
    """Texts with expressions inside."""
    text = "".join(str(piece) for piece in pieces)
    _meter().grow(len(text))
    return text


def text_of(value: Any = "") -> str:
    """``str(value)`` of a plain value; null is the empty text."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str | int | float | date):
        raise TypeError(f"no text of {_type(value)}")
    text = str(value)
    _meter().grow(len(text))
    return text


def _ordered(test: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    def compare(left: Any, right: Any) -> bool:
        if left is None or right is None:
            return False
        return bool(test(weighed(left), weighed(right)))

    return compare


def _aggregate(function: Callable[[Any], Any]) -> Callable[..., Any]:
    def apply(*values: Any) -> Any:
        items = values[0] if len(values) == 1 and not isinstance(values[0], int | float | str) else values
        return function(weighed(items))

    return apply


def _sum(values: Iterable[Any]) -> Any:
    items = list(values)
    if not all(isinstance(item, int | float) for item in items):
        raise TypeError("sum of something that is no number")
    return sum(items)


def _number(value: Any) -> int | float:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise TypeError(f"no number: {_type(value)}")
    number = float(value)
    if math.isnan(number) or math.isinf(number):
        raise ValueError("no number")
    return int(number) if number.is_integer() and "." not in str(value) else number


def _integer(value: Any) -> int:
    if not isinstance(value, str | int | float):
        raise TypeError(f"no number: {_type(value)}")
    return int(value)


def _float(value: Any) -> float:
    return float(_number(value))


def _text_function(function: Callable[[str], str]) -> Callable[[Any], str]:
    def apply(value: Any) -> str:
        if not isinstance(value, str):
            raise TypeError(f"no text: {_type(value)}")
        _meter().grow(len(value))
        return function(value)

    return apply


def _round(value: Any, digits: Any = None) -> Any:
    if not isinstance(value, int | float):
        raise TypeError(f"no number: {_type(value)}")
    if digits is None:
        return round(value)
    if not isinstance(digits, int) or abs(digits) > 15:
        raise ValueError("round to at most 15 digits")
    return round(value, digits)


def _range(*bounds: Any) -> list[int]:
    numbers = range(*bounds)
    if len(numbers) > MAX_STEPS:
        raise OutOfBounds("range too long")
    return list(numbers)


def _starts_with(text: Any, beginning: Any) -> bool:
    return isinstance(text, str) and isinstance(beginning, str) and text.startswith(beginning)


def _ends_with(text: Any, ending: Any) -> bool:
    return isinstance(text, str) and isinstance(ending, str) and text.endswith(ending)


def _contains(holder: Any, value: Any) -> bool:
    return is_in(value, holder) if isinstance(holder, str | list | tuple | dict) else False


def to_date(value: Any, month: Any = None, day: Any = None) -> date:
    """``date("2026-05-01")``, ``date(2026, 5, 1)`` or the day of a moment."""
    if isinstance(value, int) and isinstance(month, int) and isinstance(day, int):
        return date(value, month, day)
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    if isinstance(value, str):
        return date.fromisoformat(value[:10])
    raise TypeError(f"no date: {_type(value)}")


def _days(count: Any) -> timedelta:
    return timedelta(days=_number(count))


def _hours(count: Any) -> timedelta:
    return timedelta(hours=_number(count))


def _days_between(first: Any, last: Any) -> int:
    """Whole days from the day ``first`` to the day ``last``; negative when ``last`` came before."""
    return (to_date(last) - to_date(first)).days


def _duration(text: Any) -> Duration:
    if not isinstance(text, str):
        raise TypeError(f"no duration: {_type(text)}")
    return parse_duration(text)


def _unavailable(name: str) -> Callable[..., Any]:
    def refuse(*_: Any) -> Any:
        raise ValueError(f"{name}() is not available here")

    return refuse


def _type(value: Any) -> str:
    return "null" if value is None else type(value).__name__


FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "len": len, "count": len, "min": _aggregate(min), "max": _aggregate(max), "sum": _aggregate(_sum), "abs": abs,
    "round": _round, "floor": math.floor, "ceiling": math.ceil, "lower": _text_function(str.lower),
    "upper": _text_function(str.upper), "trim": _text_function(str.strip), "contains": _contains,
    "starts_with": _starts_with, "ends_with": _ends_with, "date": to_date, "days": _days,
    "days_between": _days_between,
    "duration": _duration, "hours": _hours, "any": any,
    "all": all, "sorted": lambda values: sorted(weighed(values)), "str": text_of, "string": text_of, "int": _integer,
    "float": _float, "number": _number, "bool": bool, "list": lambda values=(): list(iterate(values)), "range": _range,
    "empty": is_empty,
}  # fmt: skip

RUNTIME: Mapping[str, Any] = {
    "__builtins__": {},
    **{INTERNAL + name: function for name, function in FUNCTIONS.items()},
    **{INTERNAL + name: _unavailable(name) for name in CONTEXT_FUNCTIONS},
    INTERNAL + "iterate": iterate,
    INTERNAL + "weighed": weighed,
    INTERNAL + "add": add,
    INTERNAL + "multiply": multiply,
    INTERNAL + "modulo": modulo,
    INTERNAL + "property": get_property,
    INTERNAL + "item": get_item,
    INTERNAL + "in": is_in,
    INTERNAL + "is_or_in": is_or_in,
    INTERNAL + "concatenate": concatenate,
    INTERNAL + "less": _ordered(lambda left, right: left < right),
    INTERNAL + "less_equal": _ordered(lambda left, right: left <= right),
    INTERNAL + "greater": _ordered(lambda left, right: left > right),
    INTERNAL + "greater_equal": _ordered(lambda left, right: left >= right),
}
