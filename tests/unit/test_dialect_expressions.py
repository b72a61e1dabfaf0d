"""Foreign expressions, cron and scripts: what they become, what they mean, and what nobody may do with them."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from engine import evaluator
from engine.cron import is_cron, parse_cron
from engine.errors import ExpressionRefused
from engine.iso8601 import TimeRefused
from engine.spiff.dialects.rewriting import translate
from engine.spiff.dialects.scripts import python_of
from engine.spiff.dialects.times import literal
from tests.support.soon import ends_soon

SHANGHAI, BERLIN = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin")
DATA = {
    "items": [1, 2, 3], "nothing": [], "name": "Anna", "amount": 12, "order": {"lines": [{"price": 5}], "k": "v"},
    "text": "a", "ok": True,
}  # fmt: skip


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("${items.size() > 2}", True),
        ("${!nothing.isEmpty()}", False),
        ("${items.contains(2) && !items.contains(9)}", True),
        ("${name.equals('Anna') || name.equalsIgnoreCase(\"x\")}", True),
        ("#{name.toLowerCase().startsWith('an')}", True),
        ("${order.lines.get(0).price + 1}", 6),
        ("${order.get('k')}", "v"),
        ("${execution.getVariable('amount') * 2}", 24),
        ("${execution.getVariable('missing')}", None),
        ("${execution.hasVariable('missing')}", False),
        ("${variables.amount + variables['amount'] + variables.get('amount')}", 36),
        ("${vars:get(missing)}", None),
        ("${var:getOrDefault(missing, 3) + 1}", 4),
        ("${variables:greaterThan(amount, 5)}", True),
        ("${vars:containsAny(items, 8, 3)}", True),
        ("${S(order).prop('k').stringValue()}", "v"),
        ("${ok ? name.trim() : 'no'}", "Anna"),
        ("dear ${name.toUpperCase()}!", "dear ANNA!"),
        ("=string length(name) + count(items)", 7),
        ("=list contains(items, 2) and is defined(name)", True),
        ("=get or else(missing, 5)", 5),
        ('=upper case("x")', "X"),
        ("=modulo(amount, 5)", 2),
        ("${amount == 12L}", True),
        ('${KieFunctions.greaterThan(amount, "5") && !KieFunctions.isNull(name)}', True),
    ],
)
def test_means_the_same_in_our_language(written: str, value: object) -> None:
    assert evaluator.evaluate(translate(written), DATA) == value


@pytest.mark.parametrize(
    "written",
    [
        "${a > 1 and b.c[0] == 'x'}", "=x in [1..5]", "=if a then b else c", "${empty x}", "plain text", "=a.b.c",
        "=[1, 2]", '={"a": 1}', "${x == '}'}", "=working_days(2)", "${amount} of ${total}", "= service_level.judge",
    ],
)  # fmt: skip
def test_what_is_ours_already_stays_to_the_letter(written: str) -> None:
    assert translate(written) == written


@pytest.mark.parametrize(
    "written",
    [
        "${bean.find(x)}", "${''.getClass().forName('x')}", "${execution.setVariable('a', 1)}", "${x.getClass()}",
        "${items.stream().map(f)}", "=some x in y satisfies x", "${T(java.lang.Runtime).getRuntime().exec('id')}",
        "${execution.getVariable('__class__')}", "${items.size(1)}", "${'a'.concat(b).foo()}",
    ],
)  # fmt: skip
def test_what_has_no_counterpart_is_refused(written: str) -> None:
    with pytest.raises(ExpressionRefused):
        evaluator.compile_expression(translate(written))


@pytest.mark.parametrize(
    "written",
    [
        "${" + "(" * 1_900 + ")" * 1_900 + "}",
        "${" + "x.get(" * 600 + "1" + ")" * 600 + "}",
        "=" + "get or else(" * 60 + "x" + ", 1)" * 60,
        "${" + "vars:getOrDefault(x," * 100 + "1" + ")" * 100 + "}",
        "=" + "x in [[" * 500 + "1" + "]]" * 500,
        "=" + "x in [[" * 20 + "1" + "]]" * 20,
        "=" + "[" * 3_900,
        "${" + "a?b:" * 900 + "c}",
        "${" + "'" * 3_999 + "}",
        "=" + "- " * 1_900 + "1",
        "=" + "if a then " * 300 + "b" + " else c" * 300,
    ],
)
def test_hostile_expressions_are_answered_at_once(written: str) -> None:
    with ends_soon(), suppress(ExpressionRefused):
        evaluator.compile_expression(translate(written))


def test_scripts_that_only_set_variables() -> None:
    assert python_of('execution.setVariable("a", x + 1); // note') == "a = x + 1"
    assert python_of("kcontext.setVariable('a', b && !c);") == "a = b and not c"
    assert python_of('System.out.println("x"); console.log(y)') == ""
    assert python_of("a === 'x' || b.length > 2", "r") == "r = a == 'x' or len(b) > 2"
    assert python_of("sum = a + b", "sum") == "sum = a + b"
    for foreign in ("x = 1", "var x = 1", "call()", "if (a) { b }", "execution.setVariable(n, 1)", "for (;;) {}"):
        assert python_of(foreign) is None, foreign
    assert python_of("a ? b : c", "r") is None


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ('"PT1H"', "PT1H"), ('=duration("P1D")', "P1D"),
        ('=date and time("2026-05-01T10:00:00")', "2026-05-01T10:00:00"),
        ('=cycle(3, duration("PT1H"))', "R3/PT1H"), ('=cycle(duration("P1D"))', "R/P1D"), ("${'PT5M'}", "PT5M"),
        ('=@"PT2H"', "PT2H"), ("R3/PT1H", "R3/PT1H"), ("=x", "=x"), ("0 0 9 * * ?", "0 0 9 * * ?"),
    ],
)  # fmt: skip
def test_times_without_the_constructor_around_them(written: str, meant: str) -> None:
    assert literal(written) == meant


def local(text: str, zone: ZoneInfo) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


@pytest.mark.parametrize(
    ("cron", "after", "due"),
    [
        ("0 0 9 * * ?", "2026-03-02T08:00", "2026-03-02T09:00"),
        ("0 0 9 * * ?", "2026-03-02T09:00", "2026-03-03T09:00"),
        ("0 30 8 ? * MON-FRI", "2026-03-06T09:00", "2026-03-09T08:30"),
        ("0 30 8 ? * 2-6", "2026-03-06T09:00", "2026-03-09T08:30"),
        ("30 8 * * 1-5", "2026-03-06T09:00", "2026-03-09T08:30"),
        ("0 0/15 * * * ?", "2026-03-02T09:01", "2026-03-02T09:15"),
        ("0 0 0 29 2 ?", "2026-03-02T00:00", "2028-02-29T00:00"),
        ("0 0 12 1,15 * ? 2027", "2026-03-02T00:00", "2027-01-01T12:00"),
        ("0 0 0 1 JAN ?", "2026-01-01T00:00", "2027-01-01T00:00"),
        ("*/20 * * * * *", "2026-03-02T09:00:05", "2026-03-02T09:00:20"),
        ("0 0 22 * * FRI-MON", "2026-03-03T00:00", "2026-03-06T22:00"),
    ],
)
def test_cron_names_the_next_moment(cron: str, after: str, due: str) -> None:
    assert is_cron(cron)
    assert parse_cron(cron).after(local(after, SHANGHAI), SHANGHAI) == local(due, SHANGHAI)


def test_nine_o_clock_stays_nine_o_clock_over_summer_time() -> None:
    cron = parse_cron("0 0 9 * * ?")
    assert cron.after(local("2026-03-28T10:00", BERLIN), BERLIN) == local("2026-03-29T09:00", BERLIN)


@pytest.mark.parametrize(
    "text", ["0 0 25 * * ?", "a b c d e f", "0 0 9 L * ?", "0 0 9 * * MON#2", "* *", "0 0/0 9 * * ?"]
)
def test_other_crons_are_refused(text: str) -> None:
    with pytest.raises(TimeRefused):
        parse_cron(text)


def test_a_day_that_never_comes_is_found_out_quickly() -> None:
    with ends_soon(), pytest.raises(TimeRefused):
        parse_cron("0 0 0 31 2 ?").after(local("2026-01-01T00:00", SHANGHAI), SHANGHAI)
