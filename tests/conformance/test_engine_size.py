"""Long and wide processes: nothing is lost at depth, nothing grows with age, nothing costs more than it must."""

from __future__ import annotations

import pytest

from engine.limits import Limits
from tests.support.workflows import MODES, Play, user

START, END = '<startEvent id="s"/>\n', '<endEvent id="e"/>\n'
LOOP = (
    START
    + END
    + user("a")
    + '<exclusiveGateway id="m"/><exclusiveGateway id="x" default="d"/>'
    + '<sequenceFlow id="d" sourceRef="x" targetRef="e"/>\ns > m > a > x\nx > m if again == 1'
)


@pytest.mark.parametrize("mode", MODES)
def test_a_thousand_scripts_in_a_row_lose_nothing(mode: str) -> None:
    scripts = "".join(f'<scriptTask id="k{n}"><script>n = n + 1</script></scriptTask>' for n in range(1000))
    row = " > ".join(["s", *(f"k{n}" for n in range(1000)), "a"])
    play = Play(START + scripts + user("a") + "\n" + row, {"n": 0}, mode=mode)
    assert (play.tasks, play.variables) == (["a"], {"n": 1000})
    assert len(play.execution.dump()) < 400
    assert play.do("a").done


def test_a_thousand_loops_leave_the_state_as_small_as_one() -> None:
    play = Play(LOOP)
    sizes = set()
    for _ in range(1000):
        play.do("a", again=1)
        sizes.add(len(play.execution.dump()))
    assert len(sizes) == 1
    assert play.do("a", again=0).done
    assert play.passed("a") == 1001


@pytest.mark.parametrize("mode", MODES)
def test_twelve_parallel_blocks_in_a_row(mode: str) -> None:
    body, row = START + END, ["s"]
    for k in range(12):
        body += f'<parallelGateway id="f{k}"/><parallelGateway id="j{k}"/>' + "".join(user(f"{n}{k}") for n in "abc")
        row += [f"f{k}", f"a{k}", f"j{k}"]
    sides = "\n".join(f"f{k} > {n}{k} > j{k}" for k in range(12) for n in "bc")
    play = Play(body + "\n" + " > ".join([*row, "e"]) + "\n" + sides + "\n", mode=mode)
    for k in range(12):
        play.do(f"c{k}").do(f"a{k}").do(f"b{k}")
    assert play.done
    assert len(play.execution.dump()) < 200


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("sequential", ["true", "false"])
def test_a_thousand_items(mode: str, sequential: str) -> None:
    loop = f'<multiInstanceLoopCharacteristics isSequential="{sequential}" camunda:collection="items"/>'
    inner = f'<startEvent id="i"/><scriptTask id="k"><script>n = n + 1</script></scriptTask>{user("a")}'
    body = START + f'<subProcess id="sub">{loop}{inner}\ni > k > a\n</subProcess>' + user("z") + "\ns > sub > z"
    limits = Limits(multi_instance=1000, steps=20_000, seconds=30)
    values = {"items": list(range(1000)), "n": 0}
    if sequential == "true":
        values["items"] = list(range(100))
        play = Play(body, values, mode=mode, limits=limits)
        for _ in range(100):
            play.do("a")
        assert (play.tasks, play.variables["n"]) == (["z"], 100)
        return
    play = Play(body, values, mode=mode, limits=limits)
    assert (len(play.tasks), play.variables["n"]) == (1000, 1000)
    play.do("a", 999).do("a", 0)
    assert len(play.tasks) == 998
