"""Control flow as BPMN defines it: in memory, saved after every step, and with a freshly parsed program."""

from __future__ import annotations

import pytest

from engine.errors import ExecutionFailed, ExpressionFailed, LimitExceeded, TaskNotFound
from engine.limits import Limits
from tests.support.workflows import MODES, Play, user

pytestmark = pytest.mark.parametrize("mode", MODES)

START, END = '<startEvent id="s"/>\n', '<endEvent id="e"/>\n'


def gateway(kind: str, *ids: str, default: str = "") -> str:
    attribute = f' default="{default}"' if default else ""
    return "".join(f'<{kind}Gateway id="{name}"{attribute}/>' for name in ids) + "\n"


def test_one_task_after_another(mode: str) -> None:
    play = Play(START + END + user("a") + user("b") + "\ns > a > b > e", mode=mode)
    assert play.tasks == ["a"]
    assert play.do("a", x=1).tasks == ["b"]
    assert play.do("b", y=2).done
    assert play.variables == {"x": 1, "y": 2}
    assert play.trace == ["completed s", "entered a", "completed a", "entered b", "completed b", "completed e"]


def test_flows_without_ids_are_flows(mode: str) -> None:
    body = (
        START
        + END
        + user("a")
        + '<sequenceFlow sourceRef="s" targetRef="a"/><sequenceFlow sourceRef="a" targetRef="e"/>'
    )
    assert Play(body, mode=mode).do("a").done


def test_ids_may_be_the_executors_own_names(mode: str) -> None:
    body = '<startEvent id="Start"/><endEvent id="End"/>' + user("Root") + "\nStart > Root > End"
    assert Play(body, mode=mode).do("Root").done


def test_a_process_without_start_and_end_event(mode: str) -> None:
    play = Play(user("a") + user("b") + "\na > b", mode=mode)
    assert play.do("a").tasks == ["b"]
    assert play.do("b").done


@pytest.mark.parametrize(("x", "expected"), [(1, "a"), (5, "b"), (9, "c")])
def test_exclusive_choice_takes_the_first_that_holds(mode: str, x: int, expected: str) -> None:
    body = START + gateway("exclusive", "g", default="d") + user("a") + user("b") + user("c")
    body += '<sequenceFlow id="d" sourceRef="g" targetRef="c"/>\ns > g\ng > a if x == 1\ng > b if ${x &lt; 6}'
    assert Play(body, {"x": x}, mode=mode).tasks == [expected]


def test_no_condition_holds_and_no_default_is_an_error(mode: str) -> None:
    body = START + gateway("exclusive", "g") + user("a") + user("b") + "\ns > g\ng > a if x == 1\ng > b if x == 2"
    with pytest.raises(ExecutionFailed) as raised:
        Play(body, {"x": 3}, mode=mode)
    assert raised.value.facts["node_id"] == "g"


def test_unknown_variable_names_the_node(mode: str) -> None:
    body = START + gateway("exclusive", "g") + user("a") + user("b") + "\ns > g\ng > a if x == 1\ng > b if x == 2"
    with pytest.raises(ExpressionFailed) as raised:
        Play(body, mode=mode)
    assert raised.value.facts["node_id"] == "g"
    assert "x" in raised.value.facts["reason"]


PARALLEL = START + END + gateway("parallel", "f", "j") + user("a") + user("b") + user("c") + user("d")
PARALLEL += "\ns > f > a > j > d > e\nf > b > j\nf > c > j"


@pytest.mark.parametrize("order", ["abc", "acb", "bac", "bca", "cab", "cba"])
def test_parallel_branches_lose_nothing_in_any_order(mode: str, order: str) -> None:
    play = Play(PARALLEL, {"shared": 0}, mode=mode)
    assert play.tasks == ["a", "b", "c"]
    for name in order:
        assert "d" not in play.tasks
        play.do(name, **{name: name, "shared": name})
    assert play.tasks == ["d"]
    assert play.variables == {"a": "a", "b": "b", "c": "c", "shared": order[-1]}
    assert play.do("d").done
    assert play.passed("j") == 1


def test_what_one_branch_sets_the_other_does_not_undo(mode: str) -> None:
    play = Play(PARALLEL, {"kept": "before"}, mode=mode)
    play.do("a", kept="changed").do("b").do("c")
    assert play.variables["kept"] == "changed"


def test_parallel_join_in_a_loop_waits_in_every_round(mode: str) -> None:
    body = START + END + gateway("exclusive", "m", "x") + gateway("parallel", "f", "j") + user("a") + user("b")
    body += "\ns > m > f > a > j > x\nf > b > j\nx > m if again\nx > e if not again"
    play = Play(body, {"again": True}, mode=mode)
    play.do("a").do("b")
    play.do("b")
    assert play.tasks == ["a"], "the branch that came last in round one came first now"
    play.do("a", again=False)
    assert play.done
    assert play.passed("j") == 2


def test_nested_parallel_blocks_in_sequence_cost_nothing_extra(mode: str) -> None:
    lines, previous = [], "s"
    body = START + END
    for k in range(14):
        body += gateway("parallel", f"f{k}", f"j{k}") + user(f"a{k}") + user(f"b{k}")
        lines += [f"{previous} > f{k} > a{k} > j{k}", f"f{k} > b{k} > j{k}"]
        previous = f"j{k}"
    play = Play(body + "\n" + "\n".join([*lines, f"{previous} > e"]), mode=mode)
    for k in range(14):
        play.do(f"a{k}").do(f"b{k}")
    assert play.done


def test_a_join_that_can_never_complete_is_reported(mode: str) -> None:
    body = START + END + gateway("exclusive", "x") + gateway("parallel", "j") + user("a") + user("b")
    body += "\ns > x\nx > a if true\nx > b if false\na > j\nb > j\nj > e"
    play = Play(body, mode=mode)
    with pytest.raises(ExecutionFailed) as raised:
        play.do("a")
    assert raised.value.facts["node_id"] == "j"


INCLUSIVE = START + END + gateway("inclusive", "f", "j", default="") + user("a") + user("b") + user("c") + user("d")
INCLUSIVE += "\ns > f\nf > a if x &gt; 0\nf > b if x &gt; 1\nf > c if x &gt; 2\na > j > d > e\nb > j\nc > j"


@pytest.mark.parametrize("x", [1, 2, 3])
def test_inclusive_join_waits_for_exactly_what_was_started(mode: str, x: int) -> None:
    play = Play(INCLUSIVE, {"x": x}, mode=mode)
    started = list("abc"[:x])
    assert play.tasks == started
    for name in started:
        assert "d" not in play.tasks
        play.do(name)
    assert play.tasks == ["d"]
    assert play.do("d").done


def test_inclusive_join_in_a_loop(mode: str) -> None:
    body = START + END + gateway("exclusive", "m", "x") + gateway("inclusive", "f", "j") + user("a") + user("b")
    body += "\ns > m > f\nf > a if true\nf > b if both\na > j\nb > j\nj > x\nx > m if again\nx > e if not again"
    play = Play(body, {"both": True, "again": True}, mode=mode)
    play.do("b")
    assert play.tasks == ["a"]
    play.do("a", both=False)
    assert play.tasks == ["a"]
    assert play.do("a", again=False).done


def test_inclusive_join_does_not_wait_for_a_branch_that_has_left(mode: str) -> None:
    body = START + END + gateway("inclusive", "f", "j") + gateway("exclusive", "x") + user("a") + user("b") + user("c")
    body += '<endEvent id="away"/>\ns > f\nf > a if true\nf > b if true\na > j\nb > x'
    body += "\nx > j if stay\nx > away if not stay\nj > c > e"
    play = Play(body, mode=mode)
    play.do("a")
    assert play.tasks == ["b"]
    assert play.do("b", stay=False).tasks == ["c"]


def test_two_flows_out_of_a_task_are_a_split(mode: str) -> None:
    body = START + user("a") + user("b") + user("c") + "\ns > a > b\na > c"
    assert Play(body, mode=mode).do("a").tasks == ["b", "c"]


def test_conditional_flow_out_of_a_task(mode: str) -> None:
    body = START + user("a").replace("<userTask", '<userTask default="d"') + user("b") + user("c")
    body += '<sequenceFlow id="d" sourceRef="a" targetRef="c"/>\ns > a\na > b if yes'
    assert Play(body, mode=mode).do("a", yes=True).tasks == ["b"]
    assert Play(body, mode=mode).do("a", yes=False).tasks == ["c"]


def test_two_tokens_meet_without_join_and_both_go_on(mode: str) -> None:
    body = START + gateway("parallel", "f") + gateway("exclusive", "m") + user("a") + "\ns > f\nf > m > a\nf > m"
    play = Play(body, mode=mode)
    assert play.tasks == ["a", "a"]
    assert play.do("a").do("a").done


def test_links_jump_inside_a_scope(mode: str) -> None:
    throw = '<intermediateThrowEvent id="{0}"><linkEventDefinition name="L"/></intermediateThrowEvent>'
    body = START + END + user("a") + throw.format("t1") + throw.format("t2") + gateway("exclusive", "x") + user("b")
    body += '<intermediateCatchEvent id="c"><linkEventDefinition name="L"/></intermediateCatchEvent>'
    body += "\ns > x\nx > a if y\nx > t2 if not y\na > t1\nc > b > e"
    assert Play(body, {"y": True}, mode=mode).do("a").tasks == ["b"]
    assert Play(body, {"y": False}, mode=mode).do("b").done


def test_terminate_ends_everything_in_its_scope(mode: str) -> None:
    body = START + gateway("parallel", "f") + user("a") + user("b") + user("c")
    body += '<endEvent id="t"><terminateEventDefinition/></endEvent>\ns > f > a > t\nf > b > c'
    play = Play(body, mode=mode).do("a")
    assert play.done
    assert play.cancelled("b") == 1


def test_terminate_in_a_sub_process_ends_only_that(mode: str) -> None:
    inner = '<startEvent id="i"/>' + gateway("parallel", "f") + user("a") + user("b")
    inner += '<endEvent id="t"><terminateEventDefinition/></endEvent>\ni > f > a > t\nf > b\n'
    body = START + END + f'<subProcess id="sub">{inner}</subProcess>' + user("c") + "\ns > sub > c > e"
    play = Play(body, mode=mode).do("a")
    assert play.tasks == ["c"]
    assert play.do("c").done


def test_variables_of_a_sub_process_are_visible_after_it(mode: str) -> None:
    inner = '<startEvent id="i"/>' + user("a") + '<scriptTask id="k"><script>total = amount * 2</script></scriptTask>'
    body = START + END + f'<subProcess id="sub">{inner}\ni > a > k\n</subProcess>' + user("c") + "\ns > sub > c > e"
    play = Play(body, mode=mode).do("a", amount=4)
    assert play.variables == {"amount": 4, "total": 8}
    assert play.passed("sub") == 1


def test_sub_processes_nest(mode: str) -> None:
    body = user("a")
    for depth in range(8):
        body = f'<startEvent id="s{depth}"/><subProcess id="sub{depth}">{body}</subProcess>\ns{depth} > sub{depth}\n'
    play = Play(body, mode=mode)
    assert play.do("a", x=1).done
    assert play.variables == {"x": 1}


def test_a_hundred_script_rounds_leave_a_small_state(mode: str) -> None:
    body = START + END + gateway("exclusive", "m", "x") + user("a")
    body += '<scriptTask id="k"><script>n += 1</script></scriptTask>'
    body += "\ns > m > k > x\nx > m if n &lt; 1000\nx > a if n == 1000\na > e"
    play = Play(body, {"n": 0}, mode=mode)
    assert play.tasks == ["a"]
    assert play.variables["n"] == 1000
    assert len(play.execution.dump()) < 400


def test_endless_work_hits_the_limit(mode: str) -> None:
    body = START + gateway("exclusive", "m") + '<scriptTask id="k"><script>n += 1</script></scriptTask>\ns > m > k > m'
    with pytest.raises(LimitExceeded):
        Play(body, {"n": 0}, mode=mode, limits=Limits(steps=500))


def test_a_task_is_completed_once(mode: str) -> None:
    play = Play(START + user("a") + user("b") + "\ns > a > b", mode=mode)
    task = play.waiting.tasks[0].task_id
    play.do("a")
    with pytest.raises(TaskNotFound):
        play.resume().complete(task, {})


def test_cancel_ends_everything(mode: str) -> None:
    play = Play(PARALLEL, mode=mode)
    execution = play.resume()
    execution.cancel()
    assert execution.completed
    assert {step.node_id for step in execution.steps if step.kind == "cancelled"} == {"a", "b", "c"}
    assert not execution.waiting().tasks


@pytest.mark.parametrize("element", [user("g"), gateway("exclusive", "g"), gateway("inclusive", "g")])
def test_a_token_that_may_take_no_flow_is_an_incident(mode: str, element: str) -> None:
    play = Play(START + user("a") + element + user("b") + "\ns > a > g\ng > b if x == 1", mode=mode)
    with pytest.raises(ExecutionFailed) as raised:
        play.do("a", x=2)
        play.do("g")
    assert raised.value.facts["node_id"] == "g"
